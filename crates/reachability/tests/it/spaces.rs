//! Questions with filters left open.

use crate::world::*;
use reachability::topology::*;
use reachability::{
    AddressRange, Direction, HeaderSpace, Place, PortRange, Protocol, Query, Seen, SpaceError, header_space,
};

fn ask(w: &World, query: &Query) -> HeaderSpace {
    header_space(&w.0, query).unwrap()
}

fn between(from: &str, to: &str) -> Query {
    Query::between(eni(from), eni(to))
}

#[test]
fn the_one_open_port_is_found() {
    let mut w = two_subnets();
    w.add_rule("g-b", from_cidr("sgr-1", Selector::udp(31_337, 31_337), "10.0.1.10/32"));
    let space = ask(&w, &between("a", "b"));
    let (packet, judgement) = space.witness.unwrap();
    judgement.reached("b");
    assert!(matches!(packet.header.protocol, Protocol::Udp { destination: 31_337, .. }));
    // From c nothing gets through, and the explanation is the group's.
    let space = ask(&w, &between("c", "b"));
    assert!(space.witness.is_none());
    space.nearest.unwrap().1.dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
    let mut tcp = between("a", "b");
    tcp.protocol = Some(6);
    assert!(ask(&w, &tcp).witness.is_none());
    let mut ports = between("a", "b");
    ports.destination_ports = Some(PortRange { from: 31_338, to: 65_535 });
    assert!(ask(&w, &ports).witness.is_none());
    ports.destination_ports = Some(PortRange { from: 0, to: 31_337 });
    assert!(ask(&w, &ports).witness.is_some());
}

#[test]
fn a_gap_left_between_two_filters_is_no_gap() {
    let mut w = two_subnets();
    w.add_rule("g-b", from_cidr("sgr-1", Selector::tcp(100, 200), "0.0.0.0/0"));
    w.acl(
        "acl-2",
        "s2",
        vec![
            entry(10, Direction::Ingress, Selector::tcp(100, 149), "0.0.0.0/0", false),
            entry(20, Direction::Ingress, Selector::tcp(151, 200), "0.0.0.0/0", false),
            entry(30, Direction::Ingress, Selector::ALL, "0.0.0.0/0", true),
        ],
    );
    let (packet, _) = ask(&w, &between("a", "b")).witness.unwrap();
    assert_eq!(packet.header.protocol.ports().unwrap().1, 150);
    w.acl_mut("acl-2").entries[0].selector.ports.to = 150;
    assert!(ask(&w, &between("a", "b")).witness.is_none());
}

#[test]
fn one_address_of_the_internet_is_found() {
    let mut w = two_subnets();
    w.igw("igw", "v").public("a", "10.0.1.10", "198.18.0.1");
    w.add_rule("g-a", from_cidr("sgr-1", Selector::tcp(22, 22), "203.0.113.77/32"));
    w.acl(
        "acl-1",
        "s1",
        vec![
            entry(10, Direction::Ingress, Selector::ALL, "203.0.113.0/24", false),
            entry(20, Direction::Ingress, Selector::ALL, "0.0.0.0/0", true),
        ],
    );
    let query = Query::between(Place::Internet, eni("a"));
    assert!(ask(&w, &query).witness.is_none());
    w.acl_mut("acl-1").entries[0].cidr = net("203.0.113.76/32");
    let (packet, judgement) = ask(&w, &query).witness.unwrap();
    assert_eq!(packet.header.source, ip("203.0.113.77"));
    assert_eq!(packet.header.destination, ip("198.18.0.1"));
    judgement.reached("a");
    let mut narrower = query.clone();
    narrower.source = Some(AddressRange { from: ip("203.0.113.78"), to: ip("255.255.255.255") });
    assert!(ask(&w, &narrower).witness.is_none());
    narrower.source = Some(AddressRange { from: ip("1.0.0.0"), to: ip("203.0.113.77") });
    assert!(ask(&w, &narrower).witness.is_some());
}

#[test]
fn conditions_behind_a_translation() {
    let mut w = two_subnets();
    w.igw("igw", "v").public("a", "10.0.1.10", "198.18.0.1");
    w.add_route("rtb-v", route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::InternetGateway("igw".into())));
    let mut query = Query::between(eni("a"), Place::Internet);
    query.seen = Seen { source: Some(AddressRange::one(ip("198.18.0.1"))), ..Seen::default() };
    assert!(ask(&w, &query).witness.is_some());
    query.seen.source = Some(AddressRange::one(ip("10.0.1.10")));
    assert!(ask(&w, &query).witness.is_none());
    query.seen = Seen { destination_ports: Some(PortRange::one(4242)), ..Seen::default() };
    let (packet, _) = ask(&w, &query).witness.unwrap();
    assert_eq!(packet.header.protocol.ports().unwrap().1, 4242);
    query.seen = Seen { destination: Some(AddressRange::one(ip("192.0.2.55"))), ..Seen::default() };
    let (packet, _) = ask(&w, &query).witness.unwrap();
    assert_eq!(packet.header.destination, ip("192.0.2.55"));
    // Through a forwarded port the inner one is seen.
    w.add_rule("g-b", from_cidr("sgr-1", Selector::tcp(3389, 3389), "0.0.0.0/0"));
    w.0.port_forwardings.push(PortForwarding {
        id: "pf".into(),
        gateway: "igw".into(),
        protocol: 6,
        gateway_address: Some(ip("198.18.0.7")),
        gateway_port: 1978,
        inner_address: ip("10.0.2.20"),
        inner_port: 3389,
        masquerade: None,
    });
    let mut query = Query::between(Place::Internet, eni("b"));
    query.seen.destination_ports = Some(PortRange::one(3389));
    let (packet, _) = ask(&w, &query).witness.unwrap();
    assert_eq!(packet.header.protocol.ports().unwrap().1, 1978);
}

#[test]
fn source_ports_behind_a_nat_gateway_are_ephemeral() {
    let mut w = two_subnets();
    w.igw("igw", "v").nat("nat", "s1", "10.0.1.99", Some("198.18.0.9"));
    w.table(
        "rtb-2",
        "s2",
        vec![route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::NatGateway("nat".into()))],
    );
    w.add_route("rtb-v", route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::InternetGateway("igw".into())));
    let mut query = Query::between(eni("b"), Place::Internet);
    query.protocol = Some(6);
    query.seen.source_ports = Some(PortRange { from: 0, to: 1023 });
    assert!(ask(&w, &query).witness.is_none());
    query.seen.source_ports = Some(PortRange { from: 0, to: 1024 });
    assert!(ask(&w, &query).witness.is_some());
}

#[test]
fn a_large_network_is_searched_to_the_end() {
    let mut w = two_subnets();
    for i in 0u16..500 {
        let address = format!("10.0.{}.{}", 16 + i / 200, 4 + i % 200);
        w.machine(&format!("m{i}"), "s1", &[&address], &["g-c"]);
        w.public(&format!("m{i}"), &address, &format!("198.18.{}.{}", 10 + i / 200, 4 + i % 200));
    }
    // The largest quota of rules: five groups of 60 each way, none of which meets the other side's.
    for i in 0u16..300 {
        let (even, odd) = (2 * i, 2 * i + 1);
        w.group_mut("g-a").rules.push(to_cidr("sgr", Selector::tcp(even, even), "10.0.2.0/24"));
        w.group_mut("g-b").rules.push(from_cidr("sgr", Selector::tcp(odd, odd), "10.0.1.0/24"));
    }
    w.group_mut("g-a").rules.retain(|r| r.selector.protocol.is_some());
    let space = ask(&w, &between("a", "b"));
    assert!(space.witness.is_none());
    assert!(space.examined > 600, "{}", space.examined);
    w.add_rule("g-b", from_cidr("sgr", Selector::tcp(500, 500), "10.0.1.0/24"));
    let (packet, _) = ask(&w, &between("a", "b")).witness.unwrap();
    assert_eq!(packet.header.protocol.ports().unwrap().1, 500);
    assert!(ask(&w, &Query::between(Place::Internet, eni("b"))).witness.is_none());
    assert!(ask(&w, &Query::between(eni("a"), Place::Internet)).witness.is_none());
}

#[test]
fn questions_that_cannot_be_answered() {
    let w = two_subnets();
    let mut query = between("a", "b");
    query.source = Some(AddressRange { from: ip("10.0.0.9"), to: ip("10.0.0.1") });
    assert_eq!(header_space(&w.0, &query), Err(SpaceError::BadRange));
    query.source = Some(AddressRange { from: ip("10.0.0.9"), to: ip("::1") });
    assert_eq!(header_space(&w.0, &query), Err(SpaceError::BadRange));
    // An empty range of ports holds no packet, and an interface that does not exist sends none.
    let mut query = between("a", "b");
    query.destination_ports = Some(PortRange { from: 2, to: 1 });
    let space = ask(&w, &query);
    assert_eq!((space.witness, space.nearest, space.examined), (None, None, 0));
    assert_eq!(ask(&w, &between("ghost", "b")).examined, 0);
}

#[test]
fn services_are_probed_at_their_own_ports() {
    use reachability::{Service, boundaries, judge};
    let w = two_subnets();
    let to = |service| Place::Service { vpc: "v".into(), service };
    for (service, port, addresses) in
        [(Service::Metadata, 80, 2), (Service::Dns, 53, 3), (Service::Time, 123, 2)]
    {
        let probes = boundaries(&w.0, &eni("a"), &to(service));
        let answered: Vec<_> = probes.iter().filter(|p| judge(&w.0, p).verdict.is_delivered()).collect();
        assert!(!answered.is_empty() && answered.len() < probes.len());
        let at = |p: &reachability::Packet, port| p.header.protocol.ports().is_some_and(|(_, d)| d == port);
        for near in [port - 1, port, port + 1] {
            assert!(probes.iter().any(|p| at(p, near)), "{service:?} {near}");
            assert_eq!(answered.iter().any(|p| at(p, near)), near == port, "{service:?} {near}");
        }
        let seen: std::collections::BTreeSet<_> = answered.iter().map(|p| p.header.destination).collect();
        assert_eq!(seen.len(), addresses, "{service:?}");
    }
}

#[test]
fn rules_for_other_addresses_are_probed_too() {
    use reachability::boundaries;
    let mut w = two_subnets();
    w.add_rule("g-b", from_cidr("sgr-1", Selector::tcp(7000, 7010), "192.0.2.0/24"));
    w.add_rule("g-b", from_cidr("sgr-2", Selector::icmp(false, Some(13), Some(2)), "192.0.2.0/24"));
    w.add_rule("g-b", from_cidr("sgr-3", Selector::number(89), "192.0.2.0/24"));
    let probes = boundaries(&w.0, &eni("a"), &eni("b"));
    let some = |protocol: Protocol| probes.iter().any(|p| p.header.protocol == protocol);
    for port in [6999, 7000, 7010, 7011] {
        assert!(some(Protocol::tcp(port)), "{port}");
    }
    for (kind, code) in [(12, 2), (13, 1), (13, 2), (13, 3), (14, 2)] {
        assert!(some(Protocol::Icmp { kind, code }), "{kind}/{code}");
    }
    for number in [88, 89, 90] {
        assert!(some(Protocol::Other(number)), "{number}");
    }
    // Sources that are not the sender's are among them, next to its own.
    for source in ["10.0.1.10", "10.0.1.11"] {
        assert!(probes.iter().any(|p| p.header.source == ip(source)), "{source}");
    }
}

#[test]
fn the_one_source_port_before_a_nat_gateway_is_found() {
    let mut w = two_subnets();
    w.subnet("s3", "v", &["10.0.3.0/24"])
        .group("g-t", "v", vec![from_cidr("sgr-1", Selector::ALL, "0.0.0.0/0")])
        .machine("t", "s3", &["10.0.3.4"], &["g-t"])
        .nat("nat", "s1", "10.0.1.99", None);
    w.table(
        "rtb-2",
        "s2",
        vec![route("10.0.3.0/24", RouteOrigin::Static, RouteTarget::NatGateway("nat".into()))],
    );
    let only = |from, allow, priority| NsgRule {
        name: "r".into(),
        priority,
        direction: Direction::Ingress,
        allow,
        protocol: None,
        sources: vec![NsgAddress::Any],
        source_ports: vec![from],
        destinations: vec![NsgAddress::Any],
        destination_ports: vec![PortRange::ALL],
    };
    let rules = vec![only(PortRange::one(1500), true, 100), only(PortRange::ALL, false, 200)];
    w.0.nsgs.push(Nsg { id: "nsg".into(), rules });
    w.interface_mut("t").nsg = Some("nsg".into());
    // 476 becomes 1500 behind the gateway.
    let mut query = between("b", "t");
    query.protocol = Some(17);
    query.source_ports = Some(PortRange { from: 0, to: 1023 });
    let (packet, _) = ask(&w, &query).witness.unwrap();
    assert_eq!(packet.header.protocol.ports().unwrap().0, 476);
    query.source_ports = Some(PortRange { from: 1024, to: 65_535 });
    let (packet, _) = ask(&w, &query).witness.unwrap();
    assert_eq!(packet.header.protocol.ports().unwrap().0, 1500);
}

#[test]
fn the_one_address_that_an_acl_lets_through_is_found() {
    let only = |direction, cidr: &str| entry(10, direction, Selector::ALL, cidr, true);
    let mut w = two_subnets();
    w.igw("igw", "v").public("a", "10.0.1.10", "198.18.0.1");
    w.add_rule("g-a", from_cidr("sgr-1", Selector::ALL, "0.0.0.0/0"));
    w.acl(
        "acl-1",
        "s1",
        vec![
            only(Direction::Ingress, "203.0.113.77/32"),
            entry(20, Direction::Ingress, Selector::ALL, "10.0.0.0/8", true),
            only(Direction::Egress, "192.0.2.5/32"),
        ],
    );
    let (packet, _) = ask(&w, &Query::between(Place::Internet, eni("a"))).witness.unwrap();
    assert_eq!(packet.header.source, ip("203.0.113.77"));
    w.nat("nat", "s1", "10.0.1.99", Some("198.18.0.9"));
    // The ACL of a NAT gateway's subnet counts for machines elsewhere.
    w.add_route("rtb-v", route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::InternetGateway("igw".into())));
    w.table(
        "rtb-2",
        "s2",
        vec![route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::NatGateway("nat".into()))],
    );
    let (packet, _) = ask(&w, &Query::between(eni("b"), Place::Internet)).witness.unwrap();
    assert_eq!(packet.header.destination, ip("192.0.2.5"));
}
