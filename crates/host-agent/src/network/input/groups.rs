//! Security groups.

use super::From;
use crate::network::numbers::Numbers;
use network_plan as plan;
use records::{Peer, PrefixList, Rule, SecurityGroup};

/// The groups of the VPC.
pub(super) fn groups(from: From<'_>, numbers: &mut Numbers) -> Vec<plan::SecurityGroup> {
    let found = from.store.by_index::<SecurityGroup>(from.scope, "vpc", from.vpc_id);
    found.iter().map(|g| group(from, g, numbers.of(&space(from.vpc_id), &g.id))).collect()
}

/// The space of the numbers of a VPC's own groups and the foreign ones it names.
pub(super) fn space(vpc_id: &str) -> String {
    format!("group {vpc_id}")
}

fn group(from: From<'_>, group: &SecurityGroup, number: u32) -> plan::SecurityGroup {
    let side = |egress: bool| {
        group.rules.iter().filter(move |r| r.egress == egress).flat_map(|r| rules(from, r)).collect()
    };
    plan::SecurityGroup { id: group.id.clone(), number, ingress: side(false), egress: side(true) }
}

/// One rule of the plan per peer: a prefix list stands for each of its entries.
fn rules(from: From<'_>, rule: &Rule) -> Vec<plan::Rule> {
    let peers = match &rule.peer {
        Peer::Cidr(net) => vec![plan::Peer::Cidr(*net)],
        Peer::Group { id, .. } => vec![plan::Peer::Group(id.clone())],
        Peer::PrefixList(id) => {
            let list = from.store.get::<PrefixList>(from.scope, id);
            list.iter().flat_map(|l| &l.entries).map(|e| plan::Peer::Cidr(e.cidr)).collect()
        }
    };
    let Some(protocol) = protocol(rule) else { return Vec::new() };
    peers.into_iter().map(|peer| plan::Rule { id: rule.id.clone(), protocol, peer }).collect()
}

fn protocol(rule: &Rule) -> Option<plan::Protocol> {
    let ports = || {
        let port = |value: Option<i32>, absent: u16| {
            value.filter(|v| *v >= 0).map_or(Some(absent), |v| u16::try_from(v).ok())
        };
        Some(plan::Ports { from: port(rule.from, 0)?, to: port(rule.to, u16::MAX)? })
    };
    let icmp = |value: Option<i32>| value.and_then(|v| u8::try_from(v).ok());
    Some(match rule.protocol {
        -1 => plan::Protocol::All,
        6 => plan::Protocol::Tcp(ports()?),
        17 => plan::Protocol::Udp(ports()?),
        1 => plan::Protocol::Icmp { kind: icmp(rule.from), code: icmp(rule.to) },
        58 => plan::Protocol::Icmpv6 { kind: icmp(rule.from), code: icmp(rule.to) },
        number => plan::Protocol::Number(u8::try_from(number).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: i32, from: Option<i32>, to: Option<i32>) -> Rule {
        Rule {
            id: "sgr-1".into(),
            egress: false,
            protocol,
            from,
            to,
            peer: Peer::Cidr("10.0.0.0/8".parse().unwrap()),
            description: None,
        }
    }

    #[test]
    fn protocols() {
        let ports = |from, to| plan::Ports { from, to };
        for (given, expected) in [
            (rule(-1, None, None), plan::Protocol::All),
            (rule(6, Some(22), Some(22)), plan::Protocol::Tcp(ports(22, 22))),
            (rule(17, Some(-1), Some(-1)), plan::Protocol::Udp(ports(0, 65_535))),
            (rule(1, Some(8), Some(-1)), plan::Protocol::Icmp { kind: Some(8), code: None }),
            (rule(58, Some(-1), Some(-1)), plan::Protocol::Icmpv6 { kind: None, code: None }),
            (rule(50, None, None), plan::Protocol::Number(50)),
        ] {
            assert_eq!(protocol(&given), Some(expected));
        }
    }
}
