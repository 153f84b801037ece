//! Addresses in host names: `ip-10-0-0-5`.

use std::net::Ipv4Addr;

/// The address in a label behind `prefix`; the label must be just what would be made for the address.
pub(super) fn parse(label: &[u8], prefix: &[u8]) -> Option<Ipv4Addr> {
    let mut parts = label.strip_prefix(prefix)?.split(|byte| *byte == b'-');
    let mut octets = [0u8; 4];
    for octet in &mut octets {
        *octet = number(parts.next()?)?;
    }
    parts.next().is_none().then_some(octets.into())
}

/// A decimal octet, written in the only usual way.
pub(super) fn number(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// The label for an address.
pub(super) fn label(prefix: &str, address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("{prefix}{a}-{b}-{c}-{d}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_addresses() {
        let address = Ipv4Addr::new(10, 0, 0, 5);
        assert_eq!(label("ip-", address), "ip-10-0-0-5");
        assert_eq!(parse(b"ip-10-0-0-5", b"ip-"), Some(address));
        for bad in [
            "ip-10-0-0",
            "ip-10-0-0-5-1",
            "ip-10-0-0-256",
            "ip-10-0-0-05",
            "ip-+1-0-0-5",
            "ip-",
            "ip-10--0-5",
        ] {
            assert_eq!(parse(bad.as_bytes(), b"ip-"), None, "{bad}");
        }
    }
}
