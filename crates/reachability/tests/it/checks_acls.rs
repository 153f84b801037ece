//! Network ACLs: checks 57 and 59–63 of the packet-truth suite.

use crate::world::*;
use reachability::topology::*;
use reachability::{ComponentKind, Direction, Protocol, Rule, round_trip};

const HTTPS: Protocol = Protocol::tcp(443);
use Direction::{Egress, Ingress};

fn open() -> World {
    let mut w = two_subnets();
    for group in ["g-a", "g-b", "g-c"] {
        w.add_rule(group, from_cidr("sgr-in4", Selector::ALL, "0.0.0.0/0"));
    }
    w
}

#[test]
fn check_57_a_new_acl_denies_everything() {
    let mut w = open();
    w.send("a", "10.0.2.20", HTTPS).reached("b");
    w.acl("acl-2", "s2", vec![]);
    let judgement = w.send("a", "10.0.2.20", HTTPS);
    judgement.dropped_by("acl-2", "SUBNET_ACL_RESTRICTION");
    let Rule::Acl(fact) = &judgement.deciding().unwrap().rule else { panic!("{judgement:?}") };
    assert_eq!((fact.number, fact.allow, fact.cidr), (32767, false, net("0.0.0.0/0")));
    w.send("b", "10.0.1.10", HTTPS).dropped_by("acl-2", "SUBNET_ACL_RESTRICTION");
}

#[test]
fn check_59_the_lowest_number_wins() {
    let mut w = open();
    let tcp = Selector::tcp(443, 443);
    let entries = vec![
        entry(200, Ingress, tcp, "10.0.1.0/24", true),
        entry(300, Ingress, tcp, "10.0.1.10/32", false),
        entry(100, Ingress, tcp, "10.0.1.30/32", false),
    ];
    w.acl("acl-2", "s2", entries);
    // The deny after the allow is never reached; the one before it is.
    let judgement = w.send("a", "10.0.2.20", HTTPS);
    judgement.reached("b");
    let number = judgement.path.iter().rev().find_map(|s| match &s.rule {
        Rule::Acl(fact) => Some(fact.number),
        _ => None,
    });
    assert_eq!(number, Some(200));
    let denied = w.send("c", "10.0.2.20", HTTPS);
    denied.dropped_by("acl-2", "SUBNET_ACL_RESTRICTION");
    let Rule::Acl(fact) = &denied.deciding().unwrap().rule else { panic!("{denied:?}") };
    assert_eq!(fact.number, 100);
    w.send("a", "10.0.2.20", Protocol::tcp(444)).dropped_by("acl-2", "SUBNET_ACL_RESTRICTION");
}

#[test]
fn check_60_an_acl_has_no_memory() {
    let mut w = open();
    let https_in = entry(100, Ingress, Selector::tcp(443, 443), "0.0.0.0/0", true);
    w.acl("acl-2", "s2", vec![https_in]);
    let packet = w.packet("a", "10.0.2.20", HTTPS);
    let trip = round_trip(&w.0, &packet);
    trip.forward[0].reached("b");
    trip.back[0].dropped_by("acl-2", "SUBNET_ACL_RESTRICTION");
    assert!(!trip.works);
    // The ephemeral ports of the way back; the port used is 40000.
    w.acl_mut("acl-2").entries.push(entry(100, Egress, Selector::tcp(1024, 39_999), "0.0.0.0/0", true));
    assert!(!round_trip(&w.0, &packet).works);
    w.acl_mut("acl-2").entries.push(entry(110, Egress, Selector::tcp(1024, 65_535), "0.0.0.0/0", true));
    assert!(round_trip(&w.0, &packet).works);
    // The client's subnet must let the answer in as well.
    w.acl("acl-1", "s1", vec![entry(100, Egress, Selector::ALL, "0.0.0.0/0", true)]);
    let trip = round_trip(&w.0, &packet);
    trip.back[0].dropped_by("acl-1", "SUBNET_ACL_RESTRICTION");
}

#[test]
fn check_61_an_acl_does_not_act_inside_its_subnet() {
    let mut w = open();
    w.acl("acl-1", "s1", vec![]);
    let judgement = w.send("a", "10.0.1.30", HTTPS);
    judgement.reached("c");
    assert!(judgement.path.iter().all(|s| s.component.kind != ComponentKind::NetworkAcl));
    w.send("a", "10.0.2.20", HTTPS).dropped_by("acl-1", "SUBNET_ACL_RESTRICTION");
    w.send("b", "10.0.1.10", HTTPS).dropped_by("acl-1", "SUBNET_ACL_RESTRICTION");
}

#[test]
fn check_62_a_deny_cuts_an_established_flow() {
    let mut w = open();
    let first = w.send("a", "10.0.2.20", HTTPS);
    first.reached("b");
    w.more("a", &first).reached("b");
    w.acl_mut("acl-v").entries.push(entry(1, Ingress, Selector::tcp(443, 443), "10.0.1.10/32", false));
    w.more("a", &first).dropped_by("acl-v", "SUBNET_ACL_RESTRICTION");
    w.answer(&first).reached("a");
    w.acl_mut("acl-v").entries.push(entry(1, Egress, Selector::ALL, "10.0.1.10/32", false));
    w.answer(&first).dropped_by("acl-v", "SUBNET_ACL_RESTRICTION");
}

#[test]
fn check_63_reassociation_counts_at_once() {
    let mut w = open();
    w.acl("acl-2", "s2", vec![]);
    w.send("a", "10.0.2.20", HTTPS).dropped_by("acl-2", "SUBNET_ACL_RESTRICTION");
    w.subnet_mut("s2").network_acl = "acl-v".into();
    w.send("a", "10.0.2.20", HTTPS).reached("b");
}

#[test]
fn entries_speak_of_protocols_types_and_families() {
    let mut w = open();
    w.add_rule("g-b", from_cidr("sgr-in6", Selector::ALL, "::/0"));
    let entries = vec![
        entry(10, Ingress, Selector::icmp(false, Some(8), Some(0)), "10.0.1.0/24", true),
        entry(20, Ingress, Selector::udp(53, 60), "10.0.1.0/24", true),
        entry(30, Ingress, Selector::number(47), "10.0.1.0/24", true),
        entry(40, Ingress, Selector::icmp(true, None, None), "2001:db8:0:101::/64", true),
    ];
    w.acl("acl-2", "s2", entries);
    let passes = [PING, Protocol::udp(53), Protocol::udp(60), Protocol::Other(47)];
    let fails = [
        Protocol::Icmp { kind: 8, code: 1 },
        Protocol::Icmp { kind: 0, code: 0 },
        Protocol::udp(52),
        Protocol::udp(61),
        Protocol::tcp(53),
        Protocol::Other(50),
    ];
    for protocol in passes {
        w.send("a", "10.0.2.20", protocol).reached("b");
    }
    for protocol in fails {
        w.send("a", "10.0.2.20", protocol).dropped_by("acl-2", "SUBNET_ACL_RESTRICTION");
    }
    w.send("a", "2001:db8:0:102::b", Protocol::Icmpv6 { kind: 128, code: 0 }).reached("b");
    w.send("a", "2001:db8:0:102::b", HTTPS).dropped_by("acl-2", "SUBNET_ACL_RESTRICTION");
}

#[test]
fn every_filter_in_the_way_is_named() {
    let mut w = open();
    w.group_mut("g-a").rules.clear();
    w.group_mut("g-b").rules.clear();
    w.acl("acl-1", "s1", vec![]).acl("acl-2", "s2", vec![]);
    let judgement = w.send("a", "10.0.2.20", HTTPS);
    judgement.dropped_by("g-a", "SG_HAS_NO_RULES");
    let named: Vec<&str> = judgement.objections.iter().map(|s| &*s.component.id).collect();
    assert_eq!(named, ["g-a", "acl-1", "acl-2", "g-b"]);
    assert_eq!(judgement.path.len(), 2);
}
