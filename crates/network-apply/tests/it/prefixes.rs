//! Delegated prefixes: blocks that belong to an interface like single addresses (EC2 user guide, "Prefix delegation").

use network_plan::{Gate, Protocol, VpcInput};

use crate::datagrams::Datagrams;
use crate::facts::{anywhere, eni, group, rule, vpc};
use crate::wire::bind_udp;
use crate::world::{World, take_address};

/// 11 in subnet a; 12 in subnet b with a prefix of each family. Group 2 admits its own members only.
fn delegated() -> VpcInput {
    let mut input = vpc(1);
    let members = vec![rule("sgr-in", Protocol::All, "sg-2")];
    input.groups = vec![
        group(1, Vec::new(), anywhere("sgr-out", Protocol::All)),
        group(2, members, anywhere("sgr-any", Protocol::All)),
    ];
    input.enis = vec![eni(11, 1, &["sg-2"]), eni(12, 2, &["sg-2"])];
    input.enis[1].prefixes = vec!["10.0.2.16/28".parse().unwrap(), "2001:db8:1:2:1::/80".parse().unwrap()];
    input
}

/// Gives the machine an address of its prefixes; that is the guest's own business.
fn socket_at(world: &World, address: &str) -> Datagrams {
    let port = if address.contains(':') { format!("[{address}]:9") } else { format!("{address}:9") };
    world.at("eni-12").inside(|| take_address(address));
    bind_udp(world.at("eni-12"), &port)
}

#[test]
fn its_addresses_send_receive_and_are_members() {
    let Some(mut world) = World::new(delegated()) else { return };
    let others = ["0.0.0.0:9", "[2001:db8:1:1::b]:9"].map(|any| bind_udp(world.at("eni-11"), any));
    let mut buffer = [0; 16];
    for (own, other, to) in [
        ("10.0.2.17", &others[0], "10.0.1.11:9"),
        ("10.0.2.31", &others[0], "10.0.1.11:9"),
        ("2001:db8:1:2:1::7", &others[1], "[2001:db8:1:1::b]:9"),
    ] {
        let socket = socket_at(&world, own);
        socket.send_to(b"hello", to).unwrap();
        let (_, from) = other.recv_from(&mut buffer).unwrap();
        assert_eq!(from.ip().to_string(), own);
        // A new connection the other way, to a member.
        let second = bind_udp(world.at("eni-11"), if own.contains(':') { "[::]:0" } else { "0.0.0.0:0" });
        second.send_to(b"you too", from).unwrap();
        assert_eq!(socket.recv(&mut buffer).unwrap(), 7);
    }
    // Who is no member is not admitted by the reference.
    world.change(|input| input.enis[1].groups = vec!["sg-1".into()]);
    let stranger = bind_udp(world.at("eni-12"), "10.0.2.31:10");
    world.drops("eni-11", Gate::IngressDenied, |_| stranger.send_to(b"no", "10.0.1.11:9").unwrap());
    let stranger = bind_udp(world.at("eni-12"), "[2001:db8:1:2:1::7]:10");
    world.drops("eni-11", Gate::IngressDenied, |_| {
        stranger.send_to(b"no", "[2001:db8:1:1::b]:9").unwrap();
    });
    // One address beyond the prefix is somebody else's.
    let liar = socket_at(&world, "10.0.2.32");
    world.drops("eni-12", Gate::Spoofed, |_| liar.send_to(b"no", "10.0.1.11:9").unwrap());
    world.change(|input| input.enis[1].prefixes.clear());
    world.drops("eni-12", Gate::Spoofed, |_| stranger.send_to(b"no", "[2001:db8:1:1::b]:9").unwrap());
}
