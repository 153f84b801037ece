//! Security-group rules as set elements.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::{Draft, Index};
use crate::regions::{Region, disjoint};
use crate::{Element, Key, Peer, Ports, Protocol, Rule, SetId, VpcInput};

const TCP: u128 = 6;
const UDP: u128 = 17;
const ICMP: u128 = 1;
const ICMPV6: u128 = 58;
/// The port field of a protocol whose ports are not looked at.
const ANY_PORT: (u128, u128) = (0, 0xffff);

/// The sets of one direction.
struct Sets {
    v4: SetId,
    v6: SetId,
    group: SetId,
}

const INGRESS: Sets = Sets { v4: SetId::Ingress4, v6: SetId::Ingress6, group: SetId::IngressGroup };
const EGRESS: Sets = Sets { v4: SetId::Egress4, v6: SetId::Egress6, group: SetId::EgressGroup };

/// Rules that share everything but their boxes.
#[derive(Default)]
struct Share<'a> {
    regions: Vec<Region>,
    rules: Vec<&'a str>,
}

impl<'a> Share<'a> {
    fn push(&mut self, region: Region, rule: &'a str) {
        self.regions.push(region);
        self.rules.push(rule);
    }
}

pub(super) fn compile(input: &VpcInput, index: &Index<'_>, draft: &mut Draft) {
    for group in &input.groups {
        compile_rules(group.number, &group.ingress, &INGRESS, index, draft);
        compile_rules(group.number, &group.egress, &EGRESS, index, draft);
    }
}

fn compile_rules(group: u32, rules: &[Rule], sets: &Sets, index: &Index<'_>, draft: &mut Draft) {
    let mut sorted: Vec<&Rule> = rules.iter().collect();
    // A prefix list's rule comes once per block, always under the same id.
    sorted.sort_unstable_by(|a, b| (&a.id, &a.peer, a.protocol).cmp(&(&b.id, &b.peer, b.protocol)));
    let (mut v4, mut v6) = (Share::default(), Share::default());
    let mut peers: BTreeMap<u32, Share<'_>> = BTreeMap::new();
    for rule in sorted {
        match &rule.peer {
            Peer::Cidr(net) => {
                let Some([protocol, port]) = protocol_box(rule.protocol, Some(*net)) else {
                    continue;
                };
                let share = if matches!(net, IpNet::V4(_)) { &mut v4 } else { &mut v6 };
                share.push([protocol, port, addresses(*net)], &rule.id);
            }
            Peer::Group(id) => {
                let peer = index.group_numbers.get(id.as_str());
                let found = peer.zip(protocol_box(rule.protocol, None));
                if let Some((peer, [protocol, port])) = found {
                    let share = peers.entry(*peer).or_default();
                    share.push([protocol, port, (0, 0)], &rule.id);
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

fn emit(share: &Share<'_>, set: SetId, draft: &mut Draft, key: impl Fn([u128; 3]) -> Key) {
    for (region, rule) in disjoint(&share.regions) {
        let element = Element::range(key(region.map(|side| side.0)), key(region.map(|side| side.1)));
        draft.plan.rule_elements.insert((set, element.key), share.rules[rule].to_owned());
        draft.element(set, element);
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
