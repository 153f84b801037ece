//! Security-group rules as set elements.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::{Draft, Index};
use crate::regions::{Region, disjoint};
use crate::{
    EXACT_PREFIXES_V4, EXACT_PREFIXES_V6, Element, Key, Peer, Ports, Protocol, Rule, SetId, VpcInput,
};

const TCP: u128 = 6;
const UDP: u128 = 17;
const ICMP: u128 = 1;
const ICMPV6: u128 = 58;
/// The port field of a protocol whose ports are not looked at.
const ANY_PORT: (u128, u128) = (0, 0xffff);

/// The sets of one direction.
struct Sets {
    exact4: SetId,
    exact6: SetId,
    exact_group: SetId,
    v4: SetId,
    v6: SetId,
    group: SetId,
}

const INGRESS: Sets = Sets {
    exact4: SetId::IngressExact4,
    exact6: SetId::IngressExact6,
    exact_group: SetId::IngressGroupExact,
    v4: SetId::Ingress4,
    v6: SetId::Ingress6,
    group: SetId::IngressGroup,
};
const EGRESS: Sets = Sets {
    exact4: SetId::EgressExact4,
    exact6: SetId::EgressExact6,
    exact_group: SetId::EgressGroupExact,
    v4: SetId::Egress4,
    v6: SetId::Egress6,
    group: SetId::EgressGroup,
};

pub(super) fn compile(input: &VpcInput, index: &Index<'_>, draft: &mut Draft) {
    for group in &input.groups {
        compile_rules(group.number, &group.ingress, &INGRESS, index, draft);
        compile_rules(group.number, &group.egress, &EGRESS, index, draft);
    }
}

fn compile_rules(group: u32, rules: &[Rule], sets: &Sets, index: &Index<'_>, draft: &mut Draft) {
    // How overlapping rules are cut depends on their order, which must not depend on the input's.
    let mut sorted: Vec<&Rule> = rules.iter().collect();
    sorted.sort_unstable_by(|a, b| (&a.id, &a.peer, a.protocol).cmp(&(&b.id, &b.peer, b.protocol)));
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    let mut peers: BTreeMap<u32, Vec<Region>> = BTreeMap::new();
    for rule in sorted {
        if let Some((set, key)) = exact_element(group, rule, sets, index) {
            draft.element(set, Element::of(key));
            continue;
        }
        match &rule.peer {
            Peer::Cidr(net) => {
                let Some([protocol, port]) = protocol_box(rule.protocol, Some(*net)) else {
                    continue;
                };
                let share = if matches!(net, IpNet::V4(_)) { &mut v4 } else { &mut v6 };
                share.push([protocol, port, addresses(*net)]);
            }
            Peer::Group(id) => {
                let peer = index.group_numbers.get(id.as_str());
                let found = peer.zip(protocol_box(rule.protocol, None));
                if let Some((peer, [protocol, port])) = found {
                    let share = peers.entry(*peer).or_default();
                    share.push([protocol, port, (0, 0)]);
                }
            }
        }
    }
    emit(&v4, sets.v4, draft, |[protocol, port, address]| {
        let address = u32::try_from(address).unwrap_or(u32::MAX);
        start(Key::new().native(group), protocol, port).address(address.to_be_bytes().into())
    });
    emit(&v6, sets.v6, draft, |[protocol, port, address]| {
        start(Key::new().native(group), protocol, port).address(address.to_be_bytes().into())
    });
    for (peer, share) in &peers {
        emit(share, sets.group, draft, |[protocol, port, _]| {
            start(Key::new().native(group).native(*peer), protocol, port)
        });
    }
}

/// A rule for one port as an element of an exact set, if its block has one of the sizes that are asked for. `None` also
/// for a stale reference, which stands for nobody.
fn exact_element(group: u32, rule: &Rule, sets: &Sets, index: &Index<'_>) -> Option<(SetId, Key)> {
    let (protocol, port) = match rule.protocol {
        Protocol::Tcp(ports) if ports.from == ports.to => (TCP, ports.from),
        Protocol::Udp(ports) if ports.from == ports.to => (UDP, ports.from),
        _ => return None,
    };
    let key = Key::new().native(group);
    match &rule.peer {
        Peer::Cidr(net) => {
            let (set, prefixes) = match net {
                IpNet::V4(_) => (sets.exact4, &EXACT_PREFIXES_V4[..]),
                IpNet::V6(_) => (sets.exact6, &EXACT_PREFIXES_V6[..]),
            };
            let prefix = net.prefix_len();
            let key = start(key, protocol, port.into()).address(net.network()).byte(prefix);
            prefixes.contains(&prefix).then_some((set, key))
        }
        Peer::Group(id) => {
            let peer = index.group_numbers.get(id.as_str())?;
            Some((sets.exact_group, start(key.native(*peer), protocol, port.into())))
        }
    }
}

fn emit(regions: &[Region], set: SetId, draft: &mut Draft, key: impl Fn([u128; 3]) -> Key) {
    for region in disjoint(regions) {
        let (low, high) = (key(region.map(|side| side.0)), key(region.map(|side| side.1)));
        draft.element(set, Element::range(low, high));
    }
}

fn start(key: Key, protocol: u128, port: u128) -> Key {
    key.byte(u8::try_from(protocol).unwrap_or(u8::MAX)).short(u16::try_from(port).unwrap_or(u16::MAX))
}

/// The protocols and ports (or ICMP type and code) of a rule. `None`: the rule
/// can match nothing, because it asks for the other family's ICMP.
fn protocol_box(protocol: Protocol, net: Option<IpNet>) -> Option<[(u128, u128); 2]> {
    let (number, port) = match protocol {
        Protocol::All => return Some([(0, 0xff), ANY_PORT]),
        Protocol::Tcp(ports) => (TCP, range(ports)),
        Protocol::Udp(ports) => (UDP, range(ports)),
        Protocol::Icmp { kind, code } => (ICMP, type_and_code(kind, code)),
        Protocol::Icmpv6 { kind, code } => (ICMPV6, type_and_code(kind, code)),
        Protocol::Number(number) => (number.into(), ANY_PORT),
    };
    let foreign = match net {
        Some(IpNet::V4(_)) => number == ICMPV6,
        Some(IpNet::V6(_)) => number == ICMP,
        None => false,
    };
    (!foreign).then_some([(number, number), port])
}

fn range(ports: Ports) -> (u128, u128) {
    (ports.from.into(), ports.to.into())
}

fn type_and_code(kind: Option<u8>, code: Option<u8>) -> (u128, u128) {
    match (kind.map(u128::from), code.map(u128::from)) {
        (None, _) => ANY_PORT,
        (Some(kind), None) => (kind << 8, kind << 8 | 0xff),
        (Some(kind), Some(code)) => (kind << 8 | code, kind << 8 | code),
    }
}

fn addresses(net: IpNet) -> (u128, u128) {
    match net {
        IpNet::V4(v4) => {
            let first = u32::from(v4.network());
            (first.into(), (first | u32::from(v4.hostmask())).into())
        }
        IpNet::V6(v6) => {
            let first = u128::from(v6.network());
            (first, first | u128::from(v6.hostmask()))
        }
    }
}
