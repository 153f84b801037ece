//! Protocols and port ranges of rules (AWS: `IpPermission`).

use crate::faults;
use aws_schema::Fault;

/// Every protocol; the others are IANA's numbers.
pub(super) const ALL: i32 = -1;
pub(super) const ICMP: i32 = 1;
pub(super) const TCP: i32 = 6;
pub(super) const UDP: i32 = 17;
pub(super) const ICMPV6: i32 = 58;

/// The number of a protocol given by name or number; -1 for all.
pub(super) fn parse(text: Option<&str>) -> Result<i32, Fault> {
    let Some(text) = text else {
        return Err(faults::invalid_parameter_value(
            "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.",
        ));
    };
    let number = match text.to_ascii_lowercase().as_str() {
        "tcp" => Some(TCP),
        "udp" => Some(UDP),
        "icmp" => Some(ICMP),
        "icmpv6" => Some(ICMPV6),
        "-1" | "all" => Some(ALL),
        number => number.parse::<u8>().ok().map(i32::from),
    };
    number.ok_or_else(|| {
        let shown: String = text.chars().take(100).collect();
        faults::invalid_parameter_value(format!("Invalid value '{shown}' for IP protocol. Unknown protocol."))
    })
}

/// The protocol as the API shows it: by name where it has one.
pub(super) fn name(protocol: i32) -> String {
    match protocol {
        TCP => "tcp".to_owned(),
        UDP => "udp".to_owned(),
        ICMP => "icmp".to_owned(),
        ICMPV6 => "icmpv6".to_owned(),
        other => other.to_string(),
    }
}

/// Ports, or ICMP type and code; `None` for protocols that have neither.
pub(super) fn range(
    protocol: i32,
    from: Option<i32>,
    to: Option<i32>,
) -> Result<(Option<i32>, Option<i32>), Fault> {
    let both = |what: &str| {
        faults::invalid_parameter_value(format!(
            "Invalid value 'Must specify both from and to ports with {what}.' for portRange."
        ))
    };
    match protocol {
        TCP | UDP => {
            let (Some(from), Some(to)) = (from, to) else { return Err(both("TCP/UDP")) };
            if !(0..=65535).contains(&from) || !(0..=65535).contains(&to) || from > to {
                return Err(faults::invalid_parameter_value(format!(
                    "Invalid TCP/UDP port range ({from}:{to})"
                )));
            }
            Ok((Some(from), Some(to)))
        }
        ICMP | ICMPV6 => {
            let (kind, code) = match (from, to) {
                (Some(kind), Some(code)) => (kind, code),
                (None, None) if protocol == ICMPV6 => (-1, -1),
                _ => return Err(both("ICMP")),
            };
            if !(-1..=255).contains(&kind) {
                return Err(faults::invalid_parameter_value(format!("Invalid ICMP type ({kind})")));
            }
            if !(-1..=255).contains(&code) || (kind == -1 && code != -1) {
                return Err(faults::invalid_parameter_value(format!("Invalid ICMP code ({code})")));
            }
            Ok((Some(kind), Some(code)))
        }
        // AWS: all ports, whatever range is given.
        _ => Ok((None, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        for (text, number) in [("tcp", 6), ("UDP", 17), ("icmp", 1), ("icmpv6", 58), ("-1", -1), ("50", 50)] {
            assert_eq!(parse(Some(text)).unwrap(), number);
        }
        for bad in [None, Some("sctpp"), Some("256"), Some("-2"), Some("")] {
            assert_eq!(parse(bad).unwrap_err().code, "InvalidParameterValue");
        }
        assert_eq!((name(6), name(-1), name(50)), ("tcp".into(), "-1".into(), "50".into()));
    }

    #[test]
    fn ranges() {
        assert_eq!(range(TCP, Some(0), Some(65535)).unwrap(), (Some(0), Some(65535)));
        assert_eq!(range(ALL, Some(5), Some(6)).unwrap(), (None, None));
        assert_eq!(range(50, None, None).unwrap(), (None, None));
        assert_eq!(range(ICMPV6, None, None).unwrap(), (Some(-1), Some(-1)));
        assert_eq!(range(ICMP, Some(8), Some(-1)).unwrap(), (Some(8), Some(-1)));
        for (protocol, from, to) in [
            (TCP, None, Some(1)),
            (TCP, Some(80), None),
            (UDP, Some(443), Some(80)),
            (TCP, Some(-1), Some(-1)),
            (TCP, Some(0), Some(65536)),
            (ICMP, None, None),
            (ICMP, Some(-1), Some(3)),
            (ICMP, Some(256), Some(0)),
            (ICMP, Some(3), Some(256)),
        ] {
            assert_eq!(range(protocol, from, to).unwrap_err().code, "InvalidParameterValue");
        }
    }
}
