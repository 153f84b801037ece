//! What goes beyond AWS: forwarded ports (NET-30) and VNet-style groups (NET-22).

use crate::world::*;
use reachability::topology::*;
use reachability::{Direction, Packet, Place, PortRange, Protocol, Rule, judge, round_trip};

const HOST: &str = "203.0.113.7";
const HTTPS: Protocol = Protocol::tcp(443);

fn base() -> World {
    let mut w = two_subnets();
    for group in ["g-a", "g-b", "g-c"] {
        w.add_rule(group, from_cidr("sgr-in4", Selector::ALL, "0.0.0.0/0"));
    }
    let by = |cidr| route(cidr, RouteOrigin::Static, RouteTarget::InternetGateway("igw".into()));
    w.igw("igw", "v")
        .table("rtb-pub", "s1", vec![by("0.0.0.0/0")])
        .table("rtb-priv", "s2", vec![by("0.0.0.0/0")])
        .public("a", "10.0.1.10", "198.18.0.1");
    w
}

fn forwarding(gateway: &str, address: Option<&str>) -> PortForwarding {
    PortForwarding {
        id: "pf".into(),
        gateway: gateway.into(),
        protocol: 6,
        gateway_address: address.map(ip),
        gateway_port: 1978,
        inner_address: ip("10.0.2.20"),
        inner_port: 3389,
        masquerade: None,
    }
}

#[test]
fn a_forwarded_port_of_an_internet_gateway() {
    let mut w = base();
    w.0.port_forwardings.push(forwarding("igw", Some("198.18.0.77")));
    let inward = Packet::new(Place::Internet, ip(HOST), ip("198.18.0.77"), Protocol::tcp(1978));
    let trip = round_trip(&w.0, &inward);
    let seen = trip.forward[0].reached("b");
    assert_eq!((seen.source, seen.destination), (ip(HOST), ip("10.0.2.20")));
    assert_eq!(seen.protocol.ports().unwrap().1, 3389);
    assert!(trip.works, "{}", reachability::render_text(trip.last().unwrap()));
    // Only that port, that protocol, that address.
    w.outside(HOST, "198.18.0.77", Protocol::tcp(1979))
        .dropped_by("internet", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS");
    w.outside(HOST, "198.18.0.77", Protocol::udp(1978))
        .dropped_by("internet", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS");
    w.outside(HOST, "198.18.0.1", Protocol::tcp(1978)).reached("a");
    // Filters judge what is behind the translation.
    w.group_mut("g-b").rules = vec![from_cidr("sgr-1", Selector::tcp(1978, 1978), "0.0.0.0/0")];
    w.outside(HOST, "198.18.0.77", Protocol::tcp(1978)).dropped_by("g-b", "ENI_SG_RULES_MISMATCH");
    // A known flow ends with its forwarding, in both directions.
    w.group_mut("g-b").rules = vec![from_cidr("sgr-1", Selector::tcp(3389, 3389), "203.0.113.0/24")];
    let first = judge(&w.0, &inward);
    let mut more = inward;
    more.state = reachability::State::Established(Box::new(first.flow.clone()));
    judge(&w.0, &more).reached("b");
    assert!(w.answer(&first).verdict.is_delivered());
    let mut other = forwarding("igw", Some("198.18.0.77"));
    other.gateway_port = 1977;
    w.0.port_forwardings = vec![other];
    judge(&w.0, &more).dropped_by("igw", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS");
    w.answer(&first).dropped_by("igw", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS");
    w.0.port_forwardings.clear();
    judge(&w.0, &more).dropped_by("internet", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS");
    w.answer(&first).dropped_by("igw", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS");
}

#[test]
fn a_masquerading_internet_gateway_is_seen_by_the_receiver_only() {
    let mut w = base();
    // The server's subnet has no way out.
    w.table("rtb-priv", "s2", vec![]);
    let mut port = forwarding("igw", Some("198.18.0.77"));
    port.masquerade = Some(ip("10.0.2.1"));
    w.0.port_forwardings.push(port);
    let inward = Packet::new(Place::Internet, ip(HOST), ip("198.18.0.77"), Protocol::tcp(1978));
    // Groups and ACLs judge the true sender.
    w.group_mut("g-b").rules = vec![from_cidr("sgr-1", Selector::tcp(3389, 3389), "203.0.113.0/24")];
    let trip = round_trip(&w.0, &inward);
    assert_eq!(trip.forward[0].reached("b").source, ip("10.0.2.1"));
    assert!(trip.works, "{}", reachability::render_text(trip.last().unwrap()));
    // Its answer is none to the router's address, which takes pings only.
    let first = judge(&w.0, &inward);
    assert_eq!(first.answer().unwrap().header.destination, ip("10.0.2.1"));
    // It ends with the forwarding.
    w.0.port_forwardings.clear();
    w.answer(&first).dropped_by("igw", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS");
}

#[test]
fn without_an_address_any_mapped_one_will_do() {
    let mut w = base();
    w.0.port_forwardings.push(forwarding("igw", None));
    w.outside(HOST, "198.18.0.1", Protocol::tcp(1978)).reached("b");
    w.outside(HOST, "198.18.0.1", HTTPS).reached("a");
    w.outside(HOST, "198.18.0.2", Protocol::tcp(1978))
        .dropped_by("internet", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS");
}

#[test]
fn a_forwarded_port_of_a_nat_gateway_with_and_without_masquerading() {
    let mut w = base();
    w.nat("nat", "s1", "10.0.1.99", Some("198.18.0.9"));
    w.table(
        "rtb-nat",
        "s2",
        vec![route("0.0.0.0/0", RouteOrigin::Static, RouteTarget::NatGateway("nat".into()))],
    );
    w.0.port_forwardings.push(forwarding("nat", None));
    let inward = Packet::new(Place::Internet, ip(HOST), ip("198.18.0.9"), Protocol::tcp(1978));
    let trip = round_trip(&w.0, &inward);
    assert_eq!(trip.forward[0].reached("b").source, ip(HOST));
    assert!(trip.works, "{}", reachability::render_text(trip.last().unwrap()));
    w.0.port_forwardings[0].masquerade = Some(ip("10.0.1.99"));
    let trip = round_trip(&w.0, &inward);
    assert_eq!(trip.forward[0].reached("b").source, ip("10.0.1.99"));
    assert!(trip.works, "{}", reachability::render_text(trip.last().unwrap()));
    w.outside(HOST, "198.18.0.9", Protocol::tcp(3389)).dropped_by("nat", "NGW_REQUIRES_SOURCE_IN_VPC");
}

#[test]
fn a_rule_that_names_a_group_does_not_hold_past_a_nat_gateway() {
    let mut w = base();
    w.nat("nat", "s1", "10.0.1.99", None);
    w.0.port_forwardings.push(forwarding("nat", Some("10.0.1.99")));
    let by_group =
        GroupRule { peer: RulePeer::Group("g-a".into()), ..from_cidr("sgr-1", Selector::ALL, "0.0.0.0/0") };
    w.group_mut("g-b").rules = vec![by_group];
    w.send("a", "10.0.2.20", Protocol::tcp(3389)).reached("b");
    w.send("a", "10.0.1.99", Protocol::tcp(1978)).dropped_by("g-b", "SG_REFERENCES_NOT_PRESERVED");
}

#[test]
fn a_rule_of_an_nsg_that_asks_for_ports_means_protocols_with_ports() {
    let mut w = base();
    let rule = NsgRule {
        protocol: None,
        ..nsg_rule(100, Direction::Ingress, false, NsgAddress::Any, NsgAddress::Any, 443)
    };
    w.0.nsgs.push(Nsg { id: "nsg".into(), rules: vec![rule.clone()] });
    w.interface_mut("b").nsg = Some("nsg".into());
    w.send("a", "10.0.2.20", HTTPS).dropped_by("nsg", "SUBNET_ACL_RESTRICTION");
    w.send("a", "10.0.2.20", PING).reached("b");
    w.0.nsgs[0].rules[0].destination_ports = vec![PortRange::ALL];
    w.send("a", "10.0.2.20", PING).dropped_by("nsg", "SUBNET_ACL_RESTRICTION");
}

#[test]
fn a_masqueraded_port_may_lead_back_out() {
    let mut w = base();
    w.nat("nat", "s1", "10.0.1.99", Some("198.18.0.9"));
    let mut out = forwarding("nat", None);
    out.inner_address = ip("192.0.2.4");
    out.masquerade = Some(ip("10.0.1.99"));
    w.0.port_forwardings.push(out);
    let inward = Packet::new(Place::Internet, ip(HOST), ip("198.18.0.9"), Protocol::tcp(1978));
    let trip = round_trip(&w.0, &inward);
    let seen = trip.forward[0].went_out();
    assert_eq!((seen.source, seen.destination), (ip("198.18.0.9"), ip("192.0.2.4")));
    assert!(trip.works, "{}", reachability::render_text(trip.last().unwrap()));
}

fn nsg_rule(
    priority: u16,
    direction: Direction,
    allow: bool,
    from: NsgAddress,
    to: NsgAddress,
    port: u16,
) -> NsgRule {
    NsgRule {
        name: format!("r{priority}").into(),
        priority,
        direction,
        allow,
        protocol: Some(6),
        sources: vec![from],
        source_ports: vec![PortRange::ALL],
        destinations: vec![to],
        destination_ports: vec![PortRange::one(port)],
    }
}

#[test]
fn the_default_rules_of_an_nsg() {
    let mut w = base();
    w.0.nsgs.push(Nsg { id: "nsg".into(), rules: vec![] });
    w.interface_mut("a").nsg = Some("nsg".into());
    let rule = |judgement: &reachability::Judgement| {
        judgement.path.iter().find_map(|s| match &s.rule {
            Rule::Nsg(fact) => Some((fact.name.to_string(), fact.priority)),
            _ => None,
        })
    };
    let within = w.send("b", "10.0.1.10", HTTPS);
    within.reached("a");
    assert_eq!(rule(&within), Some(("AllowVnetInBound".to_owned(), 65000)));
    let out = w.send("a", HOST, HTTPS);
    out.went_out();
    assert_eq!(rule(&out), Some(("AllowInternetOutBound".to_owned(), 65001)));
    let inward = w.outside(HOST, "198.18.0.1", HTTPS);
    inward.dropped_by("nsg", "SUBNET_ACL_RESTRICTION");
    assert_eq!(rule(&inward), Some(("DenyAllInBound".to_owned(), 65500)));
    w.outside("168.63.129.16", "198.18.0.1", HTTPS).reached("a");
    let vnet_out = w.send("a", "10.0.2.20", HTTPS);
    assert_eq!(rule(&vnet_out), Some(("AllowVnetOutBound".to_owned(), 65000)));
}

#[test]
fn nsg_rules_by_priority_with_memory_and_inside_the_subnet() {
    use NsgAddress::{Any, Cidr, Internet};
    let mut w = base();
    let rules = vec![
        nsg_rule(200, Direction::Ingress, true, Internet, Any, 443),
        nsg_rule(100, Direction::Ingress, false, Cidr(net("203.0.113.8/32")), Any, 443),
        nsg_rule(300, Direction::Ingress, false, Cidr(net("10.0.1.30/32")), Any, 443),
        nsg_rule(100, Direction::Egress, false, Any, Any, 40_000),
    ];
    w.0.nsgs.push(Nsg { id: "nsg".into(), rules });
    w.subnet_mut("s1").nsg = Some("nsg".into());
    let first = w.outside(HOST, "198.18.0.1", HTTPS);
    first.reached("a");
    w.outside("203.0.113.8", "198.18.0.1", HTTPS).dropped_by("nsg", "SUBNET_ACL_RESTRICTION");
    w.outside(HOST, "198.18.0.1", Protocol::tcp(80)).dropped_by("nsg", "SUBNET_ACL_RESTRICTION");
    // Stateful: the answer passes the rule that denies its port, and the flow outlives its own rule.
    w.answer(&first).went_out();
    w.0.nsgs[0].rules.retain(|r| !r.allow);
    w.answer(&first).went_out();
    w.outside(HOST, "198.18.0.1", HTTPS).dropped_by("nsg", "SUBNET_ACL_RESTRICTION");
    // Unlike an ACL it acts inside its subnet.
    w.send("c", "10.0.1.10", HTTPS).dropped_by("nsg", "SUBNET_ACL_RESTRICTION");
    w.send("c", "10.0.1.10", Protocol::tcp(444)).reached("a");
}

#[test]
fn an_nsg_of_an_interface_and_one_of_its_subnet_must_both_allow() {
    use NsgAddress::Any;
    let mut w = base();
    let deny = |port| Nsg {
        id: format!("nsg-{port}").into(),
        rules: vec![nsg_rule(100, Direction::Ingress, false, Any, Any, port)],
    };
    w.0.nsgs.extend([deny(80), deny(81)]);
    w.interface_mut("b").nsg = Some("nsg-80".into());
    w.subnet_mut("s2").nsg = Some("nsg-81".into());
    w.send("a", "10.0.2.20", Protocol::tcp(80)).dropped_by("nsg-80", "SUBNET_ACL_RESTRICTION");
    w.send("a", "10.0.2.20", Protocol::tcp(81)).dropped_by("nsg-81", "SUBNET_ACL_RESTRICTION");
    w.send("a", "10.0.2.20", Protocol::tcp(82)).reached("b");
    // Ports do not matter to protocols without them, and this rule is for TCP.
    w.send("a", "10.0.2.20", PING).reached("b");
}
