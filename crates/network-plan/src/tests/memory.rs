//! What is remembered of flows never changes what becomes of a packet.

use proptest::prelude::*;

use super::facts::{open_pair, vpc};
use super::interpreter::{Connection, Fate, Machine, Packet};
use super::packets::{ESTABLISHED, Probe, crossed, probe};
use super::routing::{End, send};
use crate::{EDGE_INDEX, FLOW_FLAGS, VpcInput, VpcPlan, eni_index, plan};

/// One packet of the flow: its direction, from which ENI it comes (its own, or one that passes it on), and whether the
/// facts change before it.
#[derive(Clone, Debug)]
struct Turn {
    answer: bool,
    passed_on_by: Option<usize>,
    change: bool,
}

impl Turn {
    fn way(&self, flow: &Probe) -> Probe {
        if self.answer { flow.reversed() } else { flow.clone() }
    }
}

fn turn() -> impl Strategy<Value = Turn> {
    (any::<bool>(), prop::option::weighted(0.2, 0_usize..6), prop::bool::weighted(0.1))
        .prop_map(|(answer, passed_on_by, change)| Turn { answer, passed_on_by, change })
}

/// A packet of the flow as it comes in, before what is remembered.
fn packet(turn: &Turn, flow: &Probe, input: &VpcInput, connection: &Connection) -> Packet {
    let mut packet = turn.way(flow).packet(input);
    if let Some(number) = turn.passed_on_by {
        let eni = &input.enis[number];
        packet.iif = eni_index(eni.number);
        packet.link[6..12].copy_from_slice(&eni.mac);
    }
    packet.connection = connection.clone();
    packet.connection.state = ESTABLISHED;
    packet.connection.answer = turn.answer;
    packet
}

/// Sends what comes next of a flow with and without memory; what the flow's mark is afterwards.
fn same_with_and_without(
    plan: &VpcPlan,
    generation: u32,
    packet: &Packet,
) -> Result<(End, u32), TestCaseError> {
    let (mut plain, mut remembered) = (packet.clone(), packet.clone());
    // The kernel translates known connections by itself.
    Machine::new(plan).translate("dnat", &mut plain);
    Machine::new(plan).translate("dnat", &mut remembered);
    plain.connection.mark &= FLOW_FLAGS;
    let wanted = send(&Machine::new(plan), &mut plain);
    let end = send(&Machine::remembering(plan, generation), &mut remembered);
    prop_assert_eq!(&end, &wanted, "{:?}", packet);
    prop_assert_eq!(remembered.mark, plain.mark, "another route table: {:?}", packet);
    prop_assert_eq!(remembered.connection.mark & FLOW_FLAGS, plain.connection.mark);
    Ok((end, remembered.connection.mark))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_remembered_flow_is_judged_as_a_forgotten_one(
        facts in prop::collection::vec(vpc(), 3),
        flows in prop::collection::vec((probe(), 0_u32..4), 10),
        turns in prop::collection::vec(turn(), 20),
    ) {
        let plans: Vec<VpcPlan> = facts.iter().map(|facts| plan(facts).unwrap()).collect();
        for (flow, flags) in flows.iter().filter(|(flow, _)| !crossed(flow)) {
            // One in four is not tracked where it began.
            let mut connection = Connection { mark: u32::from(*flags == 3), ..Connection::default() };
            connection.original_destination =
                flow.can_arrive(&facts[1]).then(|| flow.packet(&facts[1]).destination());
            let mut generation = 1;
            for turn in &turns {
                generation += u32::from(turn.change);
                let now = generation as usize % plans.len();
                if !turn.way(flow).can_arrive(&facts[now]) {
                    continue;
                }
                let packet = packet(turn, flow, &facts[now], &connection);
                connection.mark = same_with_and_without(&plans[now], generation, &packet)?.1;
            }
        }
    }
}

/// Two machines that may talk, so that their flow is remembered.
fn open() -> (VpcInput, Probe) {
    (open_pair(), Probe::tcp(0, 1, 80))
}

#[test]
fn a_flow_is_remembered_after_one_packet_each_way_until_the_next_generation() {
    let (input, flow) = open();
    let plan = plan(&input).unwrap();
    let mut connection = Connection::default();
    let mut marks = Vec::new();
    for (answer, generation) in [(false, 1), (true, 1), (false, 1), (true, 1), (false, 2)] {
        let turn = Turn { answer, passed_on_by: None, change: false };
        let packet = packet(&turn, &flow, &input, &connection);
        let (end, mark) = same_with_and_without(&plan, generation, &packet).unwrap();
        assert!(matches!(end, End::Left(index) if index != EDGE_INDEX), "{end:?}");
        connection.mark = mark;
        marks.push(mark);
    }
    // Sent and received, one way and both; by the route table; then only one way of the second generation.
    assert_eq!(marks, [0xca0, 0xde0, 0xde0, 0xde0, 0x14a0]);
}

#[test]
fn a_recalled_packet_meets_no_acl() {
    // The plan under the same generation denies all: only a packet that is not judged any more gets through. So this
    // shows that recalling happens, and that a new generation is what ends it.
    let (mut input, flow) = open();
    let before = plan(&input).unwrap();
    for acl in &mut input.acls {
        acl.egress.clear();
        acl.ingress.clear();
    }
    let after = plan(&input).unwrap();
    let mut connection = Connection::default();
    for answer in [false, true] {
        let turn = Turn { answer, passed_on_by: None, change: false };
        connection.mark =
            same_with_and_without(&before, 1, &packet(&turn, &flow, &input, &connection)).unwrap().1;
    }
    let turn = Turn { answer: false, passed_on_by: None, change: false };
    let mut late = packet(&turn, &flow, &input, &connection);
    assert!(matches!(send(&Machine::remembering(&after, 1), &mut late), End::Left(_)));
    let next = packet(&turn, &flow, &input, &connection);
    let (end, _) = same_with_and_without(&after, 2, &next).unwrap();
    assert!(matches!(end, End::Dropped(..)), "{end:?}");
}

#[test]
fn a_packet_on_its_way_during_a_change_lets_nothing_be_remembered() {
    let (input, flow) = open();
    let plan = plan(&input).unwrap();
    let (before, after) = (Machine::remembering(&plan, 1), Machine::remembering(&plan, 2));
    let turn = Turn { answer: false, passed_on_by: None, change: false };
    // Of the first generation only this packet's arrival is missing; or others of the second one came before it.
    for (mark, arrived) in [(0xd60, 0xd60), (0x1540, 0x15c0)] {
        let mut packet = packet(&turn, &flow, &input, &Connection::default());
        assert_eq!(before.filter("source", &mut packet), Fate::Accepted);
        assert_eq!(before.filter("depart", &mut packet), Fate::Accepted);
        packet.oif = super::routing::interface(&plan, packet.mark, packet.destination());
        packet.connection.mark = mark;
        assert_eq!(after.filter("forward", &mut packet), Fate::Accepted);
        assert_eq!(packet.connection.mark, arrived, "{mark:x}: the sender's side is not asked yet");
    }
}
