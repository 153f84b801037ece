//! Interfaces and peering: check 64 of the packet-truth suite.

use crate::world::*;
use reachability::topology::*;
use reachability::{Packet, Protocol, SourceMac, judge, round_trip};

const HTTPS: Protocol = Protocol::tcp(443);

fn open() -> World {
    let mut w = two_subnets();
    for group in ["g-a", "g-b", "g-c"] {
        w.add_rule(group, from_cidr("sgr-in4", Selector::ALL, "0.0.0.0/0"));
    }
    w
}

#[test]
fn check_64_a_spoofed_source_is_dropped_until_the_check_is_off() {
    let mut w = open();
    let spoofed = Packet::new(eni("a"), ip("10.0.1.11"), ip("10.0.2.20"), HTTPS);
    judge(&w.0, &spoofed).dropped_by("a", "ENI_SOURCE_DEST_CHECK_RESTRICTION");
    let other_family = Packet::new(eni("a"), ip("2001:db8:0:101::b"), ip("2001:db8:0:102::b"), HTTPS);
    judge(&w.0, &other_family).dropped_by("a", "ENI_SOURCE_DEST_CHECK_RESTRICTION");
    w.interface_mut("a").source_dest_check = false;
    judge(&w.0, &spoofed).reached("b");
    // Addresses that nobody can have, and another's hardware address, stay refused.
    for source in ["0.0.0.0", "127.0.0.1", "224.0.0.5", "255.255.255.255"] {
        let packet = Packet::new(eni("a"), ip(source), ip("10.0.2.20"), HTTPS);
        judge(&w.0, &packet).dropped_by("a", "ENI_ADDRESS_RESTRICTION");
    }
    let mut frame = w.packet("a", "10.0.2.20", HTTPS);
    frame.source_mac = SourceMac::Foreign;
    judge(&w.0, &frame).dropped_by("a", "ENI_ADDRESS_RESTRICTION");
}

#[test]
fn check_64_secondary_addresses_and_prefixes_work() {
    let mut w = open();
    w.interface_mut("a").addresses.push(ip("10.0.1.77"));
    w.interface_mut("a").prefixes.push(net("10.0.1.128/28"));
    for own in ["10.0.1.77", "10.0.1.128", "10.0.1.143"] {
        let out = Packet::new(eni("a"), ip(own), ip("10.0.2.20"), HTTPS);
        assert!(round_trip(&w.0, &out).works, "{own}");
        w.send("b", own, HTTPS).reached("a");
    }
    for foreign in ["10.0.1.78", "10.0.1.127", "10.0.1.144"] {
        let out = Packet::new(eni("a"), ip(foreign), ip("10.0.2.20"), HTTPS);
        judge(&w.0, &out).dropped_by("a", "ENI_SOURCE_DEST_CHECK_RESTRICTION");
        w.send("b", foreign, HTTPS).dropped_by("v", "NO_POSSIBLE_DESTINATION");
    }
    // Members of a group are all of an interface's private addresses.
    w.group_mut("g-b").rules = vec![from_group("sgr-1", Selector::ALL, "g-a")];
    for own in ["10.0.1.77", "10.0.1.130"] {
        judge(&w.0, &Packet::new(eni("a"), ip(own), ip("10.0.2.20"), HTTPS)).reached("b");
    }
}

#[test]
fn check_64_peering_is_not_transitive_and_needs_both_routes() {
    let mut w = open();
    let by = |cidr, id: &str| route(cidr, RouteOrigin::Static, RouteTarget::Peering(id.into()));
    for (vpc, block, address) in [("p", "10.1.0.0/16", "10.1.0.5"), ("q", "10.2.0.0/16", "10.2.0.5")] {
        let (subnet, group) = (format!("{vpc}-s"), format!("g-{vpc}"));
        w.vpc(vpc, &[block])
            .subnet(&subnet, vpc, &[block])
            .group(&group, vpc, all_out())
            .add_rule(&group, from_cidr("sgr-in4", Selector::ALL, "0.0.0.0/0"))
            .machine(&format!("m-{vpc}"), &subnet, &[address], &[&group]);
    }
    w.peering("vp", "v", "p").peering("pq", "q", "p").add_route("rtb-v", by("10.1.0.0/16", "vp"));
    // A route on this side only: the answer finds no way.
    let trip = round_trip(&w.0, &w.packet("a", "10.1.0.5", HTTPS));
    trip.forward[0].reached("m-p");
    trip.back[0].dropped_by("rtb-p", "NO_ROUTE_TO_DESTINATION");
    w.add_route("rtb-p", by("10.0.0.0/16", "vp"));
    assert!(round_trip(&w.0, &w.packet("a", "10.1.0.5", HTTPS)).works);
    // v–p–q: p passes nothing on, whatever the tables say.
    w.add_route("rtb-v", by("10.2.0.0/16", "vp")).add_route("rtb-p", by("10.2.0.0/16", "pq"));
    w.send("a", "10.2.0.5", HTTPS).dropped_by("vp", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR");
    w.send("m-p", "10.2.0.5", HTTPS).reached("m-q");
    // Nor does it carry a third party's source.
    w.interface_mut("a").source_dest_check = false;
    let foreign = Packet::new(eni("a"), ip("192.0.2.1"), ip("10.1.0.5"), HTTPS);
    judge(&w.0, &foreign).dropped_by("vp", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR");
    // The peer's gateways are not ours.
    w.igw("igw-p", "p").add_route("rtb-v", by("0.0.0.0/0", "vp"));
    w.send("a", "203.0.113.7", HTTPS).dropped_by("vp", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR");
}

#[test]
fn interfaces_that_are_out_of_service() {
    let mut w = open();
    w.interface_mut("b").running = false;
    w.send("a", "10.0.2.20", HTTPS).dropped_by("b", "BAD_STATE");
    w.send("b", "10.0.1.10", HTTPS).dropped_by("b", "BAD_STATE");
    w.interface_mut("b").instance = None;
    w.send("a", "10.0.2.20", HTTPS).dropped_by("b", "BAD_STATE_ATTACHMENT");
    let ghost = Packet::new(eni("ghost"), ip("10.0.1.10"), ip("10.0.2.20"), HTTPS);
    judge(&w.0, &ghost).dropped_by("ghost", "NO_SOURCE_OR_DESTINATION");
    // An interface endpoint answers, and opens nothing.
    w.interface_mut("b").kind = InterfaceKind::VpcEndpoint;
    w.interface_mut("b").running = true;
    let first = w.send("a", "10.0.2.20", HTTPS);
    first.reached("b");
    w.answer(&first).reached("a");
    w.send("b", "10.0.1.10", HTTPS).dropped_by("b", "NO_PATH");
}

#[test]
fn a_packet_to_oneself_meets_ones_own_groups() {
    let mut w = open();
    w.send("a", "10.0.1.10", HTTPS).reached("a");
    w.revoke("g-a", "sgr-in4");
    w.send("a", "10.0.1.10", HTTPS).dropped_by("g-a", "SG_HAS_NO_RULES");
}

#[test]
fn families_do_not_mix() {
    let w = open();
    let mixed = Packet::new(eni("a"), ip("10.0.1.10"), ip("2001:db8:0:102::b"), HTTPS);
    judge(&w.0, &mixed).dropped_by("a", "ENI_ADDRESS_RESTRICTION");
    let mixed = Packet::new(reachability::Place::Internet, ip("2001:db8:ffff::1"), ip("198.18.0.1"), HTTPS);
    judge(&w.0, &mixed).dropped_by("internet", "ENI_ADDRESS_RESTRICTION");
}
