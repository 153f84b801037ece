//! What the router itself offers to machines.

use std::io::{Read, Write};

use network_plan::Gate;

use crate::facts::{eni, group, vpc};
use crate::wire::{begin, bind_udp, connect, ping, send_icmp};
use crate::world::World;

/// A machine whose groups let nothing in or out.
fn closed() -> Option<World> {
    let mut input = vpc(1);
    input.groups = vec![group(1, Vec::new(), Vec::new())];
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(12, 1, &["sg-1"])];
    World::new(input)
}

#[test]
fn metadata_is_reached_with_every_group_closed_and_knows_the_caller() {
    let Some(mut world) = closed() else { return };
    let v4 = "169.254.169.254:80".parse().unwrap();
    let v6 = "[fd00:ec2::254]:80".parse().unwrap();
    for (address, caller) in [(v4, "10.0.1.11"), (v6, "2001:db8:1:1::b")] {
        let server = world.network().listen_in_vpc("vpc-1", address).unwrap();
        let mut client = connect(world.at("eni-11"), &address.to_string()).unwrap();
        let (mut stream, peer) = server.accept().unwrap();
        assert_eq!(peer.ip().to_string(), caller);
        stream.write_all(b"i-1").unwrap();
        drop(stream);
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "i-1");
    }
    assert_eq!(world.dropped("eni-11", Gate::EgressDenied).packets, 0);
}

#[test]
fn names_are_asked_at_base_plus_two_and_at_the_link_local_address() {
    let Some(mut world) = closed() else { return };
    for address in ["10.0.1.2:53", "169.254.169.253:53"] {
        let server = world.network().datagrams_in_vpc("vpc-1", address.parse().unwrap()).unwrap();
        let client = bind_udp(world.at("eni-11"), "0.0.0.0:0");
        client.send_to(b"who?", address).unwrap();
        let mut buffer = [0; 16];
        let (len, peer) = server.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..len], peer.ip().to_string().as_str()), (&b"who?"[..], "10.0.1.11"));
        server.send_to(b"me", peer).unwrap();
        assert_eq!(client.recv(&mut buffer).unwrap(), 2);
    }
}

#[test]
fn the_gateway_answers_echo_and_the_services_do_not() {
    let Some(mut world) = closed() else { return };
    for gateway in ["10.0.1.1", "10.0.2.1"] {
        assert!(ping(world.at("eni-11"), gateway));
    }
    for service in ["10.0.1.2", "169.254.169.253", "fd00:ec2::253"] {
        let (to, kind) = (service.parse().unwrap(), if service.contains(':') { 128 } else { 8 });
        world.drops("eni-11", Gate::NotAService, |w| send_icmp(w.at("eni-11"), to, kind, 0));
    }
}

#[test]
fn a_service_is_asked_under_ones_own_address_only() {
    let Some(mut world) = closed() else { return };
    world.change(|input| input.enis[0].source_dest_check = false);
    let (other, names) = ([10, 0, 2, 99].into(), [10, 0, 1, 2].into());
    world.drops("eni-11", Gate::Spoofed, |w| {
        crate::wire::send_frame(w.at("eni-11"), [2, 0, 0, 0, 0, 11], other, names);
    });
}

#[test]
fn the_router_offers_nothing_else() {
    let Some(mut world) = closed() else { return };
    for other in ["10.0.1.1:22", "10.0.1.1:53", "169.254.169.254:81", "169.254.169.253:80"] {
        world.drops("eni-11", Gate::NotAService, |w| begin(w.at("eni-11"), other));
    }
    let gateway = "10.0.1.1".parse().unwrap();
    world.drops("eni-11", Gate::NotAService, |w| send_icmp(w.at("eni-11"), gateway, 13, 0));
}
