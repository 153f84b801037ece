//! Too much of everything: connections through a NAT gateway, frames that are no packets. (A full connection table: `watching`.)

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use network_plan::{EniKind, NatGateway, Protocol, PublicAddress, RouteTarget, VpcInput};
use rustix::net::sockopt::set_socket_linger;

use crate::facts::{anywhere, eni, group, open_out, public, route, vpc};
use crate::wire::{connect, listen, ping, send_garbage};
use crate::world::{Namespace, World};

/// Connections that each of two clients opens: what 20,000 a second are in five seconds.
const EACH: u32 = 50_000;
/// Ports of the server. A gateway has 64,512 ports per destination, so nothing below may be refused.
const PORTS: [u16; 4] = [81, 82, 83, 84];

fn behind_nat() -> VpcInput {
    let mut input = vpc(1);
    input.groups = vec![group(1, Vec::new(), anywhere("sgr-out", Protocol::All))];
    input.groups.push(group(2, anywhere("sgr-in", Protocol::All), anywhere("sgr-out", Protocol::All)));
    let private = Ipv4Addr::new(10, 0, 3, 20);
    let gateway = network_plan::Eni {
        kind: EniKind::NatGateway,
        source_dest_check: false,
        v6: Vec::new(),
        public_v4: vec![PublicAddress { private, public: Ipv4Addr::new(198, 18, 0, 20) }],
        ..eni(20, 3, &[])
    };
    let server = public(eni(30, 3, &["sg-2"]), "198.18.0.30");
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(13, 1, &["sg-1"]), gateway, server];
    input.nat_gateways =
        vec![NatGateway { id: "nat-1".into(), eni_id: "eni-20".into(), port_forwards: Vec::new() }];
    input.route_tables[0].routes.push(route("0.0.0.0/0", RouteTarget::Eni("eni-20".into())));
    input
}

#[test]
fn a_hundred_thousand_connections_pass_a_nat_gateway_and_none_is_refused() {
    let Some(world) = World::new(behind_nat()) else { return };
    let over = AtomicBool::new(false);
    let servers = PORTS.map(|port| listen(world.at("eni-30"), &format!("0.0.0.0:{port}")));
    let opened: u32 = thread::scope(|scope| {
        for server in &servers {
            scope.spawn(|| accept_until(server, &over));
        }
        let clients: Vec<_> =
            ["eni-11", "eni-13"].map(|eni| scope.spawn(|| world.at(eni).inside(|| storm(EACH)))).into();
        let opened = clients.into_iter().map(|client| client.join().unwrap()).sum();
        over.store(true, Ordering::Relaxed);
        // Each of them waits in `accept` for a last one.
        for port in PORTS {
            drop(connect(world.at("eni-30"), &format!("10.0.3.30:{port}")));
        }
        opened
    });
    assert_eq!(opened, 2 * EACH);
}

fn accept_until(server: &TcpListener, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        if let Ok((mut stream, _)) = server.accept() {
            // The last one says nothing, and may be there already.
            let _ = stream.write_all(b"!");
        }
    }
}

/// Opens connections one after the other, hears a byte on each and resets it; how many.
fn storm(count: u32) -> u32 {
    for number in 0..count {
        let port = PORTS[usize::try_from(number).unwrap() % PORTS.len()];
        let target = SocketAddr::from(([198, 18, 0, 30], port));
        let mut stream = TcpStream::connect_timeout(&target, Duration::from_secs(20))
            .unwrap_or_else(|error| panic!("connection {number}: {error}"));
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut heard = [0];
        stream.read_exact(&mut heard).unwrap_or_else(|error| panic!("connection {number}: {error}"));
        // A reset leaves no port waiting in the machine.
        set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    }
    count
}

/// Garbage that is enough to be noticed wherever it would arrive.
const FRAMES: u64 = 50_000;

#[test]
fn garbage_frames_reach_nobody_and_hold_nobody_up() {
    let mut input = vpc(1);
    input.groups = vec![open_out(1, anywhere("sgr-in", Protocol::All))];
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(12, 2, &["sg-1"]), eni(13, 1, &["sg-1"])];
    let Some(world) = World::new(input) else { return };
    let (over, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let got = |at: &Namespace| at.inside(|| received("eth0"));
    let (noisy, quiet) = (world.at("eni-11"), world.at("eni-13"));
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    let before = got(quiet);
    let mut rounds = 0;
    thread::scope(|scope| {
        let noise = scope.spawn(|| send_garbage(noisy, &sent, &over));
        // A thread that failed sends no more.
        while !noise.is_finished() && (rounds < 20 || sent.load(Ordering::Relaxed) < FRAMES) {
            assert!(ping(world.at("eni-12"), "10.0.1.13"));
            connect(quiet, "10.0.2.12:80").unwrap();
            server.accept().unwrap();
            rounds += 1;
        }
        over.store(true, Ordering::Relaxed);
        noise.join().unwrap();
    });
    // A neighbour has seen its own packets and nothing of the noise.
    let seen = got(quiet) - before;
    let sent = sent.into_inner();
    assert!(seen < rounds * 40, "{seen} frames came to a neighbour in {rounds} rounds, {sent} were sent");
    assert!(ping(noisy, "10.0.2.12"), "and who stops is heard again");
}

/// Frames that an interface of the current namespace has received (`/proc/net/dev`: the second number).
fn received(interface: &str) -> u64 {
    let text = fs::read_to_string("/proc/thread-self/net/dev").unwrap();
    let line = text.lines().find(|line| line.trim_start().starts_with(interface)).unwrap();
    line.split_whitespace().nth(2).unwrap().parse().unwrap()
}
