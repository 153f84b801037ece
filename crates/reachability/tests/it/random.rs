//! Random networks and packets from a seed.

use crate::world::*;
use reachability::topology::*;
use reachability::{Direction, Id, Packet, Place, PortRange, Protocol, Topology};
use std::net::IpAddr;

/// A small generator of our own (xorshift64*), so that a seed means the same network for ever.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// 0 to `below - 1`.
    pub(crate) fn below(&mut self, below: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % below
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    pub(crate) fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    /// Few ports, so that rules and packets meet.
    pub(crate) fn port(&mut self) -> u16 {
        const PORTS: [u16; 12] = [0, 1, 22, 53, 80, 443, 1023, 1024, 40_000, 49_152, 65_534, 65_535];
        if self.one_in(4) { u16::try_from(self.below(65_536)).unwrap() } else { PORTS[self.below(12)] }
    }

    pub(crate) fn ports(&mut self) -> PortRange {
        let (a, b) = (self.port(), self.port());
        match self.below(3) {
            0 => PortRange::ALL,
            1 => PortRange::one(a),
            _ => PortRange { from: a.min(b), to: a.max(b) },
        }
    }

    pub(crate) fn selector(&mut self) -> Selector {
        let ports = self.ports();
        match self.below(6) {
            0 => Selector::ALL,
            1 | 2 => Selector { protocol: Some(6), ports, ..Selector::ALL },
            3 => Selector { protocol: Some(17), ports, ..Selector::ALL },
            4 => {
                let kind = (!self.one_in(3)).then(|| self.byte() % 16);
                let code = kind.filter(|_| self.one_in(2)).map(|_| self.byte() % 4);
                Selector::icmp(self.one_in(2), kind, code)
            }
            _ => Selector::number(self.byte()),
        }
    }

    pub(crate) fn protocol(&mut self, v6: bool) -> Protocol {
        let (source, destination) = (self.port(), self.port());
        match self.below(6) {
            0..=2 => Protocol::Tcp { source, destination },
            3 => Protocol::Udp { source, destination },
            4 if v6 => Protocol::Icmpv6 {
                kind: if self.one_in(2) { 128 } else { self.byte() },
                code: self.byte() % 4,
            },
            4 => Protocol::Icmp { kind: self.byte() % 16, code: self.byte() % 4 },
            _ => match self.byte() {
                6 | 17 | 1 | 58 => Protocol::Other(47),
                n => Protocol::Other(n),
            },
        }
    }

    pub(crate) fn direction(&mut self) -> Direction {
        if self.one_in(2) { Direction::Ingress } else { Direction::Egress }
    }
}

const BLOCKS: [&str; 14] = [
    "0.0.0.0/0",
    "0.0.0.0/0",
    "10.0.0.0/16",
    "10.0.1.0/24",
    "10.0.1.10/32",
    "10.0.2.0/23",
    "10.0.2.20/32",
    "10.1.0.0/16",
    "198.18.0.0/15",
    "203.0.113.0/24",
    "203.0.113.7/32",
    "::/0",
    "2001:db8:0:100::/56",
    "2001:db8:0:102::b/128",
];

fn group_rules(dice: &mut Dice, name: &str) -> Vec<GroupRule> {
    (0..dice.below(7))
        .map(|i| {
            let peer = match dice.below(5) {
                0 => RulePeer::Group(dice.pick(&["g0", "g1", "g2", "g3", "gone"]).into()),
                1 => RulePeer::PrefixList {
                    id: "pl".into(),
                    cidrs: vec![net(dice.pick(&BLOCKS)), net(dice.pick(&BLOCKS))],
                },
                _ => RulePeer::Cidr(net(dice.pick(&BLOCKS))),
            };
            let mut made = rule(&format!("{name}-{i}"), dice.direction(), dice.selector(), peer);
            made.stale = dice.one_in(15);
            made
        })
        .collect()
}

fn acl_entries(dice: &mut Dice) -> Vec<AclEntry> {
    let mut entries = Vec::new();
    for i in 0..u16::try_from(dice.below(8)).unwrap() {
        let (direction, selector, allow) = (dice.direction(), dice.selector(), !dice.one_in(3));
        entries.push(entry(10 + i * 10, direction, selector, dice.pick(&BLOCKS), allow));
    }
    for direction in [Direction::Ingress, Direction::Egress] {
        if !dice.one_in(4) {
            entries.push(entry(900, direction, Selector::ALL, "0.0.0.0/0", true));
            entries.push(entry(901, direction, Selector::ALL, "::/0", true));
        }
    }
    entries
}

fn nsg(dice: &mut Dice, id: &str) -> Nsg {
    let address = |dice: &mut Dice| match dice.below(4) {
        0 => NsgAddress::VirtualNetwork,
        1 => NsgAddress::Internet,
        2 => NsgAddress::Cidr(net(dice.pick(&BLOCKS))),
        _ => NsgAddress::Any,
    };
    let rules = (0..u16::try_from(dice.below(6)).unwrap())
        .map(|i| NsgRule {
            name: format!("{id}-{i}").into(),
            priority: 100 + i,
            direction: dice.direction(),
            allow: !dice.one_in(3),
            protocol: [None, Some(6), Some(17), Some(1)][dice.below(4)],
            sources: vec![address(dice)],
            source_ports: vec![dice.ports()],
            destinations: vec![address(dice)],
            destination_ports: vec![dice.ports(), dice.ports()],
        })
        .collect();
    Nsg { id: id.into(), rules }
}

/// A network as somebody might build it: two peered VPCs, three subnets, five machines, every kind of gateway.
pub(crate) fn network(seed: u64) -> World {
    let mut dice = Dice::new(seed);
    let mut w = World::default();
    w.vpc("v", &["10.0.0.0/16", "2001:db8:0:100::/56"])
        .vpc("p", &["10.1.0.0/16"])
        .subnet("s1", "v", &["10.0.1.0/24", "2001:db8:0:101::/64"])
        .subnet("s2", "v", &["10.0.2.0/24", "2001:db8:0:102::/64"])
        .subnet("sp", "p", &["10.1.0.0/24"])
        .igw("igw", "v")
        .eigw("eigw", "v")
        .peering("pcx", "v", "p")
        .nat("nat", "s1", "10.0.1.99", Some("198.18.0.9"));
    for group in ["g0", "g1", "g2"] {
        let mut rules = group_rules(&mut dice, group);
        if !dice.one_in(3) {
            rules.extend(all_out());
        }
        w.group(group, "v", rules);
    }
    let rules = group_rules(&mut dice, "g3");
    w.group("g3", "p", rules);
    let two = |dice: &mut Dice| [dice.pick(&["g0", "g1", "g2"]), dice.pick(&["g0", "g1", "g2"])];
    let g = two(&mut dice);
    w.machine("a", "s1", &["10.0.1.10", "2001:db8:0:101::a"], &g);
    let g = two(&mut dice);
    w.machine("b", "s2", &["10.0.2.20", "2001:db8:0:102::b"], &g[..1]);
    let g = two(&mut dice);
    w.machine("c", "s1", &["10.0.1.30", "10.0.1.31"], &g).machine("far", "sp", &["10.1.0.5"], &["g3"]);
    let g = two(&mut dice);
    w.machine("x", "s2", &["10.0.2.77"], &g);
    w.interface_mut("x").source_dest_check = false;
    w.public("a", "10.0.1.10", "198.18.0.1").public("b", "10.0.2.20", "198.18.0.2");
    for (acl, subnet) in [("acl-1", "s1"), ("acl-2", "s2"), ("acl-3", "sp")] {
        if dice.one_in(2) {
            let entries = acl_entries(&mut dice);
            w.acl(acl, subnet, entries);
        }
    }
    for (table, subnet) in [("rtb-1", "s1"), ("rtb-2", "s2"), ("rtb-3", "sp")] {
        let routes = (0..dice.below(6)).map(|_| random_route(&mut dice)).collect();
        w.table(table, subnet, routes);
    }
    for id in ["n1", "n2"] {
        let made = nsg(&mut dice, id);
        w.0.nsgs.push(made);
    }
    if dice.one_in(3) {
        w.interface_mut("b").nsg = Some("n1".into());
    }
    if dice.one_in(3) {
        w.subnet_mut("s1").nsg = Some("n2".into());
    }
    if dice.one_in(3) {
        w.0.port_forwardings.push(PortForwarding {
            id: "pf".into(),
            gateway: dice.pick(&["igw", "nat"]).into(),
            protocol: 6,
            gateway_address: None,
            gateway_port: 80,
            inner_address: ip("10.0.2.20"),
            inner_port: dice.port(),
            masquerade: None,
        });
    }
    w
}

fn random_route(dice: &mut Dice) -> Route {
    const TO: [&str; 7] =
        ["0.0.0.0/0", "::/0", "10.1.0.0/16", "10.0.0.0/16", "203.0.113.0/24", "10.0.2.0/24", "192.0.2.0/24"];
    let target = match dice.below(9) {
        0 | 1 => RouteTarget::InternetGateway("igw".into()),
        2 => RouteTarget::EgressOnlyInternetGateway("eigw".into()),
        3 => RouteTarget::NatGateway("nat".into()),
        4 | 5 => RouteTarget::Peering("pcx".into()),
        6 => RouteTarget::NetworkInterface("x".into()),
        7 => RouteTarget::Blackhole,
        _ => RouteTarget::VirtualPrivateGateway("vgw".into()),
    };
    let origin = if dice.one_in(4) { RouteOrigin::Propagated } else { RouteOrigin::Static };
    route(dice.pick(&TO), origin, target)
}

pub(crate) const MACHINES: [&str; 5] = ["a", "b", "c", "far", "x"];

/// Addresses that mean something in [`network`], and some that do not.
const TARGETS: [&str; 16] = [
    "10.0.1.10",
    "10.0.1.30",
    "10.0.1.31",
    "10.0.2.20",
    "10.0.2.77",
    "10.0.2.78",
    "10.1.0.5",
    "10.0.1.99",
    "198.18.0.1",
    "198.18.0.2",
    "198.18.0.9",
    "203.0.113.7",
    "192.0.2.1",
    "2001:db8:0:102::b",
    "2001:db8:0:101::a",
    "2001:db8:ffff::1",
];

/// The first packet of a flow from a machine, mostly with an honest source.
pub(crate) fn packet(dice: &mut Dice, w: &World) -> Packet {
    let target = ip(dice.pick(&TARGETS));
    let protocol = dice.protocol(target.is_ipv6());
    if dice.one_in(5) {
        let source = if target.is_ipv6() { "2001:db8:ffff::1" } else { "203.0.113.7" };
        return Packet::new(Place::Internet, ip(source), target, protocol);
    }
    let from = dice.pick(&MACHINES);
    let interface = w.0.network_interfaces.iter().find(|i| *i.id == *from).unwrap();
    let own: Vec<&IpAddr> = interface.addresses.iter().filter(|a| a.is_ipv6() == target.is_ipv6()).collect();
    let source = match own.as_slice() {
        [] => interface.addresses[0],
        some => *some[dice.below(some.len())],
    };
    let source = if dice.one_in(10) { ip(dice.pick(&TARGETS)) } else { source };
    Packet::new(eni(from), source, target, protocol)
}

/// A network that nobody could build: ids that lead nowhere, doubled ids, addresses in the wrong place.
pub(crate) fn chaos(seed: u64) -> Topology {
    let mut dice = Dice::new(seed);
    let mut w = network(seed);
    let t = &mut w.0;
    for _ in 0..dice.below(12) {
        let id: Id = dice.pick(&["v", "p", "s1", "g0", "igw", "nat", "a", "x", "nowhere", ""]).into();
        match dice.below(16) {
            0 => t.vpcs[0].main_route_table = id,
            1 => t.vpcs[1].cidrs = vec![net(dice.pick(&BLOCKS))],
            2 => t.subnets[0].vpc = id,
            3 => t.subnets[1].cidrs = vec![net("0.0.0.0/0"), net("255.255.255.255/32"), net("::/0")],
            4 => t.network_interfaces[0].subnet = id,
            5 => t.network_interfaces[1].vpc = id,
            6 => t.network_interfaces[2].addresses.push(ip(dice.pick(&TARGETS))),
            7 => t.network_interfaces[3].prefixes.push(net(dice.pick(&BLOCKS))),
            8 => t.nat_gateways[0].subnet = id,
            9 => t.nat_gateways[0].addresses.clear(),
            10 => t.internet_gateways[0].vpc = Some(id),
            11 => t.internet_gateways[0].route_table = Some("rtb-1".into()),
            12 => t.peerings[0].accepter_vpc = id,
            13 => t.network_interfaces[1].kind = InterfaceKind::NatGateway,
            14 => t.vpcs.clear(),
            _ => t.route_tables[0].routes.push(random_route(&mut dice)),
        }
        if t.vpcs.len() < 2 {
            break;
        }
    }
    w.0
}
