//! Random but sensible facts of a VPC.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use crate::{
    Eni, InputRoute, Peer, Ports, Protocol, PublicAddress, RouteTable, RouteTarget, Rule, SecurityGroup,
    Subnet, VpcInput,
};

/// A VPC with three subnets (two tables), six ENIs and four groups, whose rules,
/// memberships, routes and switches are random.
pub(super) fn vpc() -> impl Strategy<Value = VpcInput> {
    let groups = prop::collection::vec((rules(), rules()), 4);
    let enis = prop::collection::vec(
        (prop::collection::btree_set(0_usize..4, 0..4), any::<bool>(), any::<bool>()),
        6,
    );
    (groups, enis, prop::collection::vec(route(), 0..5), any::<bool>()).prop_map(
        |(groups, enis, routes, gateway)| VpcInput {
            id: "vpc-1".into(),
            number: 1,
            cidrs_v4: vec!["10.0.0.0/16".parse().unwrap()],
            cidrs_v6: vec!["2001:db8::/56".parse().unwrap()],
            subnets: (0..3).map(subnet).collect(),
            route_tables: tables(routes),
            enis: enis.into_iter().enumerate().map(|(n, parts)| eni(n, parts)).collect(),
            groups: groups.into_iter().enumerate().map(|(n, parts)| group(n, parts)).collect(),
            internet_gateway: gateway.then(|| "igw-1".into()),
            ..VpcInput::default()
        },
    )
}

fn subnet(number: usize) -> Subnet {
    Subnet {
        id: format!("subnet-{number}"),
        cidr_v4: format!("10.0.{number}.0/24").parse().unwrap(),
        cidr_v6: Some(format!("2001:db8:0:{number}::/64").parse().unwrap()),
        route_table_id: if number == 2 { "rtb-2" } else { "rtb-1" }.into(),
        acl_id: None,
        nsg_id: None,
    }
}

fn tables(routes: Vec<InputRoute>) -> Vec<RouteTable> {
    let mut table = RouteTable { id: "rtb-1".into(), number: 1, routes: Vec::new() };
    for route in routes {
        if table.routes.iter().all(|other| other.destination != route.destination) {
            table.routes.push(route);
        }
    }
    vec![table, RouteTable { id: "rtb-2".into(), number: 2, routes: Vec::new() }]
}

fn route() -> impl Strategy<Value = InputRoute> {
    let destination = prop::sample::select(vec![
        "0.0.0.0/0",
        "10.0.0.0/16",
        "10.0.1.0/24",
        "172.16.0.0/12",
        "172.16.5.0/24",
        "::/0",
        "2001:db8:0:1::/64",
    ]);
    let target = prop_oneof![
        Just(RouteTarget::Local),
        Just(RouteTarget::InternetGateway),
        Just(RouteTarget::Blackhole),
        (0_usize..8).prop_map(|n| RouteTarget::Eni(format!("eni-{n}"))),
    ];
    (destination, target).prop_map(|(text, target)| InputRoute {
        destination: text.parse().unwrap(),
        target,
        origin: crate::RouteOrigin::Static,
    })
}

/// The private address of a machine.
pub(super) fn address_v4(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, u8::try_from(number % 3).unwrap(), u8::try_from(10 + number).unwrap())
}

pub(super) fn address_v6(number: usize) -> Ipv6Addr {
    let subnet = u16::try_from(number % 3).unwrap();
    Ipv6Addr::new(0x2001, 0xdb8, 0, subnet, 0, 0, 0, u16::try_from(10 + number).unwrap())
}

fn eni(number: usize, parts: (std::collections::BTreeSet<usize>, bool, bool)) -> Eni {
    let (groups, check, public) = parts;
    let private = address_v4(number);
    let last = u8::try_from(number).unwrap();
    let outside = PublicAddress { private, public: Ipv4Addr::new(198, 18, 0, last) };
    Eni {
        id: format!("eni-{number}"),
        number: last.into(),
        subnet_id: format!("subnet-{}", number % 3),
        mac: [2, 0, 0, 0, 0, last],
        private_v4: vec![private],
        v6: vec![address_v6(number)],
        public_v4: if public { vec![outside] } else { Vec::new() },
        source_dest_check: check,
        groups: groups.into_iter().map(|group| format!("sg-{group}")).collect(),
        kind: crate::EniKind::Machine,
        nsg_id: None,
        prefixes: Vec::new(),
    }
}

fn group(number: usize, (ingress, egress): (Vec<Rule>, Vec<Rule>)) -> SecurityGroup {
    let named = |mut rules: Vec<Rule>, side: &str| {
        for (n, rule) in rules.iter_mut().enumerate() {
            // Two rules share an id, as the blocks of a prefix list do.
            rule.id = format!("sgr-{number}-{side}-{}", n / 2);
        }
        rules
    };
    SecurityGroup {
        id: format!("sg-{number}"),
        number: u32::try_from(number).unwrap(),
        ingress: named(ingress, "in"),
        egress: named(egress, "out"),
    }
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let rule = (protocol(), peer()).prop_map(|(protocol, peer)| Rule { id: String::new(), protocol, peer });
    prop::collection::vec(rule, 0..5)
}

fn ports() -> impl Strategy<Value = Ports> {
    (78_u16..84, 0_u16..4).prop_map(|(from, more)| Ports { from, to: from + more })
}

fn protocol() -> impl Strategy<Value = Protocol> {
    let maybe = || prop::option::of(prop::sample::select(vec![0_u8, 8, 128]));
    prop_oneof![
        Just(Protocol::All),
        ports().prop_map(Protocol::Tcp),
        ports().prop_map(Protocol::Udp),
        Just(Protocol::Tcp(Ports { from: 0, to: u16::MAX })),
        (maybe(), maybe()).prop_map(|(kind, code)| Protocol::Icmp { kind, code }),
        (maybe(), maybe()).prop_map(|(kind, code)| Protocol::Icmpv6 { kind, code }),
        prop::sample::select(vec![47_u8, 50, 132]).prop_map(Protocol::Number),
    ]
}

fn peer() -> impl Strategy<Value = Peer> {
    let block = prop::sample::select(vec![
        "0.0.0.0/0",
        "10.0.0.0/16",
        "10.0.1.0/24",
        "10.0.0.13/32",
        "10.0.2.8/29",
        "::/0",
        "2001:db8:0:1::/64",
        "2001:db8:0:2::c/128",
    ]);
    prop_oneof![
        2 => block.prop_map(|text| Peer::Cidr(text.parse().unwrap())),
        // The fifth group does not exist: a stale reference.
        1 => (0_usize..5).prop_map(|number| Peer::Group(format!("sg-{number}"))),
    ]
}
