//! Which blocks a VPC may have (AWS: "VPC CIDR blocks").

use crate::cidr::overlap;
use aws_schema::Fault;
use ipnet::Ipv4Net;
use std::net::Ipv4Addr;

/// Shortest and longest prefix of a VPC's or subnet's block.
pub(crate) const LENGTHS: std::ops::RangeInclusive<u8> = 16..=28;

/// A block by its first two numbers.
const fn net(a: u8, b: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, 0, 0), length)
}

/// The private ranges of RFC 1918, and the second half of the benchmarking range (RFC 2544), which AWS keeps for itself.
const TEN: Ipv4Net = net(10, 0, 8);
const ONE_SEVEN_TWO: Ipv4Net = net(172, 16, 12);
const ONE_NINE_TWO: Ipv4Net = net(192, 168, 16);
const BENCHMARK: Ipv4Net = net(198, 19, 16);
/// Never the address of a machine: this network, loopback, link-local, multicast and class E.
const UNUSABLE: [Ipv4Net; 5] =
    [net(0, 0, 8), net(127, 0, 8), net(169, 254, 16), net(224, 0, 4), net(240, 0, 4)];

/// `InvalidVpc.Range`.
pub(super) fn invalid_range(cidr: &Ipv4Net) -> Fault {
    Fault::sender("InvalidVpc.Range", format!("The CIDR '{cidr}' is invalid."))
}

/// Size and place of any block of a VPC.
pub(super) fn check_block(cidr: &Ipv4Net) -> Result<(), Fault> {
    if !LENGTHS.contains(&cidr.prefix_len()) || UNUSABLE.iter().any(|bad| overlap(bad, cidr)) {
        return Err(invalid_range(cidr));
    }
    Ok(())
}

/// A further block beside the primary one: it may not come from another private range than the primary.
pub(super) fn check_secondary(primary: &Ipv4Net, cidr: &Ipv4Net) -> Result<(), Fault> {
    check_block(cidr)?;
    let restricted: &[Ipv4Net] = if TEN.contains(primary) {
        &[ONE_SEVEN_TWO, ONE_NINE_TWO, BENCHMARK]
    } else if ONE_SEVEN_TWO.contains(primary) {
        &[TEN, ONE_NINE_TWO, BENCHMARK]
    } else if ONE_NINE_TWO.contains(primary) {
        &[TEN, ONE_SEVEN_TWO, BENCHMARK]
    } else if BENCHMARK.contains(primary) {
        &[TEN, ONE_SEVEN_TWO, ONE_NINE_TWO]
    } else {
        &[TEN, ONE_SEVEN_TWO, ONE_NINE_TWO, BENCHMARK]
    };
    if restricted.iter().any(|range| overlap(range, cidr)) {
        return Err(Fault::sender(
            "InvalidVpc.Range",
            format!(
                "The CIDR '{cidr}' is restricted. Use a CIDR from the same private address range as the current VPC \
                 CIDR, or use a publicly-routable CIDR. For additional restrictions, see \
                 https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Subnets.html"
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_places() {
        for good in ["10.0.0.0/16", "10.0.0.0/28", "172.31.0.0/16", "8.8.0.0/20", "100.64.0.0/16"] {
            assert!(check_block(&good.parse().unwrap()).is_ok(), "{good}");
        }
        for bad in [
            "10.0.0.0/15",
            "10.0.0.0/29",
            "224.0.0.0/16",
            "240.1.0.0/16",
            "127.0.0.0/16",
            "169.254.0.0/20",
            "0.1.0.0/16",
            "0.0.0.0/0",
        ] {
            assert_eq!(check_block(&bad.parse().unwrap()).unwrap_err().code, "InvalidVpc.Range", "{bad}");
        }
    }

    #[test]
    fn secondary_blocks_stay_in_their_range() {
        let check = |primary: &str, cidr: &str| {
            check_secondary(&primary.parse().unwrap(), &cidr.parse().unwrap()).is_ok()
        };
        assert!(check("10.0.0.0/16", "10.1.0.0/16"));
        assert!(check("10.0.0.0/16", "100.64.0.0/16"));
        assert!(!check("10.0.0.0/16", "192.168.0.0/16"));
        assert!(!check("172.31.0.0/16", "10.0.0.0/16"));
        assert!(!check("8.8.0.0/16", "10.0.0.0/16"));
        assert!(check("192.168.0.0/24", "192.168.1.0/24"));
    }
}
