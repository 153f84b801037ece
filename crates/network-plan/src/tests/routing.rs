//! The kernel's routing as far as a plan goes, and a packet's whole way through a router.

use std::net::IpAddr;

use super::interpreter::{Fate, Machine, Packet};
use crate::{EDGE_INDEX, MAIN_TABLE, NextHop, RouteKind, TABLE_BASE, VpcPlan, eni_index, peering_index};

/// The longest prefix in one table, the lowest metric among equals.
fn lookup(plan: &VpcPlan, table: u32, destination: IpAddr) -> Option<RouteKind> {
    let matching = plan.routes.iter().filter(|r| r.table == table && r.destination.contains(&destination));
    let best = matching.max_by_key(|r| (r.destination.prefix_len(), std::cmp::Reverse(r.metric)));
    best.map(|route| route.kind)
}

/// The interface that a packet with this mark leaves by; 0: none.
pub(super) fn interface(plan: &VpcPlan, mark: u32, destination: IpAddr) -> u32 {
    if is_local(plan, destination) {
        return 0;
    }
    let marked = plan.table_rules.iter().any(|rule| rule.table == mark);
    let tables = marked.then_some(mark).into_iter().chain([MAIN_TABLE]);
    for table in tables {
        match lookup(plan, table, destination) {
            None | Some(RouteKind::Throw) => {}
            Some(RouteKind::Blackhole) => return 0,
            Some(RouteKind::Via(NextHop::Eni(number))) => return eni_index(number),
            Some(RouteKind::Via(NextHop::Edge)) => return EDGE_INDEX,
            Some(RouteKind::Via(NextHop::Peer(number))) => return peering_index(number),
        }
    }
    0
}

pub(super) fn is_local(plan: &VpcPlan, address: IpAddr) -> bool {
    plan.addresses.contains(&address) || address == IpAddr::V6(crate::GATEWAY_V6)
}

/// The end of a packet's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Left by this interface.
    Left(u32),
    /// For the router itself.
    Router,
    Dropped(Option<crate::DropRecord>, Option<crate::SetId>),
}

/// Sends a packet through all hooks. New connections are translated.
pub(super) fn send(machine: &Machine<'_>, packet: &mut Packet) -> End {
    let new = packet.connection.state & 0b110 == 0;
    if let Fate::Dropped(record, set) = machine.filter("source", packet) {
        return End::Dropped(record, set);
    }
    if new {
        packet.connection.original_destination = Some(packet.destination());
        let port = packet.transport.get(2..4).map_or([0; 2], |raw| raw.try_into().unwrap());
        packet.connection.original_port = u16::from_be_bytes(port);
        machine.translate("dnat", packet);
    }
    if let Fate::Dropped(record, set) = machine.filter("depart", packet) {
        return End::Dropped(record, set);
    }
    if is_local(machine.plan, packet.destination()) {
        return match machine.filter("input", packet) {
            Fate::Accepted => End::Router,
            Fate::Dropped(record, set) => End::Dropped(record, set),
        };
    }
    packet.oif = interface(machine.plan, packet.mark, packet.destination());
    assert!(packet.oif != 0, "the kernel would drop it unseen: {packet:?}");
    assert!(packet.mark < TABLE_BASE + crate::MAX_TABLE_NUMBER, "a gate's mark is left over");
    if let Fate::Dropped(record, set) = machine.filter("forward", packet) {
        return End::Dropped(record, set);
    }
    if new {
        machine.translate("snat", packet);
    }
    End::Left(packet.oif)
}
