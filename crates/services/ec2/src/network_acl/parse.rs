//! An ACL entry as a request writes it (API reference, `CreateNetworkAclEntry`).

use crate::{cidr, faults};
use api_ec2::{CreateNetworkAclEntryRequest, IcmpTypeCode, PortRange};
use aws_schema::Fault;
use ipnet::IpNet;
use records::AclEntry;

const ICMP: i32 = 1;
const TCP: i32 = 6;
const UDP: i32 = 17;
const ICMPV6: i32 = 58;

/// Numbers a caller may give.
const NUMBERS: std::ops::RangeInclusive<i32> = 1..=32_766;

/// The number of an entry, in range.
///
/// # Errors
/// `MissingParameter`, `InvalidParameterValue`.
pub(super) fn number(given: Option<i32>) -> Result<i32, Fault> {
    let number = faults::required(given, "ruleNumber")?;
    if NUMBERS.contains(&number) {
        return Ok(number);
    }
    let why = "The rule number must be between 1 and 32766.";
    Err(faults::invalid_value("ruleNumber", &number.to_string(), why))
}

/// A protocol by number, or by the names the command line accepts.
fn protocol(text: &str) -> Result<i32, Fault> {
    let number = match text.to_ascii_lowercase().as_str() {
        "-1" | "all" => Some(-1),
        "tcp" => Some(TCP),
        "udp" => Some(UDP),
        "icmp" => Some(ICMP),
        "icmpv6" | "ipv6-icmp" => Some(ICMPV6),
        digits => digits.parse::<u8>().ok().map(i32::from),
    };
    number.ok_or_else(|| faults::invalid_value("protocol", text, "Unknown protocol."))
}

/// The block of exactly one family, in canonical form.
fn block(v4: Option<&str>, v6: Option<&str>) -> Result<IpNet, Fault> {
    match (v4, v6) {
        (Some(text), None) => Ok(IpNet::V4(cidr::v4("cidrBlock", text)?)),
        (None, Some(text)) => Ok(IpNet::V6(cidr::v6("ipv6CidrBlock", text)?)),
        (None, None) => Err(faults::missing_parameter("cidrBlock")),
        (Some(_), Some(_)) => Err(faults::invalid_combination(
            "The parameters cidrBlock and ipv6CidrBlock cannot be used together",
        )),
    }
}

/// Ports of TCP and UDP.
fn ports(range: Option<&PortRange>) -> Result<(u16, u16), Fault> {
    let range = faults::required(range, "portRange")?;
    let from = faults::required(range.from, "portRange.from")?;
    let to = faults::required(range.to, "portRange.to")?;
    match (u16::try_from(from), u16::try_from(to)) {
        (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
        _ => Err(faults::invalid_value("portRange", &format!("{from}-{to}"), "Invalid TCP/UDP port range.")),
    }
}

/// Type and code of ICMP; -1 stands for all of them.
fn icmp(given: Option<&IcmpTypeCode>) -> Result<(i32, i32), Fault> {
    let given = faults::required(given, "icmpTypeCode")?;
    let kind = faults::required(given.type_, "icmpTypeCode.type")?;
    let code = faults::required(given.code, "icmpTypeCode.code")?;
    if !(-1..=255).contains(&kind) {
        return Err(faults::invalid_value("icmpTypeCode.type", &kind.to_string(), "Invalid ICMP type."));
    }
    // A code belongs to a type: all types leave no choice of codes.
    if !(-1..=255).contains(&code) || (kind == -1 && code != -1) {
        return Err(faults::invalid_value("icmpTypeCode.code", &code.to_string(), "Invalid ICMP code."));
    }
    Ok((kind, code))
}

/// The entry of a request. Ports and types given for protocols that have none are passed over, as AWS documents.
///
/// # Errors
/// `MissingParameter`, `InvalidParameterValue`, `InvalidParameterCombination`.
pub(super) fn entry(input: &CreateNetworkAclEntryRequest) -> Result<AclEntry, Fault> {
    let number = number(input.rule_number)?;
    let protocol = protocol(faults::required(input.protocol.as_deref(), "protocol")?)?;
    let action = faults::required(input.rule_action.as_ref(), "ruleAction")?;
    let allow = match action.as_str() {
        "allow" => true,
        "deny" => false,
        other => return Err(faults::invalid_value("ruleAction", other, "")),
    };
    let egress = faults::required(input.egress, "egress")?;
    let cidr = block(input.cidr_block.as_deref(), input.ipv6_cidr_block.as_deref())?;
    let (ports, icmp) = match (protocol, cidr) {
        (TCP | UDP, _) => (Some(ports(input.port_range.as_ref())?), None),
        (ICMP, _) | (ICMPV6, IpNet::V6(_)) => (None, Some(icmp(input.icmp_type_code.as_ref())?)),
        // AWS: ICMPv6 with an IPv4 block means all types and codes, whatever is given.
        (ICMPV6, IpNet::V4(_)) => (None, Some((-1, -1))),
        _ => (None, None),
    };
    Ok(AclEntry { number, egress, protocol, ports, icmp, cidr, allow })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(
        protocol: &str,
        ports: Option<(i32, i32)>,
        icmp: Option<(i32, i32)>,
    ) -> CreateNetworkAclEntryRequest {
        CreateNetworkAclEntryRequest {
            rule_number: Some(7),
            protocol: Some(protocol.to_owned()),
            rule_action: Some("allow".into()),
            egress: Some(false),
            cidr_block: Some("100.68.0.18/18".to_owned()),
            port_range: ports.map(|(from, to)| PortRange { from: Some(from), to: Some(to) }),
            icmp_type_code: icmp.map(|(kind, code)| IcmpTypeCode { type_: Some(kind), code: Some(code) }),
            ..CreateNetworkAclEntryRequest::default()
        }
    }

    #[test]
    fn good_entries() {
        let all = entry(&request("-1", Some((70_000, 3)), Some((900, 900)))).unwrap();
        assert_eq!((all.protocol, all.ports, all.icmp), (-1, None, None));
        assert_eq!(all.cidr.to_string(), "100.68.0.0/18", "canonical form");
        assert_eq!(entry(&request("TCP", Some((0, 65_535)), None)).unwrap().ports, Some((0, 65_535)));
        assert_eq!(entry(&request("17", Some((53, 53)), None)).unwrap().protocol, 17);
        assert_eq!(entry(&request("icmp", None, Some((8, -1)))).unwrap().icmp, Some((8, -1)));
        assert_eq!(entry(&request("58", None, None)).unwrap().icmp, Some((-1, -1)), "IPv4 block");
        assert_eq!(entry(&request("50", None, None)).unwrap().protocol, 50);
        for edge in [1, 32_766] {
            assert_eq!(number(Some(edge)).unwrap(), edge);
        }
    }

    #[test]
    fn bad_entries() {
        for (protocol, ports, icmp, code) in [
            ("tcp", None, None, "MissingParameter"),
            ("tcp", Some((80, 79)), None, "InvalidParameterValue"),
            ("udp", Some((-1, 80)), None, "InvalidParameterValue"),
            ("6", Some((0, 65_536)), None, "InvalidParameterValue"),
            ("1", None, None, "MissingParameter"),
            ("1", None, Some((256, 0)), "InvalidParameterValue"),
            ("1", None, Some((-1, 0)), "InvalidParameterValue"),
            ("1", None, Some((3, -2)), "InvalidParameterValue"),
            ("256", None, None, "InvalidParameterValue"),
            ("-2", None, None, "InvalidParameterValue"),
            ("", None, None, "InvalidParameterValue"),
        ] {
            let fault = entry(&request(protocol, ports, icmp)).unwrap_err();
            assert_eq!(fault.code, code, "{protocol} {ports:?} {icmp:?}");
        }
        for bad in [0, -1, 32_767, 32_768, i32::MAX, i32::MIN] {
            assert_eq!(number(Some(bad)).unwrap_err().code, "InvalidParameterValue");
        }
        let v6 = CreateNetworkAclEntryRequest {
            cidr_block: None,
            ipv6_cidr_block: Some("2001:db8::1/32".to_owned()),
            ..request("58", None, None)
        };
        assert_eq!(entry(&v6).unwrap_err().code, "MissingParameter", "ICMPv6 needs its type");
        let both = CreateNetworkAclEntryRequest { cidr_block: Some("0.0.0.0/0".to_owned()), ..v6 };
        assert_eq!(entry(&both).unwrap_err().code, "InvalidParameterCombination");
    }
}
