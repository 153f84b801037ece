//! Addresses, blocks and port ranges as requests write them.
//!
//! Numbers with leading zeros are refused throughout: some tools read them as octal, and a rule must never mean
//! something else than its author thought.

use crate::faults;
use aws_schema::Fault;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr};

fn number(text: &str) -> Option<u16> {
    let plain = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

/// A CIDR block of either family with its host bits cleared, as EC2 does.
///
/// # Errors
/// `InvalidParameterValue`.
pub(crate) fn block(parameter: &str, text: &str) -> Result<IpNet, Fault> {
    let parsed = text.split_once('/').and_then(|(address, length)| {
        let length = u8::try_from(number(length)?).ok()?;
        IpNet::new(address.parse().ok()?, length).ok()
    });
    parsed
        .map(|net| net.trunc())
        .ok_or_else(|| faults::invalid_value(parameter, text, "This is not a valid CIDR block."))
}

/// A CIDR block, or a single address as a block of its own.
///
/// # Errors
/// `InvalidParameterValue`.
pub(crate) fn block_or_address(parameter: &str, text: &str) -> Result<IpNet, Fault> {
    match text.parse::<IpAddr>() {
        Ok(address) => Ok(IpNet::from(address)),
        Err(_) => block(parameter, text),
    }
}

/// An IPv4 address.
///
/// # Errors
/// `InvalidParameterValue`.
pub(crate) fn address_v4(parameter: &str, text: &str) -> Result<Ipv4Addr, Fault> {
    text.parse().map_err(|_| faults::invalid_value(parameter, text, "Invalid IPv4 address"))
}

/// One port, or two with a hyphen, the lower first.
///
/// # Errors
/// `InvalidParameterValue`.
pub(crate) fn ports(parameter: &str, text: &str) -> Result<(u16, u16), Fault> {
    let parsed = match text.split_once('-') {
        Some((from, to)) => number(from).zip(number(to)),
        None => number(text).map(|port| (port, port)),
    };
    parsed.filter(|(from, to)| from <= to).ok_or_else(|| {
        faults::invalid_value(parameter, text, "Expected a port, a range such as 1024-65535, or *.")
    })
}

/// Whether packets to this address can be for somebody behind a router: not for the sender itself, its link or many at
/// once (RFC 6890, special-purpose addresses).
pub(crate) fn is_routable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, ..] = v4.octets();
            first != 0 && first < 224 && !v4.is_loopback() && !v4.is_link_local()
        }
        IpAddr::V6(v6) => {
            let link_local = v6.segments()[0] & 0xffc0 == 0xfe80;
            !(v6.is_unspecified() || v6.is_loopback() || v6.is_multicast() || link_local)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        assert_eq!(block("c", "10.1.2.3/16").unwrap().to_string(), "10.1.0.0/16");
        assert_eq!(block("c", "2001:db8::1/32").unwrap().to_string(), "2001:db8::/32");
        assert_eq!(block_or_address("c", "10.1.2.3").unwrap().to_string(), "10.1.2.3/32");
        assert_eq!(block_or_address("c", "::1").unwrap().to_string(), "::1/128");
        for bad in
            ["", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "010.0.0.0/8", "::/129", "10.0.0.0/+8", "x/8"]
        {
            assert_eq!(block("c", bad).unwrap_err().code, "InvalidParameterValue", "{bad}");
        }
    }

    #[test]
    fn port_ranges() {
        assert_eq!(ports("p", "80").unwrap(), (80, 80));
        assert_eq!(ports("p", "0-65535").unwrap(), (0, 65535));
        for bad in ["", "-", "80-", "-80", "90-80", "65536", "1-65536", "080", "8 0", "+80", "80-90-100"] {
            assert_eq!(ports("p", bad).unwrap_err().code, "InvalidParameterValue", "{bad}");
        }
    }

    #[test]
    fn routable_addresses() {
        for good in ["1.2.3.4", "10.0.0.1", "223.255.255.255", "2001:db8::1"] {
            assert!(is_routable(good.parse().unwrap()), "{good}");
        }
        for bad in [
            "0.0.0.0",
            "127.0.0.1",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_routable(bad.parse().unwrap()), "{bad}");
        }
    }
}
