//! Questions about packets together with their answers.

use crate::random::{Dice, network, packet};
use crate::world::*;
use proptest::prelude::*;
use reachability::topology::*;
use reachability::{
    AddressRange, ConversationSpace, Direction, Index, Place, PortRange, Query, RoundTrip, Verdict,
    conversation_space,
};

fn ends_at(trip: &RoundTrip, place: &Place) -> bool {
    matches!(trip.forward.last().map(|leg| &leg.verdict), Some(Verdict::Delivered { at, .. }) if at == place)
}

fn ask(index: &Index<'_>, query: &Query) -> ConversationSpace {
    conversation_space(index, query, |trip| trip.works && ends_at(trip, &query.to)).unwrap()
}

#[test]
fn the_one_source_port_whose_answer_may_leave() {
    let mut w = two_subnets();
    w.add_rule("g-b", from_cidr("sgr-1", Selector::tcp(443, 443), "0.0.0.0/0"));
    w.acl(
        "acl-2",
        "s2",
        vec![
            entry(10, Direction::Ingress, Selector::ALL, "0.0.0.0/0", true),
            entry(20, Direction::Egress, Selector::tcp(31_337, 31_337), "0.0.0.0/0", true),
        ],
    );
    let query = Query { protocol: Some(6), ..Query::between(eni("a"), eni("b")) };
    let (packet, trip) = ask(&Index::new(&w.0), &query).witness.unwrap();
    assert_eq!(packet.header.protocol.ports(), Some((31_337, 443)));
    assert!(trip.works);
    let closed = Query { source_ports: Some(PortRange { from: 31_338, to: u16::MAX }), ..query.clone() };
    let space = ask(&Index::new(&w.0), &closed);
    assert!(space.witness.is_none());
    let (_, nearest) = space.nearest.unwrap();
    nearest.back.last().unwrap().dropped_by("acl-2", "SUBNET_ACL_RESTRICTION");
    w.acl_mut("acl-2").entries.pop();
    assert!(ask(&Index::new(&w.0), &query).witness.is_none(), "packets arrive, and no answer leaves");
}

#[test]
fn a_ping_is_an_echo_request_and_its_reply() {
    let mut w = two_subnets();
    w.add_rule("g-b", from_cidr("sgr-1", Selector::icmp(false, None, None), "0.0.0.0/0"));
    w.acl(
        "acl-2",
        "s2",
        vec![
            entry(10, Direction::Ingress, Selector::ALL, "0.0.0.0/0", true),
            entry(20, Direction::Egress, Selector::icmp(false, Some(0), None), "0.0.0.0/0", true),
        ],
    );
    let query = Query { protocol: Some(1), icmp_type: Some(8), ..Query::between(eni("a"), eni("b")) };
    let (packet, _) = ask(&Index::new(&w.0), &query).witness.unwrap();
    assert_eq!(packet.header.protocol.icmp().map(|(kind, _)| kind), Some(8));
    w.acl_mut("acl-2").entries[1].selector.icmp_type = Some(8);
    assert!(ask(&Index::new(&w.0), &query).witness.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// A conversation that works is found by a search that it lies in, and what a search finds does work.
    #[test]
    fn a_search_misses_no_conversation(seed: u64) {
        let w = network(seed);
        let index = Index::new(&w.0);
        let mut dice = Dice::new(!seed);
        for _ in 0..40 {
            let packet = packet(&mut dice, &w);
            let trip = index.round_trip(&packet);
            let Some(Verdict::Delivered { at, .. }) = trip.forward.last().map(|leg| leg.verdict.clone()) else { continue };
            let one = |address| Some(AddressRange::one(address));
            let mut query = Query::between(packet.at.clone(), at);
            query.protocol = Some(packet.header.protocol.number());
            (query.source, query.destination) = (one(packet.header.source), one(packet.header.destination));
            if let Some((source, destination)) = packet.header.protocol.ports() {
                match dice.below(3) {
                    0 => query.destination_ports = Some(PortRange::one(destination)),
                    1 => query.source_ports = Some(PortRange::one(source)),
                    _ => {}
                }
            }
            let witness = ask(&index, &query).witness;
            prop_assert!(!trip.works || witness.is_some(), "{} is missed", packet.header);
            if let Some((packet, _)) = witness {
                let again = index.round_trip(&packet);
                prop_assert!(again.works && ends_at(&again, &query.to), "{} does not work", packet.header);
            }
        }
    }
}
