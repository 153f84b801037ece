//! The explainer against itself and against a slow second opinion, on random networks.

use crate::naive;
use crate::random::{Dice, MACHINES, chaos, network, packet};
use crate::world::*;
use proptest::prelude::*;
use reachability::{
    Header, Index, Judgement, Outcome, Packet, Place, PortRange, Protocol, Query, State, Verdict, boundaries,
    header_space, render_svg, render_text,
};
use std::collections::{BTreeMap, BTreeSet};

/// The verdict without the details that legitimately vary inside one class: where it ends, not under which header.
fn class(judgement: &Judgement) -> String {
    match &judgement.verdict {
        Verdict::Delivered { at, .. } => format!("{at:?}"),
        Verdict::DeliveredToAppliance { interface, .. } => format!("appliance {interface}"),
        Verdict::Dropped => "dropped".to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Inside one VPC the filters alone decide, and a naive reading of them comes to the same refusals.
    #[test]
    fn filters_agree_with_a_naive_reading(seed: u64) {
        let mut w = network(seed);
        // Nothing but the VPC's own route: what is left are the filters.
        for table in &mut w.0.route_tables {
            table.routes.retain(|r| r.origin == reachability::topology::RouteOrigin::Local);
        }
        let index = Index::new(&w.0);
        let mut dice = Dice::new(!seed);
        for _ in 0..20 {
            let (from, to) = (dice.pick(&["a", "b", "c", "x"]), dice.pick(&["a", "b", "c", "x"]));
            let v6 = dice.one_in(4) && ["a", "b"].contains(&from) && ["a", "b"].contains(&to);
            let address = |id: &str| {
                let i = w.0.network_interfaces.iter().find(|i| *i.id == *id).unwrap();
                *i.addresses.iter().find(|a| a.is_ipv6() == v6).unwrap()
            };
            let header = Header { source: address(from), destination: address(to), protocol: dice.protocol(v6) };
            let packet = Packet::new(eni(from), header.source, header.destination, header.protocol);
            let judgement = index.judge(&packet);
            let refusing: Vec<String> =
                judgement.objections.iter().map(|s| naive::label(s.component.kind, s.direction, s.attached_to.as_ref())).collect();
            prop_assert_eq!(refusing, naive::refusals(&w.0, from, to, header), "{}", render_text(&judgement));
        }
    }

    /// Whatever the ids lead to, there is an answer, it is the same twice, and it can be drawn.
    #[test]
    fn no_network_makes_it_panic(seed: u64) {
        let topology = chaos(seed);
        let w = network(seed);
        let index = Index::new(&topology);
        let mut dice = Dice::new(!seed);
        for _ in 0..20 {
            let packet = packet(&mut dice, &w);
            let trip = index.round_trip(&packet);
            prop_assert_eq!(&trip, &index.round_trip(&packet));
            for judgement in trip.forward.iter().chain(&trip.back) {
                prop_assert!(!render_text(judgement).is_empty());
                prop_assert!(render_svg(judgement).ends_with("</svg>\n"));
            }
        }
    }

    /// A drop has exactly one deciding component, the first that objects; a delivery has no objection.
    #[test]
    fn the_deciding_component_is_the_first_that_objects(seed: u64) {
        let w = network(seed);
        let index = Index::new(&w.0);
        let mut dice = Dice::new(!seed);
        for _ in 0..20 {
            let judgement = index.judge(&packet(&mut dice, &w));
            let (last, before) = judgement.path.split_last().unwrap();
            prop_assert!(before.iter().all(|s| s.outcome == Outcome::Passed && s.code.is_none()));
            prop_assert_eq!(judgement.verdict.is_dropped(), last.outcome == Outcome::Refused);
            prop_assert_eq!(judgement.objections.first(), judgement.path.iter().find(|s| s.outcome == Outcome::Refused));
            prop_assert_eq!(judgement.verdict.is_dropped(), judgement.code().is_some());
            prop_assert!(judgement.path.iter().zip(1..).all(|(s, n)| s.sequence == n));
        }
    }

    /// The order in which things are listed means nothing.
    #[test]
    fn order_does_not_matter(seed: u64) {
        let w = network(seed);
        let mut turned = w.0.clone();
        turned.vpcs.reverse();
        turned.subnets.reverse();
        turned.route_tables.reverse();
        turned.network_interfaces.reverse();
        turned.security_groups.reverse();
        turned.security_groups.iter_mut().for_each(|g| g.rules.reverse());
        turned.network_acls.iter_mut().for_each(|a| a.entries.reverse());
        turned.nsgs.iter_mut().for_each(|n| n.rules.reverse());
        let (one, other) = (Index::new(&w.0), Index::new(&turned));
        let mut dice = Dice::new(!seed);
        for _ in 0..20 {
            let packet = packet(&mut dice, &w);
            let (one, other) = (one.judge(&packet), other.judge(&packet));
            prop_assert_eq!(one.verdict, other.verdict);
            prop_assert_eq!(one.flow, other.flow);
        }
    }

    /// After a flow is let through, taking every group rule away cuts exactly the flows that some interface does not
    /// track.
    #[test]
    fn tracking_is_what_outlives_the_rules(seed: u64) {
        let w = network(seed);
        let mut bare = w.0.clone();
        bare.security_groups.iter_mut().for_each(|g| g.rules.clear());
        let (index, bare) = (Index::new(&w.0), Index::new(&bare));
        let mut dice = Dice::new(!seed);
        for _ in 0..40 {
            let mut packet = packet(&mut dice, &w);
            let first = index.judge(&packet);
            if first.verdict.is_dropped() {
                continue;
            }
            packet.state = State::Established(Box::new(first.flow.clone()));
            let again = index.judge(&packet);
            prop_assert_eq!(&again.verdict, &first.verdict, "an unchanged network keeps the flow");
            let gates: BTreeSet<_> = first
                .path
                .iter()
                .filter(|s| s.component.kind == reachability::ComponentKind::SecurityGroup)
                .filter_map(|s| s.attached_to.as_ref().map(|a| a.id.clone()))
                .collect();
            let tracked = gates.iter().all(|g| first.flow.tracked_at.contains(g));
            prop_assert_eq!(!bare.judge(&packet).verdict.is_dropped(), tracked);
        }
    }

    /// Whatever arrives is found by a search that it lies in.
    #[test]
    fn a_search_misses_nothing(seed: u64) {
        let w = network(seed);
        let index = Index::new(&w.0);
        let mut dice = Dice::new(!seed);
        for _ in 0..40 {
            let packet = packet(&mut dice, &w);
            let Verdict::Delivered { at, as_seen } = index.judge(&packet).verdict else { continue };
            let mut query = Query::between(packet.at.clone(), at);
            query.protocol = Some(packet.header.protocol.number());
            if let Some((source, destination)) = packet.header.protocol.ports() {
                query.destination_ports = Some(PortRange::one(destination));
                if dice.one_in(2) {
                    query.source_ports = Some(PortRange::one(source));
                }
            }
            let one = |a| Some(reachability::AddressRange::one(a));
            // Addresses open, given where it starts, or given where it arrives.
            match dice.below(3) {
                0 => (query.source, query.destination) = (one(packet.header.source), one(packet.header.destination)),
                1 => (query.seen.source, query.seen.destination) = (one(as_seen.source), one(as_seen.destination)),
                _ => {}
            }
            // From outside, and under a source that is not its own, addresses have to be asked for.
            if packet.at == Place::Internet {
                query.destination = one(packet.header.destination);
            }
            if query.source.is_none() {
                query.source = one(packet.header.source);
            }
            prop_assert!(header_space(&w.0, &query).unwrap().witness.is_some(), "{} is missed", packet.header);
        }
    }

    /// A topology survives being written down.
    #[test]
    fn topologies_and_packets_survive_json(seed: u64) {
        let w = network(seed);
        let text = serde_json::to_string(&w.0).unwrap();
        prop_assert_eq!(&serde_json::from_str::<reachability::Topology>(&text).unwrap(), &w.0);
        let packet = packet(&mut Dice::new(!seed), &w);
        let trip = Index::new(&w.0).round_trip(&packet);
        let text = serde_json::to_string(&trip).unwrap();
        prop_assert_eq!(serde_json::from_str::<reachability::RoundTrip>(&text).unwrap(), trip);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    /// Between two neighbouring probes of one field the verdict does not change.
    #[test]
    fn boundaries_are_boundaries(seed: u64) {
        let w = network(seed);
        let index = Index::new(&w.0);
        let mut dice = Dice::new(!seed);
        let (from, to) = (dice.pick(&MACHINES), dice.pick(&MACHINES));
        let probes = boundaries(&w.0, &eni(from), &eni(to));
        prop_assert!(!probes.is_empty());
        // Destination ports of probes, by everything else.
        let mut ports: BTreeMap<(std::net::IpAddr, std::net::IpAddr, u8), BTreeSet<u16>> = BTreeMap::new();
        for probe in &probes {
            if let Some((40_000, port)) = probe.header.protocol.ports() {
                let key = (probe.header.source, probe.header.destination, probe.header.protocol.number());
                ports.entry(key).or_default().insert(port);
            }
        }
        for ((source, destination, number), known) in ports {
            for _ in 0..10 {
                let port = dice.port();
                let below = *known.range(..=port).next_back().unwrap();
                let judge = |destination_port| {
                    let protocol = match number {
                        6 => Protocol::Tcp { source: 40_000, destination: destination_port },
                        _ => Protocol::Udp { source: 40_000, destination: destination_port },
                    };
                    class(&index.judge(&Packet::new(eni(from), source, destination, protocol)))
                };
                prop_assert_eq!(judge(port), judge(below), "{} {} {}: {} and {}", source, destination, number, port, below);
            }
        }
    }

    /// Every port at which a verdict changes is among the probes, with the port before it.
    #[test]
    fn every_change_is_probed_from_both_sides(seed: u64) {
        let w = network(seed);
        let index = Index::new(&w.0);
        let (source, destination) = (ip("10.0.1.10"), ip("10.0.2.20"));
        let probed: BTreeSet<u16> = boundaries(&w.0, &eni("a"), &eni("b"))
            .into_iter()
            .filter(|p| p.header.source == source && p.header.destination == destination)
            .filter_map(|p| match p.header.protocol {
                Protocol::Tcp { source: 40_000, destination } => Some(destination),
                _ => None,
            })
            .collect();
        let judge = |port| {
            class(&index.judge(&Packet::new(eni("a"), source, destination, Protocol::tcp(port))))
        };
        // Where two spots of a grid differ, the change between them is found by halving.
        let grid: Vec<u16> = (0..=u16::MAX).step_by(113).chain([u16::MAX]).collect();
        for pair in grid.windows(2) {
            let (mut low, mut high) = (pair[0], pair[1]);
            if judge(low) == judge(high) {
                continue;
            }
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if judge(middle) == judge(low) { low = middle } else { high = middle }
            }
            prop_assert!(probed.contains(&high) && probed.contains(&low), "the change at {} is not probed", high);
        }
    }

    /// A witness arrives; where there is none, no sample of the same set arrives.
    #[test]
    fn a_witness_arrives_and_its_absence_is_true(seed: u64) {
        let w = network(seed);
        let index = Index::new(&w.0);
        let mut dice = Dice::new(!seed);
        let place = |dice: &mut Dice| if dice.one_in(4) { Place::Internet } else { eni(dice.pick(&MACHINES)) };
        let mut query = Query::between(place(&mut dice), place(&mut dice));
        if query.from == Place::Internet && query.to == Place::Internet {
            query.to = eni("a");
        }
        if dice.one_in(2) {
            query.protocol = Some([6, 17, 1, 58, 47][dice.below(5)]);
        }
        if dice.one_in(3) {
            query.destination_ports = Some(dice.ports());
        }
        let space = header_space(&w.0, &query).unwrap();
        if let Some((packet, judgement)) = &space.witness {
            prop_assert_eq!(&index.judge(packet), judgement);
            let delivered = matches!(&judgement.verdict, Verdict::Delivered { at, .. } if *at == query.to);
            prop_assert!(delivered);
            prop_assert!(query.protocol.is_none_or(|n| n == packet.header.protocol.number()));
            let port = packet.header.protocol.ports();
            prop_assert!(query.destination_ports.is_none_or(|r| port.is_some_and(|p| r.contains(p.1))));
        } else {
            for _ in 0..2000 {
                let sample = crate::random::packet(&mut dice, &w);
                let meant = sample.at == query.from
                    && query.protocol.is_none_or(|n| n == sample.header.protocol.number())
                    && query.destination_ports.is_none_or(|r| sample.header.protocol.ports().is_some_and(|p| r.contains(p.1)));
                let honest = match &sample.at {
                    Place::NetworkInterface(id) => w.0.network_interfaces.iter().any(|i| i.id == *id && i.addresses.contains(&sample.header.source)),
                    _ => true,
                };
                if meant && honest {
                    let judgement = index.judge(&sample);
                    let arrived = matches!(&judgement.verdict, Verdict::Delivered { at, .. } if *at == query.to);
                    prop_assert!(!arrived, "{} arrives\n{}", sample.header, render_text(&judgement));
                }
            }
        }
    }
}
