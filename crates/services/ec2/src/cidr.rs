//! CIDR blocks as requests write them.

use crate::faults;
use aws_schema::Fault;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

fn not_a_block(parameter: &str, text: &str) -> Fault {
    faults::invalid_value(parameter, text, "This is not a valid CIDR block.")
}

/// Address and length. Numbers with leading zeros are refused: some tools read them as octal, and a rule must never mean
/// something else than its author thought.
fn parts<A: FromStr>(text: &str) -> Option<(A, u8)> {
    let (address, length) = text.split_once('/')?;
    let plain = length.bytes().all(|b| b.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    if !plain {
        return None;
    }
    Some((address.parse().ok()?, length.parse().ok()?))
}

/// An IPv4 block in canonical form: host bits are cleared, as AWS does.
///
/// # Errors
/// `InvalidParameterValue`.
pub(crate) fn v4(parameter: &str, text: &str) -> Result<Ipv4Net, Fault> {
    let net = parts(text).and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    net.map(|net| net.trunc()).ok_or_else(|| not_a_block(parameter, text))
}

/// An IPv6 block in canonical form.
///
/// # Errors
/// `InvalidParameterValue`.
pub(crate) fn v6(parameter: &str, text: &str) -> Result<Ipv6Net, Fault> {
    let net = parts(text).and_then(|(address, length)| Ipv6Net::new(address, length).ok());
    net.map(|net| net.trunc()).ok_or_else(|| not_a_block(parameter, text))
}

/// An IPv4 address.
///
/// # Errors
/// `InvalidParameterValue`.
pub(crate) fn address_v4(parameter: &str, text: &str) -> Result<Ipv4Addr, Fault> {
    text.parse().map_err(|_| faults::invalid_value(parameter, text, "Invalid IPv4 address"))
}

/// An IPv6 address.
///
/// # Errors
/// `InvalidParameterValue`.
pub(crate) fn address_v6(parameter: &str, text: &str) -> Result<Ipv6Addr, Fault> {
    text.parse().map_err(|_| faults::invalid_value(parameter, text, "Invalid IPv6 address"))
}

/// Whether two blocks share an address.
pub(crate) fn overlap(a: &Ipv4Net, b: &Ipv4Net) -> bool {
    a.contains(b) || b.contains(a)
}

/// Whether two IPv6 blocks share an address.
pub(crate) fn overlap_v6(a: &Ipv6Net, b: &Ipv6Net) -> bool {
    a.contains(b) || b.contains(a)
}

/// Every IPv4 address.
pub(crate) fn anywhere_v4() -> IpNet {
    IpNet::V4(Ipv4Net::default())
}

/// Every IPv6 address.
pub(crate) fn anywhere_v6() -> IpNet {
    IpNet::V6(Ipv6Net::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        assert_eq!(v4("p", "10.1.2.3/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(v4("p", "0.0.0.0/0").unwrap().to_string(), "0.0.0.0/0");
        assert_eq!(v6("p", "2001:DB8::1/32").unwrap().to_string(), "2001:db8::/32");
        for bad in [
            "",
            "/",
            "10.0.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "010.0.0.0/8",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0/8",
            " 10.0.0.0/8",
            "::/0",
        ] {
            assert_eq!(v4("cidrBlock", bad).unwrap_err().code, "InvalidParameterValue", "{bad}");
        }
        for bad in ["", "::", "::/129", "10.0.0.0/8", "::g/64", "fe80::1%eth0/64"] {
            assert_eq!(v6("p", bad).unwrap_err().code, "InvalidParameterValue", "{bad}");
        }
        let fault = v4("cidrBlock", "x").unwrap_err();
        assert_eq!(
            fault.message,
            "Value (x) for parameter cidrBlock is invalid. This is not a valid CIDR block."
        );
    }

    #[test]
    fn overlaps() {
        let net = |text: &str| v4("p", text).unwrap();
        assert!(
            overlap(&net("10.0.0.0/8"), &net("10.9.0.0/16"))
                && overlap(&net("10.9.0.0/16"), &net("10.0.0.0/8"))
        );
        assert!(!overlap(&net("10.0.0.0/16"), &net("10.1.0.0/16")));
    }
}
