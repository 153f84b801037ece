//! Network ACLs.

use super::ports;
use network_plan as plan;
use records::{AclEntry, NetworkAcl};

/// An ACL; entries that can match nothing (a protocol that is no number) are left out.
pub(super) fn acl(acl: &NetworkAcl, number: u32) -> plan::NetworkAcl {
    let side = |egress: bool| {
        let mut entries: Vec<plan::AclEntry> =
            acl.entries.iter().filter(|e| e.egress == egress).filter_map(entry).collect();
        entries.sort_by_key(|entry| entry.number);
        entries
    };
    plan::NetworkAcl { id: acl.id.clone(), number, ingress: side(false), egress: side(true) }
}

fn entry(entry: &AclEntry) -> Option<plan::AclEntry> {
    Some(plan::AclEntry {
        number: u16::try_from(entry.number).ok()?,
        protocol: protocol(entry)?,
        cidr: entry.cidr,
        allow: entry.allow,
    })
}

fn protocol(entry: &AclEntry) -> Option<plan::Protocol> {
    let part = |value: i32| u8::try_from(value).ok();
    let (kind, code) = entry.icmp.map_or((None, None), |(kind, code)| (part(kind), part(code)));
    Some(match entry.protocol {
        -1 => plan::Protocol::All,
        6 => plan::Protocol::Tcp(ports(entry.ports)),
        17 => plan::Protocol::Udp(ports(entry.ports)),
        1 => plan::Protocol::Icmp { kind, code },
        58 => plan::Protocol::Icmpv6 { kind, code },
        number => plan::Protocol::Number(u8::try_from(number).ok()?),
    })
}
