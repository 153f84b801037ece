//! Security groups: checks 47–56 of the packet-truth suite.

use crate::world::*;
use reachability::topology::*;
use reachability::{Direction, Packet, Place, Protocol, Rule, Service, Verdict, judge, round_trip};

const HTTPS: Protocol = Protocol::tcp(443);

#[test]
fn check_47_rules_only_allow_and_groups_add_up() {
    let mut w = two_subnets();
    w.send("a", "10.0.2.20", HTTPS).dropped_by("g-b", "SG_HAS_NO_RULES");
    w.add_rule("g-b", from_cidr("sgr-1", Selector::tcp(80, 80), "10.0.1.0/24"));
    w.send("a", "10.0.2.20", HTTPS).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
    // A second group on the same interface allows what the first does not.
    w.group("g-2", "v", vec![from_cidr("sgr-2", Selector::tcp(443, 443), "10.0.1.10/32")]);
    w.interface_mut("b").groups.push("g-2".into());
    let judgement = w.send("a", "10.0.2.20", HTTPS);
    judgement.reached("b");
    let rule = judgement.path.iter().rev().find_map(|s| match &s.rule {
        Rule::Group(fact) => Some((fact.group.to_string(), fact.rule.id.to_string())),
        _ => None,
    });
    assert_eq!(rule, Some(("g-2".to_owned(), "sgr-2".to_owned())));
    w.send("a", "10.0.2.20", Protocol::tcp(80)).reached("b");
    w.send("c", "10.0.2.20", HTTPS).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
}

#[test]
fn check_48_a_reply_needs_no_egress_rule() {
    let mut w = two_subnets();
    w.add_rule("g-b", from_cidr("sgr-1", Selector::tcp(443, 443), "10.0.1.10/32"));
    w.group_mut("g-b").rules.retain(|r| r.direction == Direction::Ingress);
    let forward = w.send("a", "10.0.2.20", HTTPS);
    forward.reached("b");
    w.answer(&forward).reached("a");
    // A flow of its own it may not open.
    w.send("b", "10.0.1.10", HTTPS).dropped_by("g-b", "SG_HAS_NO_RULES");
}

#[test]
fn check_49_both_gates_must_agree_whichever_was_made_first() {
    for reversed in [false, true] {
        let mut w = two_subnets();
        w.group_mut("g-a").rules = vec![to_cidr("sgr-a", Selector::tcp(22, 22), "10.0.2.0/24")];
        w.add_rule("g-b", from_cidr("sgr-b", Selector::tcp(443, 443), "10.0.1.0/24"));
        if reversed {
            w.0.security_groups.reverse();
            w.0.network_interfaces.reverse();
        }
        // The egress gate alone, the ingress gate alone, then both.
        w.send("a", "10.0.2.20", HTTPS).dropped_by("g-a", "ENI_SG_RULES_MISMATCH");
        w.send("a", "10.0.2.20", Protocol::tcp(22)).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
        w.add_rule("g-b", from_cidr("sgr-b2", Selector::tcp(22, 22), "10.0.1.0/24"));
        w.send("a", "10.0.2.20", Protocol::tcp(22)).reached("b");
    }
}

#[test]
fn check_50_a_reference_follows_membership() {
    let mut w = two_subnets();
    w.add_rule("g-b", from_group("sgr-1", Selector::ALL, "g-a"));
    w.send("a", "10.0.2.20", HTTPS).reached("b");
    w.send("c", "10.0.2.20", HTTPS).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
    w.interface_mut("c").groups.push("g-a".into());
    w.send("c", "10.0.2.20", HTTPS).reached("b");
    w.interface_mut("c").groups.retain(|g| **g == *"g-c");
    w.send("c", "10.0.2.20", HTTPS).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
    // A reference in an egress rule speaks of the receiver.
    w.group_mut("g-a").rules =
        vec![rule("sgr-2", Direction::Egress, Selector::ALL, RulePeer::Group("g-b".into()))];
    w.send("a", "10.0.2.20", HTTPS).reached("b");
    w.send("a", "10.0.1.30", HTTPS).dropped_by("g-a", "ENI_SG_RULES_MISMATCH");
}

#[test]
fn check_51_a_peered_group_counts_until_the_peering_is_gone() {
    let mut w = two_subnets();
    w.vpc("p", &["10.1.0.0/16"])
        .subnet("ps", "p", &["10.1.0.0/24"])
        .group("g-p", "p", all_out())
        .machine("far", "ps", &["10.1.0.5"], &["g-p"])
        .peering("pcx", "v", "p")
        .add_route("rtb-v", route("10.1.0.0/16", RouteOrigin::Static, RouteTarget::Peering("pcx".into())))
        .add_route("rtb-p", route("10.0.0.0/16", RouteOrigin::Static, RouteTarget::Peering("pcx".into())))
        .add_rule("g-b", from_group("sgr-1", Selector::tcp(443, 443), "g-p"));
    w.send("far", "10.0.2.20", HTTPS).reached("b");
    // Stale: the rule stays and matches nothing, even while the route still leads somewhere.
    w.group_mut("g-b").rules.iter_mut().for_each(|r| r.stale = matches!(r.peer, RulePeer::Group(_)));
    w.send("far", "10.0.2.20", HTTPS).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
    w.0.peerings[0].active = false;
    w.send("far", "10.0.2.20", HTTPS).dropped_by("rtb-p", "BAD_STATE_ROUTE");
}

#[test]
fn check_52_a_reference_means_private_addresses() {
    let mut w = two_subnets();
    w.igw("igw", "v")
        .add_route(
            "rtb-v",
            route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::InternetGateway("igw".into())),
        )
        .public("a", "10.0.1.10", "198.18.0.1")
        .public("b", "10.0.2.20", "198.18.0.2")
        .add_rule("g-b", from_group("sgr-1", Selector::ALL, "g-a"));
    w.send("a", "10.0.2.20", HTTPS).reached("b");
    // By the public address the packet goes round by the gateway and arrives from a public source.
    w.send("a", "198.18.0.2", HTTPS).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
    w.add_rule("g-b", from_cidr("sgr-2", Selector::ALL, "198.18.0.1/32"));
    let seen = w.send("a", "198.18.0.2", HTTPS).reached("b");
    assert_eq!((seen.source, seen.destination), (ip("198.18.0.1"), ip("10.0.2.20")));
    let there_and_back = round_trip(&w.0, &w.packet("a", "198.18.0.2", HTTPS));
    assert!(there_and_back.works, "{there_and_back:?}");
}

#[test]
fn check_52_the_same_for_egress_rules() {
    let mut w = two_subnets();
    w.igw("igw", "v")
        .add_route(
            "rtb-v",
            route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::InternetGateway("igw".into())),
        )
        .public("a", "10.0.1.10", "198.18.0.1")
        .public("b", "10.0.2.20", "198.18.0.2")
        .add_rule("g-b", from_cidr("sgr-1", Selector::ALL, "0.0.0.0/0"));
    w.group_mut("g-a").rules =
        vec![rule("sgr-2", Direction::Egress, Selector::ALL, RulePeer::Group("g-b".into()))];
    w.send("a", "10.0.2.20", HTTPS).reached("b");
    w.send("a", "198.18.0.2", HTTPS).dropped_by("g-a", "ENI_SG_RULES_MISMATCH");
}

#[test]
fn check_53_a_tracked_flow_survives_revocation() {
    let mut w = two_subnets();
    w.add_rule("g-b", from_cidr("sgr-1", Selector::tcp(443, 443), "10.0.1.10/32"));
    let first = w.send("a", "10.0.2.20", HTTPS);
    first.reached("b");
    w.revoke("g-b", "sgr-1");
    w.send("a", "10.0.2.20", HTTPS).dropped_by("g-b", "SG_HAS_NO_RULES");
    w.more("a", &first).reached("b");
    w.answer(&first).reached("a");
}

#[test]
fn check_53_an_untracked_flow_is_cut() {
    let mut w = two_subnets();
    // Open to everybody in, everything out for everybody: such a flow is not tracked at b.
    w.add_rule("g-b", from_cidr("sgr-1", Selector::tcp(443, 443), "0.0.0.0/0"));
    let first = w.send("a", "10.0.2.20", HTTPS);
    first.reached("b");
    assert_eq!(first.flow.tracked_at, vec!["a".into()]);
    w.revoke("g-b", "sgr-1");
    w.more("a", &first).dropped_by("g-b", "SG_HAS_NO_RULES");
}

#[test]
fn check_53_what_makes_a_flow_tracked() {
    let open = |selector| from_cidr("sgr-1", selector, "0.0.0.0/0");
    let tracked = |w: &World, protocol| {
        let judgement = w.send("a", "10.0.2.20", protocol);
        judgement.reached("b");
        judgement.flow.tracked_at.contains(&"b".into())
    };
    let mut w = two_subnets();
    w.add_rule("g-b", open(Selector::ALL));
    assert!(!tracked(&w, HTTPS));
    assert!(!tracked(&w, Protocol::udp(5000)));
    // ICMP and the protocols without ports always are.
    assert!(tracked(&w, PING));
    assert!(tracked(&w, Protocol::Other(47)));
    // Without the open way back they all are.
    w.group_mut("g-b").rules =
        vec![open(Selector::ALL), to_cidr("sgr-2", Selector::tcp(0, 1000), "0.0.0.0/0")];
    assert!(tracked(&w, HTTPS));
    w.group_mut("g-b").rules =
        vec![open(Selector::ALL), to_cidr("sgr-2", Selector::tcp(0, 65535), "0.0.0.0/0")];
    assert!(!tracked(&w, HTTPS));
    assert!(tracked(&w, Protocol::udp(5000)));
}

#[test]
fn check_53_flows_to_an_interface_endpoint_are_always_tracked() {
    let mut w = two_subnets();
    for group in ["g-a", "g-b"] {
        w.add_rule(group, from_cidr("sgr-1", Selector::ALL, "0.0.0.0/0"));
    }
    assert_eq!(w.send("a", "10.0.2.20", HTTPS).flow.tracked_at, vec![]);
    w.interface_mut("b").kind = InterfaceKind::VpcEndpoint;
    let first = w.send("a", "10.0.2.20", HTTPS);
    assert_eq!(first.flow.tracked_at, vec!["a".into(), "b".into()]);
    w.0.security_groups.iter_mut().for_each(|g| g.rules.clear());
    w.more("a", &first).reached("b");
    w.answer(&first).reached("a");
}

#[test]
fn check_54_icmp_types_protocol_numbers_and_everything() {
    let mut w = two_subnets();
    let unreachable = Protocol::Icmp { kind: 3, code: 4 };
    w.add_rule("g-b", from_cidr("sgr-1", Selector::icmp(false, Some(8), None), "10.0.1.0/24"));
    w.send("a", "10.0.2.20", PING).reached("b");
    w.send("a", "10.0.2.20", unreachable).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
    w.add_rule("g-b", from_cidr("sgr-2", Selector::icmp(false, Some(3), Some(4)), "10.0.1.0/24"));
    w.send("a", "10.0.2.20", unreachable).reached("b");
    w.send("a", "10.0.2.20", Protocol::Icmp { kind: 3, code: 3 }).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
    // A protocol by number, and only that one.
    w.send("a", "10.0.2.20", Protocol::Other(47)).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
    w.add_rule("g-b", from_cidr("sgr-3", Selector::number(47), "10.0.1.0/24"));
    w.send("a", "10.0.2.20", Protocol::Other(47)).reached("b");
    w.send("a", "10.0.2.20", Protocol::Other(46)).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
    // -1 is everything.
    w.add_rule("g-b", from_cidr("sgr-4", Selector::ALL, "10.0.1.0/24"));
    for protocol in [Protocol::Other(46), Protocol::udp(9), HTTPS, Protocol::Icmp { kind: 3, code: 3 }] {
        w.send("a", "10.0.2.20", protocol).reached("b");
    }
    // Families are apart: the rule for ICMP says nothing of ICMPv6.
    let echo6 = Protocol::Icmpv6 { kind: 128, code: 0 };
    w.send("a", "2001:db8:0:102::b", echo6).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
    w.add_rule("g-b", from_cidr("sgr-5", Selector::icmp(true, Some(128), None), "2001:db8:0:101::/64"));
    w.send("a", "2001:db8:0:102::b", echo6).reached("b");
}

#[test]
fn check_55_prefix_lists() {
    let mut w = two_subnets();
    let peer =
        RulePeer::PrefixList { id: "pl-1".into(), cidrs: vec![net("192.0.2.0/24"), net("10.0.1.10/32")] };
    w.add_rule("g-b", rule("sgr-1", Direction::Ingress, Selector::tcp(443, 443), peer));
    w.send("a", "10.0.2.20", HTTPS).reached("b");
    w.send("c", "10.0.2.20", HTTPS).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
    for rule in &mut w.group_mut("g-b").rules {
        if let RulePeer::PrefixList { cidrs, .. } = &mut rule.peer {
            cidrs.push(net("10.0.1.30/32"));
        }
    }
    w.send("c", "10.0.2.20", HTTPS).reached("b");
}

#[test]
fn check_56_metadata_dns_dhcp_and_time_are_never_filtered() {
    let mut w = two_subnets();
    w.group_mut("g-a").rules.clear();
    w.acl("acl-none", "s1", vec![]);
    let cases = [
        ("169.254.169.254", Protocol::tcp(80), Service::Metadata),
        ("fd00:ec2::254", Protocol::tcp(80), Service::Metadata),
        ("10.0.0.2", Protocol::udp(53), Service::Dns),
        ("10.0.0.2", Protocol::tcp(53), Service::Dns),
        ("169.254.169.253", Protocol::udp(53), Service::Dns),
        ("fd00:ec2::253", Protocol::udp(53), Service::Dns),
        ("169.254.169.123", Protocol::udp(123), Service::Time),
        ("fd00:ec2::123", Protocol::udp(123), Service::Time),
        ("10.0.1.1", PING, Service::Router),
        ("255.255.255.255", Protocol::Udp { source: 68, destination: 67 }, Service::Dhcp),
        ("10.0.1.1", Protocol::Udp { source: 68, destination: 67 }, Service::Dhcp),
        ("ff02::1:2", Protocol::Udp { source: 546, destination: 547 }, Service::Dhcp),
    ];
    for (address, protocol, service) in cases {
        let judgement = w.send("a", address, protocol);
        let Verdict::Delivered { at, .. } = &judgement.verdict else { panic!("{address}: {judgement:?}") };
        assert_eq!(*at, Place::Service { vpc: "v".into(), service }, "{address}");
        let answer = judgement.answer().unwrap();
        if answer.header.destination == ip("10.0.1.10") {
            judge(&w.0, &answer).reached("a");
        }
    }
    // A lease begins without an address.
    let discover = Packet::new(
        eni("a"),
        ip("0.0.0.0"),
        ip("255.255.255.255"),
        Protocol::Udp { source: 68, destination: 67 },
    );
    assert!(judge(&w.0, &discover).verdict.is_delivered());
    // Anything else to a service's address is not answered, nor is another's source.
    w.send("a", "169.254.169.254", Protocol::tcp(81)).dropped_by("v", "PROTOCOL_RESTRICTION");
    w.interface_mut("a").source_dest_check = false;
    let spoofed = Packet::new(eni("a"), ip("10.0.2.20"), ip("169.254.169.254"), Protocol::tcp(80));
    judge(&w.0, &spoofed).dropped_by("a", "ENI_SOURCE_DEST_CHECK_RESTRICTION");
    // With DNS support off nobody answers at the resolver's addresses.
    w.0.vpcs[0].dns_support = false;
    w.send("a", "10.0.0.2", Protocol::udp(53)).dropped_by("v", "PROTOCOL_RESTRICTION");
}

#[test]
fn an_appliance_between_two_members_hides_who_they_are() {
    let mut w = two_subnets();
    w.subnet("s3", "v", &["10.0.3.0/24"])
        .group("g-x", "v", all_out())
        .add_rule("g-x", from_cidr("sgr-x", Selector::ALL, "0.0.0.0/0"))
        .machine("x", "s3", &["10.0.3.9"], &["g-x"])
        .add_rule("g-b", from_group("sgr-1", Selector::ALL, "g-a"));
    w.interface_mut("x").source_dest_check = false;
    // The appliance sends on what a sent: by address it would be a member.
    let forwarded = Packet::new(eni("x"), ip("10.0.1.10"), ip("10.0.2.20"), HTTPS);
    judge(&w.0, &forwarded).dropped_by("g-b", "SG_REFERENCES_NOT_PRESERVED");
    w.add_rule("g-b", from_cidr("sgr-2", Selector::ALL, "10.0.1.0/24"));
    judge(&w.0, &forwarded).reached("b");
}
