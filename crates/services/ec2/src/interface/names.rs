//! DNS names of addresses (AWS: "EC2 instance hostnames and domains", IP-based names).

use std::net::Ipv4Addr;

fn dashed(address: Ipv4Addr) -> String {
    address.to_string().replace('.', "-")
}

/// `ip-172-31-5-4`.
pub(crate) fn host(address: Ipv4Addr) -> String {
    format!("ip-{}", dashed(address))
}

/// `ip-172-31-5-4.ec2.internal` in us-east-1, `ip-….<region>.compute.internal` elsewhere.
pub(crate) fn private(region: &str, address: Ipv4Addr) -> String {
    match region {
        "us-east-1" => format!("{}.ec2.internal", host(address)),
        region => format!("{}.{region}.compute.internal", host(address)),
    }
}

/// `ec2-198-18-0-5.compute-1.amazonaws.com` in us-east-1, `ec2-….<region>.compute.amazonaws.com` elsewhere.
pub(crate) fn public(region: &str, address: Ipv4Addr) -> String {
    match region {
        "us-east-1" => format!("ec2-{}.compute-1.amazonaws.com", dashed(address)),
        region => format!("ec2-{}.{region}.compute.amazonaws.com", dashed(address)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_region() {
        let address = Ipv4Addr::new(172, 31, 5, 4);
        assert_eq!(private("us-east-1", address), "ip-172-31-5-4.ec2.internal");
        assert_eq!(private("eu-west-1", address), "ip-172-31-5-4.eu-west-1.compute.internal");
        assert_eq!(public("us-east-1", address), "ec2-172-31-5-4.compute-1.amazonaws.com");
        assert_eq!(public("eu-west-1", address), "ec2-172-31-5-4.eu-west-1.compute.amazonaws.com");
    }
}
