//! NAT gateways: out with the gateway's address, answers in, nothing else but forwarded ports.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use network_plan::{
    Eni, EniKind, Gate, NatGateway, Outpost, PortForward, Protocol, PublicAddress, RouteTarget, VpcInput,
};

use crate::datagrams::{PATIENCE, unbroken};
use crate::facts::{acl, allow_all, anywhere, eni, entry, group, route, tcp, udp, vpc};
use crate::nflog::Log;
use crate::wire::{begin, bind_udp, connect, listen, ping, seen_as};
use crate::world::{Namespace, World};

const HOST: &str = "198.18.255.253";
const PUBLIC: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 20);

/// 11 and 13 in subnet a, whose default route leads to the NAT gateway 20 in the public subnet.
fn behind_nat() -> VpcInput {
    let mut input = vpc(1);
    input.groups = vec![group(1, Vec::new(), anywhere("sgr-out", Protocol::All))];
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(13, 1, &["sg-1"]), gateway()];
    input.nat_gateways =
        vec![NatGateway { id: "nat-1".into(), eni_id: "eni-20".into(), port_forwards: Vec::new() }];
    input.route_tables[0].routes.push(route("0.0.0.0/0", RouteTarget::Eni("eni-20".into())));
    input
}

fn gateway() -> Eni {
    let private = Ipv4Addr::new(10, 0, 3, 20);
    Eni {
        kind: EniKind::NatGateway,
        source_dest_check: false,
        v6: Vec::new(),
        public_v4: vec![PublicAddress { private, public: PUBLIC }],
        ..eni(20, 3, &[])
    }
}

fn forward(port: u16, masquerade: bool) -> PortForward {
    PortForward {
        protocol: 6,
        address: Ipv4Addr::new(10, 0, 3, 20),
        port,
        to: Ipv4Addr::new(10, 0, 1, 11),
        to_port: 80,
        masquerade,
    }
}

/// Packets that a chain of the gateway's own table dropped.
fn refused(world: &World, chain: &str) -> u64 {
    let inside = Namespace::open(world.directory().join("vpc-1.eni-20").to_str().unwrap());
    inside.inside(|| crate::kernel::table_drops(chain))
}

#[test]
fn nothing_but_answers_comes_in() {
    let Some(mut world) = World::new(behind_nat()) else { return };
    assert!(ping(world.at("eni-11"), HOST));
    let host = Namespace::current();
    for port in [80, 22] {
        let before = refused(&world, "input");
        let _attempt = begin(&host, &format!("198.18.0.20:{port}"));
        world.until("the gateway refuses", |w| refused(w, "input") > before);
    }
}

/// Waits for a report of a packet to this port.
fn report(listener: &network_apply::DropListener, port: u16) -> network_apply::DroppedPacket {
    let end = std::time::Instant::now() + PATIENCE;
    loop {
        if let network_apply::Heard::Some(packets) = listener.hear().unwrap()
            && let Some(packet) = packets.into_iter().find(|p| p.bytes[22..24] == port.to_be_bytes())
        {
            return packet;
        }
        assert!(std::time::Instant::now() < end, "port {port} is not reported");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

#[test]
fn what_ends_outside_of_routers_is_reported() {
    let mut input = behind_nat();
    // The gateway's own subnet leads back to it.
    input.route_tables[1].routes.push(route("203.0.113.0/24", RouteTarget::Eni("eni-20".into())));
    let Some(mut world) = World::new(input) else { return };
    let edge = world.network().listen_to_edge().unwrap();
    let gateway = world.network().listen_behind_to_drops("vpc-1", "eni-20").unwrap();
    assert!(world.network().listen_behind_to_drops("vpc-1", "eni-11").is_err(), "a machine is none of ours");
    let host = Namespace::current();
    let _attempt = begin(&host, "198.18.0.99:7001");
    let nobody = report(&edge, 7001);
    assert_eq!(Outpost::by_name(&nobody.prefix), Some(Outpost::Nobody));
    let _attempt = begin(&host, "198.18.0.20:7002");
    assert_eq!(report(&gateway, 7002).prefix, Outpost::NatRefused.name());
    let sender = bind_udp(world.at("eni-11"), "0.0.0.0:5000");
    sender.send_to(b"round", "203.0.113.9:7003").unwrap();
    assert_eq!(report(&gateway, 7003).prefix, Outpost::NatCircle.name());
    // Somebody meddles: the edge reports again once it is mended.
    drop(edge);
    let inside = Namespace::open(world.directory().join("edge").to_str().unwrap());
    inside.inside(|| {
        let flushed = std::process::Command::new("nft").args(["flush", "ruleset"]).status().unwrap();
        assert!(flushed.success());
    });
    world.until("the edge is mended", |w| {
        let disturbed = w.network().disturbed().unwrap();
        w.apply();
        !disturbed.is_empty()
    });
    let edge = world.network().listen_to_edge().unwrap();
    let _attempt = begin(&host, "198.18.0.98:7004");
    report(&edge, 7004);
}

/// A second machine in the public subnet, with a public address, plays the internet.
fn with_server(mut input: VpcInput) -> VpcInput {
    input.groups.push(group(2, anywhere("sgr-in", Protocol::All), anywhere("sgr-out", Protocol::All)));
    input.enis.push(crate::facts::public(eni(30, 3, &["sg-2"]), "198.18.0.30"));
    input
}

#[test]
fn connections_from_two_machines_with_one_port_do_not_meet() {
    let Some(world) = World::new(with_server(behind_nat())) else { return };
    let server = bind_udp(world.at("eni-30"), "0.0.0.0:9");
    let clients = ["eni-11", "eni-13"].map(|eni| bind_udp(world.at(eni), "0.0.0.0:5000"));
    let mut seen = Vec::new();
    let mut buffer = [0; 16];
    for client in &clients {
        client.send_to(b"ask", "198.18.0.30:9").unwrap();
        let (_, from) = server.recv_from(&mut buffer).unwrap();
        assert_eq!(from.ip(), IpAddr::V4(PUBLIC));
        seen.push(from);
    }
    assert_eq!(seen[0].port(), 5000, "a port that is free is kept");
    assert_ne!(seen[0], seen[1]);
    for (client, (from, word)) in clients.iter().zip(seen.iter().zip([&b"first"[..], b"second"])) {
        server.send_to(word, *from).unwrap();
        let (len, sender) = client.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..len], word);
        assert_eq!(sender.ip(), Ipv4Addr::new(198, 18, 0, 30));
    }
}

#[test]
fn several_addresses_share_the_connections() {
    let mut input = with_server(behind_nat());
    let second = Ipv4Addr::new(10, 0, 3, 21);
    input.enis[2].private_v4.push(second);
    let public = Ipv4Addr::new(198, 18, 0, 21);
    input.enis[2].public_v4.push(PublicAddress { private: second, public });
    let Some(mut world) = World::new(input) else { return };
    let server = bind_udp(world.at("eni-30"), "0.0.0.0:9");
    let senders = |world: &World| -> BTreeSet<IpAddr> {
        // The same ports each time: a connection that is left over would be found again.
        let ports = 5_000..5_040;
        let clients: Vec<_> =
            ports.map(|port| bind_udp(world.at("eni-11"), &format!("0.0.0.0:{port}"))).collect();
        let mut buffer = [0; 16];
        let heard = clients.iter().map(|client| {
            client.send_to(b"ask", "198.18.0.30:9").unwrap();
            let (_, from) = server.recv_from(&mut buffer).unwrap();
            server.send_to(b"said", from).unwrap();
            client.recv(&mut [0; 16]).unwrap();
            from.ip()
        });
        heard.collect()
    };
    assert_eq!(senders(&world), [PUBLIC.into(), public.into()].into());
    // An address that is taken away takes its connections along.
    world.change(|input| {
        input.enis[2].private_v4.pop();
        input.enis[2].public_v4.pop();
    });
    assert_eq!(senders(&world), [PUBLIC.into()].into());
}

#[test]
fn it_crosses_borders_twice() {
    let mut input = with_server(behind_nat());
    input.subnets[0].acl_id = Some("acl-1".into());
    input.subnets[2].acl_id = Some("acl-2".into());
    input.acls = vec![acl(1, allow_all(), allow_all()), acl(2, allow_all(), allow_all())];
    let Some(mut world) = World::new(input) else { return };
    let log = Log::of(&world);
    let server = listen(world.at("eni-30"), "0.0.0.0:80");
    assert_eq!(seen_as(world.at("eni-11"), "198.18.0.30:80", &server), IpAddr::V4(PUBLIC));
    // Into the gateway's subnet the machine's own address comes …
    let deny = |number, cidr: &str| entry(number, tcp(80), cidr, false);
    world.change(|input| input.acls[1].ingress.insert(0, deny(1, "10.0.1.0/24")));
    world.drops("eni-20", Gate::AclIn, |w| begin(w.at("eni-11"), "198.18.0.30:80"));
    log.prefix("acl-in 2 1");
    // … out of it the gateway sends.
    world.change(|input| {
        input.acls[1].ingress.remove(0);
        input.acls[1].egress.insert(0, deny(2, "198.18.0.30/32"));
    });
    world.drops("eni-20", Gate::AclOut, |w| begin(w.at("eni-11"), "198.18.0.30:80"));
    assert_eq!(log.prefix("acl-out 2 2").packet[12..16], [10, 0, 3, 20]);
}

#[test]
fn without_a_public_address_or_a_route_nothing_leaves() {
    let Some(mut world) = World::new(behind_nat()) else { return };
    world.change(|input| input.enis[2].public_v4.clear());
    world.drops("eni-20", Gate::NoPublicAddress, |w| begin(w.at("eni-11"), "203.0.113.1:80"));
    world.change(|input| input.route_tables[1].routes.retain(|route| route.destination.prefix_len() > 0));
    world.drops("eni-20", Gate::NoRoute, |w| begin(w.at("eni-11"), "203.0.113.1:80"));
    world.change(|input| {
        input.nat_gateways.clear();
        input.enis.pop();
    });
    world.drops("eni-11", Gate::NoRoute, |w| begin(w.at("eni-11"), "203.0.113.1:80"));
}

#[test]
fn a_forwarded_port_leads_inside_with_the_sender_or_the_gateway_as_it_says() {
    let mut input = behind_nat();
    input.groups[0].ingress = vec![crate::facts::rule("sgr-in", tcp(80), "0.0.0.0/0")];
    input.nat_gateways[0].port_forwards = vec![forward(1978, false), forward(1979, true)];
    let Some(mut world) = World::new(input) else { return };
    let host = Namespace::current();
    let server = listen(world.at("eni-11"), "0.0.0.0:80");
    assert_eq!(seen_as(&host, "198.18.0.20:1978", &server), HOST.parse::<IpAddr>().unwrap());
    assert_eq!(seen_as(&host, "198.18.0.20:1979", &server), IpAddr::from([10, 0, 3, 20]));
    let mut client = connect(&host, "198.18.0.20:1979").unwrap();
    let (mut stream, _) = server.accept().unwrap();
    stream.write_all(b"hello").unwrap();
    let mut heard = [0; 5];
    client.read_exact(&mut heard).unwrap();
    // The group judges the inner port, and the sender that the machine sees.
    world.change(|input| {
        input.groups[0].ingress = vec![crate::facts::rule("sgr-in", tcp(80), "10.0.3.20/32")];
    });
    world.drops("eni-11", Gate::IngressDenied, |_| begin(&host, "198.18.0.20:1978"));
    connect(&host, "198.18.0.20:1979").unwrap();
}

#[test]
fn flows_through_it_are_always_tracked() {
    let mut input = with_server(behind_nat());
    input.groups[0].ingress = anywhere("sgr-in", Protocol::All);
    let Some(mut world) = World::new(input) else { return };
    let server = bind_udp(world.at("eni-30"), "0.0.0.0:9");
    let client = bind_udp(world.at("eni-11"), "0.0.0.0:0");
    let ask = |from: &mut Option<SocketAddr>| {
        let mut buffer = [0; 8];
        client.send_to(b"ask", "198.18.0.30:9").unwrap();
        *from = Some(server.recv_from(&mut buffer).unwrap().1);
        server.send_to(b"said", from.unwrap()).unwrap();
        client.recv(&mut buffer).unwrap();
    };
    let mut from = None;
    ask(&mut from);
    world.change(|input| {
        input.groups[0].egress = vec![crate::facts::rule("sgr-out", udp(10), "0.0.0.0/0")];
        input.groups[0].ingress.clear();
    });
    ask(&mut from);
}

#[test]
fn only_tcp_udp_and_icmp_pass_and_a_lost_connection_is_reset() {
    let Some(mut world) = World::new(with_server(behind_nat())) else { return };
    let before = refused(&world, "forward");
    crate::wire::send_protocol(world.at("eni-11"), Ipv4Addr::new(198, 18, 0, 30), 47);
    world.until("the gateway refuses", |w| refused(w, "forward") > before);
    let server = listen(world.at("eni-30"), "0.0.0.0:80");
    let mut client = connect(world.at("eni-11"), "198.18.0.30:80").unwrap();
    let _stream = server.accept().unwrap();
    let inside = Namespace::open(world.directory().join("vpc-1.eni-20").to_str().unwrap());
    inside.inside(crate::nflog::forget_connections);
    client.write_all(b"still there?").unwrap();
    let error = unbroken(|| client.read(&mut [0; 8])).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}
