//! Which flows are tracked, and what becomes of those that are not when rules change.

use proptest::prelude::*;

use super::facts::vpc;
use super::interpreter::Machine;
use super::oracle::{Oracle, Side};
use super::packets::{ESTABLISHED, Probe, crossed, probe};
use super::routing::{End, send};
use crate::{Eni, EniKind, Peer, Ports, Protocol, Rule, UNTRACKED_IN, UNTRACKED_OUT, VpcInput, plan};

/// Nothing more, everything, or all of TCP but for one port.
fn more(kind: u8) -> Vec<Rule> {
    let protocol = match kind {
        0 => return Vec::new(),
        1 => Protocol::All,
        _ => Protocol::Tcp(Ports { from: 1, to: u16::MAX }),
    };
    let rule = |block: &str| Rule {
        id: format!("sgr-open-{block}"),
        protocol,
        peer: Peer::Cidr(block.parse().unwrap()),
    };
    vec![rule("0.0.0.0/0"), rule("::/0")]
}

/// Opens some groups to everybody, in one direction or both.
fn opened(mut input: VpcInput, open: &[(u8, u8)]) -> VpcInput {
    for (group, (ingress, egress)) in input.groups.iter_mut().zip(open) {
        group.ingress.extend(more(*ingress));
        group.egress.extend(more(*egress));
    }
    input
}

/// Whether rules for everybody let a port through: of a probe, or (`None`) every port.
fn lets_everybody(input: &VpcInput, eni: &Eni, probe: &Probe, ingress: bool, port: Option<u16>) -> bool {
    let groups = input.groups.iter().filter(|group| eni.groups.contains(&group.id));
    let rules = groups.flat_map(|group| if ingress { &group.ingress } else { &group.egress });
    let open = rules.filter(|rule| match &rule.peer {
        Peer::Cidr(net) => net.prefix_len() == 0 && net.network().is_ipv6() == probe.v6,
        Peer::Group(_) => false,
    });
    let ranges: Vec<(u16, u16)> = open
        .filter_map(|rule| match rule.protocol {
            Protocol::All => Some((0, u16::MAX)),
            Protocol::Tcp(ports) if probe.protocol == 6 => Some((ports.from, ports.to)),
            Protocol::Udp(ports) if probe.protocol == 17 => Some((ports.from, ports.to)),
            _ => None,
        })
        .collect();
    let lets = |port: u16| ranges.iter().any(|(low, high)| (*low..=*high).contains(&port));
    match port {
        Some(port) => lets(port),
        None => (0..=u16::MAX).all(lets),
    }
}

/// The bits that the first packet of a flow between two machines leaves.
fn expected(input: &VpcInput, probe: &Probe) -> u32 {
    let (from, to) = (&input.enis[probe.from], &input.enis[probe.to]);
    if !matches!(probe.protocol, 6 | 17) || to.kind == EniKind::NatGateway {
        return 0;
    }
    let untracked = |eni: &Eni, inward: bool| {
        eni.kind == EniKind::Machine
            && lets_everybody(input, eni, probe, inward, Some(probe.port))
            && lets_everybody(input, eni, probe, !inward, None)
    };
    let out = if untracked(from, false) { UNTRACKED_OUT } else { 0 };
    out | if untracked(to, true) { UNTRACKED_IN } else { 0 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn untracked_is_what_is_open_to_everybody_both_ways(
        input in vpc(),
        open in prop::collection::vec((0_u8..3, 0_u8..3), 4),
        closed in prop::collection::vec((any::<bool>(), any::<bool>()), 4),
        probes in prop::collection::vec(probe(), 30),
    ) {
        let input = opened(input, &open);
        let before = plan(&input).unwrap();
        // Some groups lose their rules.
        let mut later = input.clone();
        for (group, (ingress, egress)) in later.groups.iter_mut().zip(&closed) {
            if *ingress {
                group.ingress.clear();
            }
            if *egress {
                group.egress.clear();
            }
        }
        let after = plan(&later).unwrap();
        for probe in probes.iter().filter(|probe| probe.from < 6 && probe.to < 6 && probe.from != probe.to) {
            let mut packet = probe.packet(&input);
            let end = send(&Machine::new(&before), &mut packet);
            let straight = end == End::Left(crate::eni_index(input.enis[probe.to].number));
            if crossed(probe) || !straight {
                continue;
            }
            let bits = packet.connection.mark;
            prop_assert_eq!(bits, expected(&input, probe), "{:?}", probe);
            let mut next = probe.packet(&later);
            next.connection = packet.connection.clone();
            next.connection.state = ESTABLISHED;
            let oracle = Oracle { input: &later, header: probe.header(), new: false };
            let wanted = oracle.untracked(Side::Eni(&later.enis[probe.from]), bits);
            prop_assert_eq!(send(&Machine::new(&after), &mut next), wanted, "{:?} {}", probe, bits);
        }
    }
}
