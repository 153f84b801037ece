//! How many packets a second one core judges: `cargo run --release -p reachability --example rate`.

use reachability::topology::*;
use reachability::{Direction, Index, Packet, Place, Protocol, Topology};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

const MACHINES: u8 = 250;
const ROUNDS: u32 = 400_000;

fn main() {
    let topology = network();
    let index = Index::new(&topology);
    #[allow(clippy::disallowed_methods, reason = "this program measures")]
    let begin = Instant::now();
    let mut delivered = 0u32;
    for i in 0..ROUNDS {
        let [from, to, ..] = i.wrapping_mul(2_654_435_761).to_be_bytes();
        let (from, to) = (from % MACHINES, to % MACHINES);
        let [.., low] = i.to_be_bytes();
        let packet = Packet::new(
            Place::NetworkInterface(format!("eni-{from}").into()),
            address(from),
            address(to),
            Protocol::tcp(u16::from(low) * 8),
        );
        delivered += u32::from(index.judge(&packet).verdict.is_delivered());
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("{:.0} judgements/s, {delivered} of {ROUNDS} delivered", f64::from(ROUNDS) / seconds);
}

fn address(machine: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, machine % 2, 4 + machine / 2).into()
}

fn block(text: &str) -> ipnet::IpNet {
    text.parse().unwrap_or_default()
}

/// One VPC, two subnets, 250 machines, 60 rules in a group and 20 entries in an ACL.
fn network() -> Topology {
    let mut topology = Topology::default();
    let (vpc, table): (Id, Id) = ("vpc".into(), "rtb".into());
    let cidrs = vec![block("10.0.0.0/16")];
    topology.vpcs.push(Vpc {
        id: vpc.clone(),
        cidrs: cidrs.clone(),
        main_route_table: table.clone(),
        dns_support: true,
    });
    let local = Route {
        destinations: cidrs,
        prefix_list: None,
        origin: RouteOrigin::Local,
        target: RouteTarget::Local,
    };
    topology.route_tables.push(RouteTable { id: table, vpc: vpc.clone(), routes: vec![local] });
    let both = [Direction::Ingress, Direction::Egress];
    let entries = (1..=20).flat_map(|n| {
        both.map(|direction| AclEntry {
            number: n * 10,
            direction,
            selector: if n == 20 { Selector::ALL } else { Selector::tcp(n * 7, n * 7) },
            cidr: block("0.0.0.0/0"),
            allow: n == 20,
        })
    });
    topology.network_acls.push(NetworkAcl { id: "acl".into(), vpc: vpc.clone(), entries: entries.collect() });
    for i in 0..2u8 {
        topology.subnets.push(Subnet {
            id: format!("subnet-{i}").into(),
            vpc: vpc.clone(),
            cidrs: vec![block(&format!("10.0.{i}.0/24"))],
            zone: "a".to_owned(),
            route_table: None,
            network_acl: "acl".into(),
            nsg: None,
        });
    }
    let rules = (0..60u16).flat_map(|n| {
        both.map(|direction| GroupRule {
            id: format!("sgr-{n}").into(),
            direction,
            selector: Selector::tcp(n * 34, n * 34 + 16),
            peer: RulePeer::Cidr(block("10.0.0.0/16")),
            stale: false,
        })
    });
    topology.security_groups.push(SecurityGroup {
        id: "sg".into(),
        vpc: vpc.clone(),
        rules: rules.collect(),
    });
    for i in 0..MACHINES {
        topology.network_interfaces.push(NetworkInterface {
            id: format!("eni-{i}").into(),
            vpc: vpc.clone(),
            subnet: format!("subnet-{}", i % 2).into(),
            kind: InterfaceKind::Interface,
            addresses: vec![address(i)],
            prefixes: Vec::new(),
            public: Vec::new(),
            groups: vec!["sg".into()],
            nsg: None,
            source_dest_check: true,
            instance: Some("i".into()),
            running: true,
        });
    }
    topology
}
