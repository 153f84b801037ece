//! Host and DNS names (User Guide, "EC2 instance hostnames and domains").

use std::net::Ipv4Addr;

fn dashed(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("{a}-{b}-{c}-{d}")
}

/// Name of a machine inside: `ip-172-31-5-4`, or its id where resource names were asked for.
pub(crate) fn hostname(instance_id: &str, address: Ipv4Addr, hostname_type: Option<&str>) -> String {
    if hostname_type == Some("resource-name") {
        return instance_id.to_owned();
    }
    format!("ip-{}", dashed(address))
}

/// Domain of private names in a region.
pub(crate) fn private_domain(region: &str) -> String {
    if region == "us-east-1" { "ec2.internal".to_owned() } else { format!("{region}.compute.internal") }
}

/// Private DNS name of an address.
pub(crate) fn private_dns(address: Ipv4Addr, region: &str) -> String {
    format!("ip-{}.{}", dashed(address), private_domain(region))
}

/// Public DNS name of an address.
pub(crate) fn public_dns(address: Ipv4Addr, region: &str) -> String {
    if region == "us-east-1" {
        return format!("ec2-{}.compute-1.amazonaws.com", dashed(address));
    }
    format!("ec2-{}.{region}.compute.amazonaws.com", dashed(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_kinds_of_region() {
        let address = Ipv4Addr::new(172, 31, 5, 4);
        assert_eq!(private_dns(address, "us-east-1"), "ip-172-31-5-4.ec2.internal");
        assert_eq!(private_dns(address, "eu-west-1"), "ip-172-31-5-4.eu-west-1.compute.internal");
        assert_eq!(public_dns(address, "us-east-1"), "ec2-172-31-5-4.compute-1.amazonaws.com");
        assert_eq!(public_dns(address, "eu-west-1"), "ec2-172-31-5-4.eu-west-1.compute.amazonaws.com");
        assert_eq!(hostname("i-1", address, None), "ip-172-31-5-4");
        assert_eq!(hostname("i-1", address, Some("ip-name")), "ip-172-31-5-4");
        assert_eq!(hostname("i-1", address, Some("resource-name")), "i-1");
    }
}
