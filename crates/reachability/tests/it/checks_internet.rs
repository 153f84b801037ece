//! Internet and NAT gateways: checks 30–38 of the packet-truth suite.

use crate::world::*;
use reachability::topology::*;
use reachability::{Packet, Place, Protocol, State, judge, round_trip};

const HTTPS: Protocol = Protocol::tcp(443);
const HOST: &str = "203.0.113.7";

fn to_igw(cidr: &str) -> Route {
    route(cidr, RouteOrigin::Static, RouteTarget::InternetGateway("igw".into()))
}

/// Machines that take everything, `a` in the public subnet `s1` with an elastic address, `b` in the private `s2`.
fn public() -> World {
    let mut w = two_subnets();
    for group in ["g-a", "g-b"] {
        w.add_rule(group, from_cidr("sgr-in4", Selector::ALL, "0.0.0.0/0"));
        w.add_rule(group, from_cidr("sgr-in6", Selector::ALL, "::/0"));
    }
    w.igw("igw", "v").table("rtb-pub", "s1", vec![to_igw("0.0.0.0/0"), to_igw("::/0")]);
    w.public("a", "10.0.1.10", "198.18.0.1");
    w
}

/// The same with a public NAT gateway in `s1` that `s2` leaves by.
fn natted() -> World {
    let mut w = public();
    w.nat("nat", "s1", "10.0.1.99", Some("198.18.0.9"));
    w.table(
        "rtb-priv",
        "s2",
        vec![route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::NatGateway("nat".into()))],
    );
    w
}

#[test]
fn check_30_the_internet_needs_route_and_address() {
    let mut w = public();
    assert!(round_trip(&w.0, &w.packet("a", HOST, HTTPS)).works);
    let inward = Packet::new(Place::Internet, ip(HOST), ip("198.18.0.1"), HTTPS);
    assert!(round_trip(&w.0, &inward).works);
    // No address: the gateway does not know whom to be.
    w.send("c", HOST, HTTPS).dropped_by("igw", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS");
    // No route: nothing goes out, and of what comes in no answer gets back.
    w.send("b", HOST, HTTPS).dropped_by("rtb-v", "NO_ROUTE_TO_DESTINATION");
    w.public("b", "10.0.2.20", "198.18.0.2");
    let inward = Packet::new(Place::Internet, ip(HOST), ip("198.18.0.2"), HTTPS);
    let trip = round_trip(&w.0, &inward);
    trip.forward[0].reached("b");
    trip.back[0].dropped_by("rtb-v", "NO_ROUTE_TO_DESTINATION");
    // Without the attachment the route is a blackhole, and outside nobody finds the VPC.
    w.0.internet_gateways[0].vpc = None;
    w.send("a", HOST, HTTPS).dropped_by("rtb-pub", "BAD_STATE_ROUTE");
    w.outside(HOST, "198.18.0.1", HTTPS).dropped_by("internet", "BAD_STATE_ATTACHMENT");
    w.outside(HOST, "198.18.0.200", HTTPS).dropped_by("internet", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS");
}

#[test]
fn check_30_private_addresses_stay_inside() {
    let w = public();
    w.send("a", "192.168.7.7", HTTPS).dropped_by("igw", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS");
    w.send("a", "100.64.0.1", HTTPS).dropped_by("igw", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS");
    w.outside("10.9.9.9", "198.18.0.1", HTTPS).dropped_by("igw", "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS");
    w.outside("100.127.255.255", "198.18.0.1", HTTPS)
        .dropped_by("igw", "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS");
    w.outside("100.128.0.0", "198.18.0.1", HTTPS).reached("a");
    let inside = "2001:db8:0:1ff::1";
    w.outside(inside, "2001:db8:0:101::a", HTTPS).dropped_by("igw", "GATEWAY_REJECTS_SPOOFED_TRAFFIC");
}

#[test]
fn a_private_clouds_outside_is_a_local_network() {
    let mut w = public();
    w.0.outside_private = true;
    assert_eq!(w.send("a", "192.168.7.7", HTTPS).went_out().source, ip("198.18.0.1"));
    w.outside("10.9.9.9", "198.18.0.1", HTTPS).reached("a");
    // What is the VPC's own still does not come from outside.
    w.outside("10.0.1.77", "198.18.0.1", HTTPS).dropped_by("igw", "GATEWAY_REJECTS_SPOOFED_TRAFFIC");
}

#[test]
fn ipv6_leaves_under_any_address_of_the_vpc_and_no_other() {
    let mut w = public();
    w.0.network_interfaces.iter_mut().for_each(|i| i.source_dest_check = false);
    let from = |source: &str| {
        let at = Place::NetworkInterface("a".into());
        judge(&w.0, &Packet::new(at, ip(source), ip("2a00:1450::7"), HTTPS))
    };
    from("2001:db8:0:101::ffff").went_out();
    from("2a00:1450::8").dropped_by("igw", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS");
}

#[test]
fn check_31_the_instance_sees_only_its_private_address() {
    let w = public();
    let seen = w.outside(HOST, "198.18.0.1", HTTPS).reached("a");
    assert_eq!((seen.source, seen.destination), (ip(HOST), ip("10.0.1.10")));
    let seen = w.send("a", HOST, HTTPS).went_out();
    assert_eq!((seen.source, seen.destination), (ip("198.18.0.1"), ip(HOST)));
}

#[test]
fn check_32_a_moved_address_works_and_old_flows_die() {
    let mut w = public();
    let first = w.outside(HOST, "198.18.0.1", HTTPS);
    first.reached("a");
    w.interface_mut("a").public.clear();
    w.table("rtb-pub2", "s2", vec![to_igw("0.0.0.0/0")]).public("b", "10.0.2.20", "198.18.0.1");
    // The old server's answers have no address any more; the address is the new server's.
    w.answer(&first).dropped_by("igw", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS");
    w.outside(HOST, "198.18.0.1", HTTPS).reached("b");
    assert!(round_trip(&w.0, &Packet::new(Place::Internet, ip(HOST), ip("198.18.0.1"), HTTPS)).works);
}

#[test]
fn check_34_a_nat_gateway_lets_only_answers_in() {
    let w = natted();
    let first = w.send("b", HOST, HTTPS);
    assert_eq!(first.went_out().source, ip("198.18.0.9"));
    let back = w.answer(&first);
    assert_eq!(back.reached("b"), w.packet("b", HOST, HTTPS).header.reversed());
    w.outside(HOST, "198.18.0.9", HTTPS).dropped_by("nat", "NGW_REQUIRES_SOURCE_IN_VPC");
    w.send("a", "10.0.1.99", HTTPS).dropped_by("nat", "NGW_REQUIRES_SOURCE_IN_VPC");
    // An answer to something that was never asked.
    let mut stray = first.answer().unwrap();
    stray.header.source = ip("203.0.113.8");
    judge(&w.0, &stray).dropped_by("nat", "NGW_REQUIRES_SOURCE_IN_VPC");
}

#[test]
fn check_34_the_second_leg_is_judged_in_the_gateways_subnet() {
    use reachability::Direction::{Egress, Ingress};
    let mut w = natted();
    // Out: into the gateway's subnet with the machine's source, out of it with the gateway's.
    w.acl(
        "acl-1",
        "s1",
        vec![
            entry(100, Ingress, Selector::ALL, "10.0.2.0/24", true),
            entry(100, Egress, Selector::ALL, "0.0.0.0/0", true),
        ],
    );
    let first = w.send("b", HOST, HTTPS);
    first.went_out();
    // Back: the answer comes from the host, which the ACL does not know yet.
    w.answer(&first).dropped_by("acl-1", "SUBNET_ACL_RESTRICTION");
    w.acl_mut("acl-1").entries.push(entry(110, Ingress, Selector::tcp(1024, 65535), "203.0.113.0/24", true));
    w.answer(&first).reached("b");
    // The gateway's own subnet decides where it goes from there.
    w.table_mut("rtb-pub").routes.retain(|r| r.origin == RouteOrigin::Local);
    w.send("b", HOST, HTTPS).dropped_by("rtb-pub", "NO_ROUTE_TO_DESTINATION");
}

#[test]
fn check_35_equal_source_ports_of_two_machines_are_both_translated() {
    let mut w = natted();
    w.machine("b2", "s2", &["10.0.2.21"], &["g-b"]);
    for machine in ["b", "b2"] {
        let trip = round_trip(&w.0, &w.packet(machine, HOST, HTTPS));
        assert!(trip.works);
    }
    // A low source port does not survive: behind the gateway ports are ephemeral.
    let low = Protocol::Udp { source: 500, destination: 500 };
    let first = w.send("b", HOST, low);
    let (source, destination) = first.went_out().protocol.ports().unwrap();
    assert!(source >= 1024, "{source}");
    assert_eq!(destination, 500);
    w.answer(&first).reached("b");
}

#[test]
fn check_36_a_nat_gateway_without_address_fails() {
    let mut w = natted();
    w.0.nat_gateways[0].addresses[0].public = None;
    w.send("b", HOST, HTTPS).dropped_by("igw", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS");
}

#[test]
fn check_36_what_a_nat_gateway_does_not_carry() {
    let mut w = natted();
    w.send("b", HOST, Protocol::Other(47)).dropped_by("nat", "PROTOCOL_RESTRICTION");
    w.send("b", HOST, PING).went_out();
    w.send("b", HOST, Protocol::udp(53)).went_out();
    // A source that is not the VPC's.
    w.interface_mut("b").source_dest_check = false;
    let foreign = Packet::new(eni("b"), ip("192.0.2.1"), ip(HOST), HTTPS);
    judge(&w.0, &foreign).dropped_by("nat", "NGW_REQUIRES_SOURCE_IN_VPC");
    // The middle of a connection that it does not know.
    let mut middle = w.packet("b", HOST, HTTPS);
    middle.state = State::Established(Box::new(reachability::Flow::nothing(middle.header)));
    judge(&w.0, &middle).dropped_by("nat", "NO_PATH");
}

#[test]
fn check_36_flows_through_a_nat_gateway_are_always_tracked() {
    let mut w = natted();
    // Open both ways: to a neighbour such a flow is untracked.
    assert!(!w.send("b", "10.0.1.10", HTTPS).flow.tracked_at.contains(&"b".into()));
    let first = w.send("b", HOST, HTTPS);
    assert_eq!(first.flow.tracked_at, vec!["b".into()]);
    w.group_mut("g-b").rules.clear();
    w.more("b", &first).went_out();
    w.answer(&first).reached("b");
}

#[test]
fn a_private_nat_gateway_hides_machines_from_a_peer() {
    let mut w = public();
    w.vpc("p", &["10.1.0.0/16"])
        .subnet("ps", "p", &["10.1.0.0/24"])
        .group("g-p", "p", all_out())
        .add_rule("g-p", from_cidr("sgr-1", Selector::ALL, "10.0.1.99/32"))
        .machine("far", "ps", &["10.1.0.5"], &["g-p"])
        .peering("pcx", "v", "p")
        .nat("nat", "s1", "10.0.1.99", None)
        .add_route("rtb-pub", route("10.1.0.0/16", RouteOrigin::Static, RouteTarget::Peering("pcx".into())))
        .add_route("rtb-p", route("10.0.1.0/24", RouteOrigin::Static, RouteTarget::Peering("pcx".into())))
        .add_route("rtb-v", route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::NatGateway("nat".into())));
    let trip = round_trip(&w.0, &w.packet("b", "10.1.0.5", HTTPS));
    assert_eq!(trip.forward[0].reached("far").source, ip("10.0.1.99"));
    assert!(trip.works);
    // To the internet it leads nowhere.
    w.send("b", HOST, HTTPS).dropped_by("igw", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS");
}

#[test]
fn check_37_an_egress_only_gateway_lets_only_answers_in() {
    let mut w = public();
    let out = "2001:db8:ffff::1";
    let by = route("::/0", RouteOrigin::Static, RouteTarget::EgressOnlyInternetGateway("eigw".into()));
    w.eigw("eigw", "v").table("rtb-priv", "s2", vec![by]);
    let first = w.send("b", out, HTTPS);
    assert_eq!(first.went_out().source, ip("2001:db8:0:102::b"));
    w.answer(&first).reached("b");
    w.outside(out, "2001:db8:0:102::b", HTTPS).dropped_by("eigw", "NO_PATH");
    // IPv4 is not its business.
    let v4 = route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::EgressOnlyInternetGateway("eigw".into()));
    w.add_route("rtb-priv", v4);
    w.send("b", HOST, HTTPS).dropped_by("eigw", "PROTOCOL_RESTRICTION");
}

#[test]
fn check_38_ipv6_needs_no_translation() {
    let w = public();
    let out = "2001:db8:ffff::1";
    let trip = round_trip(&w.0, &w.packet("a", out, HTTPS));
    assert!(trip.works);
    assert_eq!(trip.forward[0].went_out().source, ip("2001:db8:0:101::a"));
    let inward = Packet::new(Place::Internet, ip(out), ip("2001:db8:0:101::a"), HTTPS);
    assert!(round_trip(&w.0, &inward).works);
    w.outside(out, "2001:db8:0:101::77", HTTPS).dropped_by("igw", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS");
    w.outside(out, "2001:db8:eeee::1", HTTPS)
        .dropped_by("internet", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS");
}

#[test]
fn two_clouds_meet_on_the_internet() {
    let mut w = public();
    w.vpc("o", &["10.0.0.0/16"])
        .subnet("os", "o", &["10.0.1.0/24"])
        .group("g-o", "o", all_out())
        .add_rule("g-o", from_cidr("sgr-1", Selector::tcp(443, 443), "198.18.0.1/32"))
        .machine("other", "os", &["10.0.1.10"], &["g-o"])
        .igw("igw-o", "o")
        .public("other", "10.0.1.10", "198.18.0.3")
        .add_route(
            "rtb-o",
            route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::InternetGateway("igw-o".into())),
        );
    let trip = round_trip(&w.0, &w.packet("a", "198.18.0.3", HTTPS));
    assert_eq!(trip.forward[0].reached("other").source, ip("198.18.0.1"));
    assert!(trip.works);
    w.send("a", "198.18.0.3", Protocol::tcp(80)).dropped_by("g-o", "ENI_SG_RULES_MISMATCH");
}

#[test]
fn a_gateway_route_table_puts_an_appliance_before_a_subnet() {
    let mut w = public();
    w.subnet("s3", "v", &["10.0.3.0/24"]).machine("x", "s3", &["10.0.3.9"], &["g-b"]).table(
        "rtb-x",
        "s3",
        vec![to_igw("0.0.0.0/0")],
    );
    w.interface_mut("x").source_dest_check = false;
    let mut routes = w.table_mut("rtb-v").routes.clone();
    routes.push(route("10.0.1.0/24", RouteOrigin::Static, RouteTarget::NetworkInterface("x".into())));
    w.0.route_tables.push(RouteTable { id: "rtb-edge".into(), vpc: "v".into(), routes });
    w.0.internet_gateways[0].route_table = Some("rtb-edge".into());
    w.outside(HOST, "198.18.0.1", HTTPS).dropped_by("rtb-edge", "INGRESS_RTB_NO_PUBLIC_IP");
    w.public("x", "10.0.3.9", "198.18.0.5");
    let inward = Packet::new(Place::Internet, ip(HOST), ip("198.18.0.1"), HTTPS);
    let trip = round_trip(&w.0, &inward);
    // The answer left past the appliance.
    trip.last().unwrap().dropped_by("igw", "INGRESS_RTB_TRAFFIC_REDIRECTION");
    let through = route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::NetworkInterface("x".into()));
    w.table("rtb-pub", "s1", vec![through]);
    w.subnet_mut("s1").route_table = Some("rtb-new".into());
    let renamed = w.0.route_tables.last_mut().unwrap();
    renamed.id = "rtb-new".into();
    let trip = round_trip(&w.0, &inward);
    assert!(trip.works, "{}", reachability::render_text(trip.last().unwrap()));
    assert_eq!((trip.forward.len(), trip.back.len()), (2, 2));
    // Other subnets are not redirected.
    w.table("rtb-pub3", "s2", vec![to_igw("0.0.0.0/0")]).public("b", "10.0.2.20", "198.18.0.2");
    w.outside(HOST, "198.18.0.2", HTTPS).reached("b");
}

#[test]
fn an_egress_only_gateway_does_not_know_flows_that_came_in_elsewhere() {
    let mut w = public();
    let out = "2001:db8:ffff::1";
    let first = w.outside(out, "2001:db8:0:101::a", HTTPS);
    first.reached("a");
    let by = route("::/0", RouteOrigin::Static, RouteTarget::EgressOnlyInternetGateway("eigw".into()));
    w.eigw("eigw", "v").table("rtb-eigw", "s1", vec![by]);
    w.answer(&first).dropped_by("eigw", "NO_PATH");
}

#[test]
fn a_next_hop_in_the_same_subnet_is_not_behind_the_acl() {
    let mut w = public();
    w.nat("nat", "s1", "10.0.1.99", Some("198.18.0.9")).acl("acl-1", "s1", vec![]);
    let by = route("192.0.2.0/24", RouteOrigin::Static, RouteTarget::NetworkInterface("c".into()));
    w.interface_mut("c").source_dest_check = false;
    w.interface_mut("c").groups = vec!["g-a".into()];
    w.add_route("rtb-pub", by);
    // The packet never leaves the subnet, so its ACL, which denies everything, is not asked.
    let judgement = w.send("a", "192.0.2.1", HTTPS);
    assert!(matches!(judgement.verdict, reachability::Verdict::DeliveredToAppliance { .. }));
    // Nor is it asked on the way to a gateway.
    let through = route("192.0.2.0/24", RouteOrigin::Static, RouteTarget::NatGateway("nat".into()));
    w.table_mut("rtb-pub").routes.pop();
    w.add_route("rtb-pub", through);
    let judgement = w.send("a", "192.0.2.1", HTTPS);
    // The gateway stands in the subnet whose table leads to it, so behind it there is only the same way again; still
    // nothing has left the subnet.
    judgement.dropped_by("v", "NO_PATH");
    assert_eq!(judgement.objections.len(), 1);
}

#[test]
fn the_gateway_asks_for_a_working_interface_behind_the_source() {
    let mut w = public();
    // An appliance sends on what comes from a stopped machine.
    w.machine("x", "s1", &["10.0.1.9"], &["g-a"]);
    w.interface_mut("x").source_dest_check = false;
    let forwarded = Packet::new(eni("x"), ip("10.0.1.10"), ip(HOST), HTTPS);
    judge(&w.0, &forwarded).went_out();
    w.interface_mut("a").running = false;
    judge(&w.0, &forwarded).dropped_by("igw", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS");
}

#[test]
fn a_reference_does_not_reach_into_a_vpc_that_is_no_peer() {
    let mut w = public();
    w.vpc("o", &["10.7.0.0/16", "2001:db8:0:700::/56"])
        .subnet("os", "o", &["10.7.0.0/24", "2001:db8:0:701::/64"])
        .group("g-o", "o", all_out())
        .add_rule("g-o", from_group("sgr-1", Selector::ALL, "g-a"))
        .machine("other", "os", &["10.7.0.4", "2001:db8:0:701::4"], &["g-o"])
        .igw("igw-o", "o");
    // By IPv6 the two meet on the internet, each under its own address.
    w.send("a", "2001:db8:0:701::4", HTTPS).dropped_by("g-o", "ENI_SG_RULES_MISMATCH");
    w.add_rule("g-o", from_cidr("sgr-2", Selector::ALL, "2001:db8:0:101::a/128"));
    w.send("a", "2001:db8:0:701::4", HTTPS).reached("other");
}
