//! VPC, subnets and routes: checks 17 and 23–29 of the packet-truth suite.

use crate::world::*;
use reachability::topology::*;
use reachability::{Protocol, RoundTrip, Rule, Verdict, round_trip};

const HTTPS: Protocol = Protocol::tcp(443);

/// Two subnets whose machines take everything from everybody.
fn open() -> World {
    let mut w = two_subnets();
    for group in ["g-a", "g-b", "g-c"] {
        w.add_rule(group, from_cidr("sgr-in4", Selector::ALL, "0.0.0.0/0"));
        w.add_rule(group, from_cidr("sgr-in6", Selector::ALL, "::/0"));
    }
    w
}

/// A second VPC `p` with a machine `far`, peered by `pcx`; no routes yet.
fn peer(w: &mut World) {
    w.vpc("p", &["10.1.0.0/16"])
        .subnet("ps", "p", &["10.1.0.0/24"])
        .group("g-p", "p", all_out())
        .add_rule("g-p", from_cidr("sgr-in", Selector::ALL, "0.0.0.0/0"))
        .machine("far", "ps", &["10.1.0.5"], &["g-p"])
        .peering("pcx", "v", "p");
}

fn to_peer(cidr: &str) -> Route {
    route(cidr, RouteOrigin::Static, RouteTarget::Peering("pcx".into()))
}

#[test]
fn check_17_broadcast_multicast_and_reserved_addresses_go_nowhere() {
    let w = open();
    for address in
        ["10.0.1.255", "10.0.1.0", "255.255.255.255", "224.0.0.1", "239.1.2.3", "ff02::1", "ff05::2"]
    {
        w.send("a", address, Protocol::udp(9)).dropped_by("v", "NO_POSSIBLE_DESTINATION");
    }
    for address in ["127.0.0.1", "240.0.0.1", "169.254.168.1", "fd00:ec2::1", "fe80::1", "::1"] {
        w.send("a", address, Protocol::udp(9)).dropped_by("v", "NO_POSSIBLE_DESTINATION");
    }
    // The router answers for base + 1; base + 2 and + 3 of a subnet that is not the VPC's first are nobody's.
    assert!(w.send("a", "10.0.2.1", PING).verdict.is_delivered());
    w.send("a", "10.0.1.1", HTTPS).dropped_by("v", "PROTOCOL_RESTRICTION");
    w.send("a", "10.0.1.2", Protocol::udp(53)).dropped_by("v", "NO_POSSIBLE_DESTINATION");
    w.send("a", "10.0.2.77", HTTPS).dropped_by("v", "NO_POSSIBLE_DESTINATION");
}

#[test]
fn check_23_the_longest_prefix_wins() {
    let mut w = open();
    peer(&mut w);
    w.add_route("rtb-v", to_peer("10.1.0.0/24"))
        .add_route("rtb-v", route("10.1.0.0/16", RouteOrigin::Static, RouteTarget::Blackhole))
        .add_route("rtb-v", route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::Blackhole));
    w.send("a", "10.1.0.5", HTTPS).reached("far");
    // One address longer than the route that leads there.
    w.add_route("rtb-v", route("10.1.0.5/32", RouteOrigin::Static, RouteTarget::Blackhole));
    w.send("a", "10.1.0.5", HTTPS).dropped_by("rtb-v", "BAD_STATE_ROUTE");
    w.send("a", "10.1.0.6", HTTPS).dropped_by("p", "NO_POSSIBLE_DESTINATION");
    w.send("a", "10.1.1.5", HTTPS).dropped_by("rtb-v", "BAD_STATE_ROUTE");
}

#[test]
fn check_24_static_beats_propagated_for_an_equal_prefix() {
    let mut w = open();
    peer(&mut w);
    let learned =
        |cidr| route(cidr, RouteOrigin::Propagated, RouteTarget::VirtualPrivateGateway("vgw".into()));
    w.add_route("rtb-v", learned("10.1.0.0/16")).add_route("rtb-v", to_peer("10.1.0.0/16"));
    w.send("a", "10.1.0.5", HTTPS).reached("far");
    // A longer propagated one wins against a static one…
    w.add_route("rtb-v", learned("10.1.0.0/24"));
    w.send("a", "10.1.0.5", HTTPS).dropped_by("vgw", "BAD_STATE_VPN");
    // …but never against the VPC's own blocks.
    w.add_route("rtb-v", learned("10.0.2.0/24"));
    w.send("a", "10.0.2.20", HTTPS).reached("b");
}

#[test]
fn check_24_a_static_route_beats_a_prefix_list_and_that_a_propagated_one() {
    let mut w = open();
    peer(&mut w);
    let by_list = |target| Route {
        destinations: vec![net("192.0.2.0/24"), net("10.1.0.0/16")],
        prefix_list: Some("pl-1".into()),
        origin: RouteOrigin::Static,
        target,
    };
    let learned =
        route("10.1.0.0/16", RouteOrigin::Propagated, RouteTarget::VirtualPrivateGateway("vgw".into()));
    w.add_route("rtb-v", learned).add_route("rtb-v", by_list(RouteTarget::Peering("pcx".into())));
    let judgement = w.send("a", "10.1.0.5", HTTPS);
    judgement.reached("far");
    let taken = judgement.path.iter().find_map(|s| match &s.rule {
        Rule::Route(fact) => Some((fact.destination, fact.route.prefix_list.clone())),
        _ => None,
    });
    assert_eq!(taken, Some((net("10.1.0.0/16"), Some("pl-1".into()))));
    w.add_route("rtb-v", route("10.1.0.0/16", RouteOrigin::Static, RouteTarget::Blackhole));
    w.send("a", "10.1.0.5", HTTPS).dropped_by("rtb-v", "BAD_STATE_ROUTE");
}

#[test]
fn check_25_a_route_whose_target_is_gone_is_a_silent_blackhole() {
    let mut w = open();
    let by_machine = route("192.0.2.0/24", RouteOrigin::Static, RouteTarget::NetworkInterface("c".into()));
    w.add_route("rtb-v", by_machine);
    w.interface_mut("c").source_dest_check = false;
    assert!(matches!(w.send("b", "192.0.2.1", HTTPS).verdict, Verdict::DeliveredToAppliance { .. }));
    w.interface_mut("c").running = false;
    w.send("b", "192.0.2.1", HTTPS).dropped_by("rtb-v", "BAD_STATE_ROUTE");
    w.0.network_interfaces.retain(|i| *i.id != *"c");
    w.send("b", "192.0.2.1", HTTPS).dropped_by("rtb-v", "BAD_STATE_ROUTE");
    // A less specific route does not take its place.
    w.igw("igw", "v").public("b", "10.0.2.20", "198.18.0.2").add_route(
        "rtb-v",
        route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::InternetGateway("igw".into())),
    );
    w.send("b", "192.0.2.1", HTTPS).dropped_by("rtb-v", "BAD_STATE_ROUTE");
    w.send("b", "192.0.3.1", HTTPS).went_out();
    // The same for a NAT gateway that is deleted.
    w.nat("nat", "s1", "10.0.1.99", Some("198.18.0.9"));
    w.table(
        "rtb-n",
        "s2",
        vec![route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::NatGateway("nat".into()))],
    );
    w.send("b", "192.0.2.1", HTTPS).dropped_by("rtb-v", "BAD_STATE_ROUTE");
    w.0.nat_gateways[0].available = false;
    w.send("b", "192.0.3.1", HTTPS).dropped_by("rtb-n", "BAD_STATE_ROUTE");
}

#[test]
fn check_26_a_changed_table_counts_for_a_live_flow() {
    let mut w = open();
    peer(&mut w);
    w.add_route("rtb-v", to_peer("10.1.0.0/16"))
        .add_route("rtb-p", route("10.0.0.0/16", RouteOrigin::Static, RouteTarget::Peering("pcx".into())));
    let first = w.send("a", "10.1.0.5", HTTPS);
    first.reached("far");
    w.answer(&first).reached("a");
    w.table_mut("rtb-v").routes.pop();
    w.more("a", &first).dropped_by("rtb-v", "NO_ROUTE_TO_DESTINATION");
    w.answer(&first).reached("a");
    w.table_mut("rtb-p").routes.pop();
    w.answer(&first).dropped_by("rtb-p", "NO_ROUTE_TO_DESTINATION");
}

#[test]
fn check_27_a_subnet_without_association_uses_the_main_table() {
    let mut w = open();
    peer(&mut w);
    w.add_route("rtb-v", to_peer("10.1.0.0/16"));
    w.send("a", "10.1.0.5", HTTPS).reached("far");
    w.table("rtb-own", "s1", vec![]);
    w.send("a", "10.1.0.5", HTTPS).dropped_by("rtb-own", "NO_ROUTE_TO_DESTINATION");
    w.send("b", "10.1.0.5", HTTPS).reached("far");
    w.0.vpcs[0].main_route_table = "rtb-own".into();
    w.send("b", "10.1.0.5", HTTPS).dropped_by("rtb-own", "NO_ROUTE_TO_DESTINATION");
}

#[test]
fn check_28_an_appliance_carries_both_directions() {
    let mut w = open();
    let through = |id: &str, cidr| route(cidr, RouteOrigin::Static, RouteTarget::NetworkInterface(id.into()));
    w.subnet("s3", "v", &["10.0.3.0/24"])
        .machine("x", "s3", &["10.0.3.9"], &["g-c"])
        .table("rtb-1", "s1", vec![through("x", "10.0.2.0/24")])
        .table("rtb-2", "s2", vec![through("x", "10.0.1.0/24")]);
    // With the check on, the appliance does not get what is not for it.
    w.send("a", "10.0.2.20", HTTPS).dropped_by("x", "ENI_SOURCE_DEST_CHECK_RESTRICTION");
    w.interface_mut("x").source_dest_check = false;
    let seen = w.send("a", "10.0.2.20", HTTPS).verdict;
    let header = w.packet("a", "10.0.2.20", HTTPS).header;
    assert_eq!(seen, Verdict::DeliveredToAppliance { interface: "x".into(), as_seen: header });
    let RoundTrip { forward, back, works } = round_trip(&w.0, &w.packet("a", "10.0.2.20", HTTPS));
    assert!(works);
    assert_eq!((forward.len(), back.len()), (2, 2));
    // The flow is tracked at all three, so the answer needs no rules of its own.
    let mut narrow = w.clone();
    narrow.group_mut("g-a").rules = vec![to_cidr("sgr-1", Selector::tcp(443, 443), "10.0.2.0/24")];
    narrow.group_mut("g-b").rules = vec![from_cidr("sgr-2", Selector::tcp(443, 443), "10.0.1.0/24")];
    narrow.group_mut("g-c").rules = vec![
        from_cidr("sgr-3", Selector::tcp(443, 443), "10.0.1.0/24"),
        to_cidr("sgr-4", Selector::tcp(443, 443), "10.0.2.0/24"),
    ];
    assert!(round_trip(&narrow.0, &narrow.packet("a", "10.0.2.20", HTTPS)).works);
    assert!(!round_trip(&narrow.0, &narrow.packet("b", "10.0.1.10", HTTPS)).works);
    // The appliance's own groups judge both directions.
    w.revoke("g-c", "sgr-in4");
    w.send("a", "10.0.2.20", HTTPS).dropped_by("g-c", "ENI_SG_RULES_MISMATCH");
    // Inside a subnet no table is asked.
    w.add_rule("g-c", from_cidr("sgr-in4", Selector::ALL, "0.0.0.0/0"));
    w.add_route("rtb-1", through("x", "10.0.1.0/24"));
    w.send("a", "10.0.1.30", HTTPS).reached("c");
}

#[test]
fn check_29_user_before_bgp_before_system() {
    let mut w = open();
    peer(&mut w);
    w.add_route("rtb-v", route("10.1.0.0/16", RouteOrigin::System, RouteTarget::Blackhole));
    w.send("a", "10.1.0.5", HTTPS).dropped_by("rtb-v", "BAD_STATE_ROUTE");
    w.add_route("rtb-v", route("10.1.0.0/16", RouteOrigin::Propagated, RouteTarget::Peering("pcx".into())));
    w.send("a", "10.1.0.5", HTTPS).reached("far");
    let user = route("10.1.0.0/16", RouteOrigin::Static, RouteTarget::VirtualPrivateGateway("vgw".into()));
    w.add_route("rtb-v", user);
    w.send("a", "10.1.0.5", HTTPS).dropped_by("vgw", "BAD_STATE_VPN");
    // A user's route of the VPC's own length takes the place of the system's.
    w.table_mut("rtb-v").routes.insert(0, route("10.0.0.0/16", RouteOrigin::Static, RouteTarget::Blackhole));
    w.send("a", "10.0.2.20", HTTPS).dropped_by("rtb-v", "BAD_STATE_ROUTE");
}

#[test]
fn routes_that_go_round_end() {
    let mut w = open();
    w.nat("n1", "s1", "10.0.1.98", None).nat("n2", "s2", "10.0.2.98", None);
    let to = |nat: &str| vec![route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::NatGateway(nat.into()))];
    w.table("rtb-1", "s1", to("n2")).table("rtb-2", "s2", to("n1"));
    w.send("a", "192.0.2.1", HTTPS).dropped_by("v", "NO_PATH");
}

#[test]
fn a_gateway_endpoint_takes_tcp_and_echo() {
    let mut w = open();
    w.0.gateway_endpoints.push(GatewayEndpoint { id: "vpce".into(), vpc: "v".into(), available: true });
    w.add_route(
        "rtb-v",
        Route {
            destinations: vec![net("192.0.2.0/24")],
            prefix_list: Some("pl-s3".into()),
            origin: RouteOrigin::Static,
            target: RouteTarget::GatewayEndpoint("vpce".into()),
        },
    );
    let first = w.send("a", "192.0.2.9", HTTPS);
    assert!(first.verdict.is_delivered());
    w.answer(&first).reached("a");
    assert!(w.send("a", "192.0.2.9", PING).verdict.is_delivered());
    w.send("a", "192.0.2.9", Protocol::udp(53)).dropped_by("vpce", "VPCE_GATEWAY_PROTOCOL_RESTRICTION");
}
