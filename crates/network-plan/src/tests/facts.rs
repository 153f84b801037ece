//! Random but sensible facts of a VPC.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use crate::{
    AclEntry, Eni, InputRoute, NetworkAcl, Nsg, NsgRule, Peer, Peering, Ports, Protocol, PublicAddress,
    RemoteGroup, RouteOrigin, RouteTable, RouteTarget, Rule, SecurityGroup, Subnet, VpcInput,
};

/// A VPC with three subnets (two tables), six ENIs, four groups, two ACLs, two NSGs and a peer, whose rules,
/// memberships, routes and switches are random.
pub(super) fn vpc() -> impl Strategy<Value = VpcInput> {
    let groups = prop::collection::vec((rules(), rules()), 4);
    let enis = prop::collection::vec(
        (
            prop::collection::btree_set(0_usize..4, 0..4),
            any::<bool>(),
            any::<bool>(),
            prop::option::weighted(0.2, 0_usize..2),
        ),
        6,
    );
    let borders = prop::collection::vec(
        (prop::option::weighted(0.6, 0_usize..2), prop::option::weighted(0.2, 0_usize..2)),
        3,
    );
    let lists = (
        prop::collection::vec((acl_entries(), acl_entries()), 2),
        prop::collection::vec((nsg_rules(), nsg_rules()), 2),
    );
    let routes = (prop::collection::vec(route(), 0..6), prop::collection::vec(route(), 0..3));
    let switches =
        (prop::bool::weighted(0.7), any::<bool>(), prop::bool::weighted(0.3), prop::bool::weighted(0.3));
    (groups, enis, borders, lists, routes, switches).prop_map(
        |(groups, enis, borders, (acls, nsgs), routes, (gateway, peered, edge_table, nat))| {
            let mut input = VpcInput {
                id: "vpc-1".into(),
                number: 1,
                cidrs_v4: vec!["10.0.0.0/16".parse().unwrap()],
                cidrs_v6: vec!["2001:db8::/56".parse().unwrap()],
                subnets: borders.into_iter().enumerate().map(|(n, parts)| subnet(n, parts)).collect(),
                route_tables: tables(routes),
                enis: enis.into_iter().enumerate().map(|(n, parts)| eni(n, parts)).collect(),
                groups: groups.into_iter().enumerate().map(|(n, parts)| group(n, parts)).collect(),
                acls: acls.into_iter().enumerate().map(|(n, parts)| acl(n, parts)).collect(),
                nsgs: nsgs.into_iter().enumerate().map(|(n, parts)| nsg(n, parts)).collect(),
                internet_gateway: gateway.then(|| "igw-1".into()),
                gateway_table: edge_table.then(|| "rtb-2".into()),
                peerings: if peered { vec![peering()] } else { Vec::new() },
                ..VpcInput::default()
            };
            if nat {
                let eni = &mut input.enis[5];
                eni.kind = crate::EniKind::NatGateway;
                eni.source_dest_check = false;
                eni.groups.clear();
                let eni_id = eni.id.clone();
                input.nat_gateways =
                    vec![crate::NatGateway { id: "nat-1".into(), eni_id, port_forwards: Vec::new() }];
            }
            input
        },
    )
}

/// Machines 0 and 1 in two subnets whose ACL allows everything.
pub(super) fn open_pair() -> VpcInput {
    let all = || {
        let cidr = "0.0.0.0/0".parse().unwrap();
        vec![AclEntry { number: 0, protocol: Protocol::All, cidr, allow: true }]
    };
    VpcInput {
        id: "vpc-1".into(),
        number: 1,
        cidrs_v4: vec!["10.0.0.0/16".parse().unwrap()],
        cidrs_v6: vec!["2001:db8::/56".parse().unwrap()],
        subnets: [0, 1].map(|number| subnet(number, (Some(0), None))).into(),
        route_tables: tables((Vec::new(), Vec::new())),
        enis: [0, 1].map(|number| eni(number, (std::collections::BTreeSet::new(), true, false, None))).into(),
        acls: vec![acl(0, (all(), all()))],
        ..VpcInput::default()
    }
}

fn subnet(number: usize, (acl, nsg): (Option<usize>, Option<usize>)) -> Subnet {
    Subnet {
        id: format!("subnet-{number}"),
        cidr_v4: format!("10.0.{number}.0/24").parse().unwrap(),
        cidr_v6: Some(format!("2001:db8:0:{number}::/64").parse().unwrap()),
        route_table_id: if number == 2 { "rtb-2" } else { "rtb-1" }.into(),
        acl_id: acl.map(|number| format!("acl-{number}")),
        nsg_id: nsg.map(|number| format!("nsg-{number}")),
    }
}

fn tables((one, two): (Vec<InputRoute>, Vec<InputRoute>)) -> Vec<RouteTable> {
    let table = |number: u32, routes: Vec<InputRoute>| {
        let mut table = RouteTable { id: format!("rtb-{number}"), number, routes: Vec::new() };
        for route in routes {
            let same =
                |other: &InputRoute| (other.destination, other.origin) == (route.destination, route.origin);
            if !table.routes.iter().any(same) {
                table.routes.push(route);
            }
        }
        table
    };
    vec![table(1, one), table(2, two)]
}

fn route() -> impl Strategy<Value = InputRoute> {
    let destination = prop::sample::select(vec![
        "0.0.0.0/0",
        "0.0.0.0/0",
        "8.0.0.0/8",
        "10.0.0.0/16",
        "10.0.1.0/24",
        "10.9.0.0/16",
        "172.16.0.0/12",
        "::/0",
        "::/0",
        "2001:4860::/32",
        "2001:db8:0:1::/64",
        "2001:db8:900::/56",
    ]);
    let target = prop_oneof![
        1 => Just(RouteTarget::Local),
        3 => Just(RouteTarget::InternetGateway),
        2 => Just(RouteTarget::EgressOnlyGateway),
        1 => Just(RouteTarget::Blackhole),
        2 => prop::sample::select(vec!["pcx-1", "pcx-9"]).prop_map(|id| RouteTarget::Peering(id.into())),
        3 => (0_usize..8).prop_map(|n| RouteTarget::Eni(format!("eni-{n}"))),
    ];
    let origin =
        prop::sample::select(vec![RouteOrigin::System, RouteOrigin::Propagated, RouteOrigin::Static]);
    (destination, target, origin).prop_map(|(text, target, origin)| InputRoute {
        destination: text.parse().unwrap(),
        target,
        origin,
    })
}

/// A peer with two machines, 10.9.0.5 in a group that rules name, and 10.9.0.6 in none.
pub(super) fn peering() -> Peering {
    Peering {
        id: "pcx-1".into(),
        number: 7,
        requester: true,
        remote_vpc: "vpc-9".into(),
        remote_blocks: vec!["10.9.0.0/16".parse().unwrap(), "2001:db8:900::/56".parse().unwrap()],
        remote_groups: vec![RemoteGroup {
            id: "sg-5".into(),
            number: 5,
            members: vec!["10.9.0.5".parse().unwrap(), "2001:db8:900::5".parse().unwrap()],
        }],
    }
}

fn acl(number: usize, (ingress, egress): (Vec<AclEntry>, Vec<AclEntry>)) -> NetworkAcl {
    let number_of = |mut entries: Vec<AclEntry>| {
        for (entry, number) in entries.iter_mut().zip((100..).step_by(100)) {
            entry.number = number;
        }
        // The order of the list must not matter.
        entries.reverse();
        entries
    };
    let number_u32 = u32::try_from(number).unwrap();
    NetworkAcl {
        id: format!("acl-{number}"),
        number: number_u32,
        ingress: number_of(ingress),
        egress: number_of(egress),
    }
}

fn acl_entries() -> impl Strategy<Value = Vec<AclEntry>> {
    let entry = (protocol(), block(), prop::bool::weighted(0.7)).prop_map(|(protocol, cidr, allow)| {
        // Host bits are ignored.
        AclEntry { number: 0, protocol, cidr, allow }
    });
    let all = |text: &str| AclEntry {
        number: 0,
        protocol: Protocol::All,
        cidr: text.parse().unwrap(),
        allow: true,
    };
    (prop::collection::vec(entry, 0..5), any::<bool>()).prop_map(move |(mut entries, open)| {
        if open {
            entries.extend([all("0.0.0.0/0"), all("::/0")]);
        }
        entries
    })
}

fn nsg(number: usize, (inbound, outbound): (Vec<NsgRule>, Vec<NsgRule>)) -> Nsg {
    let with_default = |mut rules: Vec<NsgRule>| {
        for (rule, priority) in rules.iter_mut().zip(100..) {
            rule.priority = priority;
        }
        rules.push(NsgRule { priority: 65500, allow: true, ..nothing() });
        rules.reverse();
        rules
    };
    Nsg {
        id: format!("nsg-{number}"),
        number: u32::try_from(number).unwrap(),
        inbound: with_default(inbound),
        outbound: with_default(outbound),
    }
}

fn nothing() -> NsgRule {
    NsgRule {
        priority: 0,
        allow: false,
        protocol: None,
        sources: Vec::new(),
        source_ports: Vec::new(),
        destinations: Vec::new(),
        destination_ports: Vec::new(),
    }
}

fn nsg_rules() -> impl Strategy<Value = Vec<NsgRule>> {
    let blocks = || prop::collection::vec(block(), 0..3);
    let ports = || prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(ports(), 1..3)];
    let source_ports = prop_oneof![
        5 => Just(Vec::new()),
        1 => Just(vec![Ports { from: 0x8000, to: 0x8000 }]),
        1 => Just(vec![Ports { from: 1, to: 99 }]),
    ];
    let protocol =
        prop_oneof![2 => Just(None), 3 => prop::sample::select(vec![6_u8, 17, 1, 58, 47]).prop_map(Some)];
    let rule = (any::<bool>(), protocol, blocks(), source_ports, blocks(), ports()).prop_map(
        |(allow, protocol, sources, source_ports, destinations, destination_ports)| NsgRule {
            priority: 0,
            allow,
            protocol,
            sources,
            source_ports,
            destinations,
            destination_ports,
        },
    );
    prop::collection::vec(rule, 0..4)
}

/// The private address of a machine.
pub(super) fn address_v4(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, u8::try_from(number % 3).unwrap(), u8::try_from(10 + number).unwrap())
}

pub(super) fn address_v6(number: usize) -> Ipv6Addr {
    let subnet = u16::try_from(number % 3).unwrap();
    Ipv6Addr::new(0x2001, 0xdb8, 0, subnet, 0, 0, 0, u16::try_from(10 + number).unwrap())
}

fn eni(number: usize, parts: (std::collections::BTreeSet<usize>, bool, bool, Option<usize>)) -> Eni {
    let (groups, check, public, nsg) = parts;
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
        nsg_id: nsg.map(|number| format!("nsg-{number}")),
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

fn block() -> impl Strategy<Value = ipnet::IpNet> {
    let block = prop::sample::select(vec![
        "0.0.0.0/0",
        "10.0.0.0/16",
        "10.0.1.0/24",
        "10.0.0.13/32",
        "10.0.2.8/29",
        "10.9.0.0/16",
        "::/0",
        "2001:db8:0:1::/64",
        "2001:db8:0:2::c/128",
        "2001:db8:900::/64",
    ]);
    block.prop_map(|text| text.parse().unwrap())
}

fn peer() -> impl Strategy<Value = Peer> {
    prop_oneof![
        2 => block().prop_map(Peer::Cidr),
        // The fifth does not exist: a stale reference. The sixth is the peer's.
        1 => (0_usize..6).prop_map(|number| Peer::Group(format!("sg-{number}"))),
    ]
}
