//! A machine cannot pretend to be somebody else.

use std::net::Ipv4Addr;

use network_plan::{Gate, Protocol};

use crate::facts::{anywhere, eni, group, vpc};
use crate::wire::{bind_udp, flood_arp, ping, send_frame};
use crate::world::World;

const OWN_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 11];
const OTHER_MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 13];
const OWN: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 11);
const OTHER: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 13);
const TARGET: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 12);

/// Three machines whose groups forbid nothing.
fn open() -> Option<World> {
    let mut input = vpc(1);
    input.groups = vec![group(1, anywhere("sgr-in", Protocol::All), anywhere("sgr-out", Protocol::All))];
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(12, 2, &["sg-1"]), eni(13, 1, &["sg-1"])];
    World::new(input)
}

#[test]
fn a_foreign_source_address_or_hardware_address_is_dropped() {
    let Some(mut world) = open() else { return };
    let server = bind_udp(world.at("eni-12"), "0.0.0.0:9");
    let send = |mac, source| move |w: &World| send_frame(w.at("eni-11"), mac, source, TARGET);
    world.drops("eni-11", Gate::Spoofed, send(OWN_MAC, OTHER));
    world.drops("eni-11", Gate::Spoofed, send(OTHER_MAC, OWN));
    world.drops("eni-11", Gate::Spoofed, send(OTHER_MAC, OTHER));
    world.drops("eni-11", Gate::Spoofed, send(OWN_MAC, Ipv4Addr::new(8, 8, 8, 8)));
    assert_eq!(world.dropped("eni-13", Gate::Spoofed).packets, 0, "the culprit is counted");
    // An honest frame made in the same way arrives, and is the first to do so.
    send_frame(world.at("eni-11"), OWN_MAC, OWN, TARGET);
    let mut buffer = [0; 16];
    let (_, peer) = server.recv_from(&mut buffer).unwrap();
    assert_eq!(peer.ip(), OWN);
}

#[test]
fn without_the_check_foreign_addresses_pass_but_hardware_addresses_do_not() {
    let Some(mut world) = open() else { return };
    world.change(|input| input.enis[0].source_dest_check = false);
    let server = bind_udp(world.at("eni-12"), "0.0.0.0:9");
    send_frame(world.at("eni-11"), OWN_MAC, Ipv4Addr::new(172, 16, 0, 1), TARGET);
    let mut buffer = [0; 16];
    let (_, peer) = server.recv_from(&mut buffer).unwrap();
    assert_eq!(peer.ip(), Ipv4Addr::new(172, 16, 0, 1));
    world.drops("eni-11", Gate::Spoofed, |w| {
        send_frame(w.at("eni-11"), OTHER_MAC, OWN, TARGET);
    });
    world.change(|input| input.enis[0].source_dest_check = true);
    world.drops("eni-11", Gate::Spoofed, |w| {
        send_frame(w.at("eni-11"), OWN_MAC, Ipv4Addr::new(172, 16, 0, 1), TARGET);
    });
}

#[test]
fn a_secondary_private_address_is_ones_own() {
    let Some(mut world) = open() else { return };
    let second = Ipv4Addr::new(10, 0, 1, 99);
    let send = |w: &World| send_frame(w.at("eni-11"), OWN_MAC, second, TARGET);
    world.drops("eni-11", Gate::Spoofed, send);
    world.change(|input| input.enis[0].private_v4.push(second));
    let server = bind_udp(world.at("eni-12"), "0.0.0.0:9");
    send(&world);
    let mut buffer = [0; 16];
    assert_eq!(server.recv_from(&mut buffer).unwrap().1.ip(), second);
}

#[test]
fn two_vpcs_with_equal_addresses_do_not_meet() {
    let Some(mut world) = open() else { return };
    // The same addresses again, in another VPC of the same cloud.
    let mut twin = vpc(2);
    twin.groups = world.input.groups.clone();
    twin.enis = vec![eni(12, 2, &["sg-1"])];
    let plan = network_plan::plan(&twin).unwrap();
    world.network().apply(&plan).unwrap();
    assert_eq!(world.network().list(), ["vpc-1", "vpc-2"]);
    let machine = crate::world::Namespace::new();
    let to = network_apply::Attachment {
        eni: "eni-12",
        machine: std::os::fd::AsFd::as_fd(machine.file()),
        interface: "eth0",
        metric: 0,
        answers: None,
    };
    world.network().attach("vpc-2", &to).unwrap();
    let first = bind_udp(world.at("eni-12"), "0.0.0.0:9");
    let second = bind_udp(&machine, "0.0.0.0:9");
    second.set_nonblocking(true).unwrap();
    send_frame(world.at("eni-11"), OWN_MAC, OWN, TARGET);
    let mut buffer = [0; 16];
    assert_eq!(first.recv_from(&mut buffer).unwrap().1.ip(), OWN);
    // It arrived in the one, so it was not on its way to the other.
    assert!(second.recv_from(&mut buffer).is_err());
    world.network().remove_vpc("vpc-2").unwrap();
    assert_eq!(world.network().list(), ["vpc-1"]);
}

#[test]
fn a_new_owner_of_an_address_does_not_inherit_its_flows() {
    let Some(mut world) = open() else { return };
    let client = bind_udp(world.at("eni-11"), "0.0.0.0:7");
    let server = bind_udp(world.at("eni-12"), "0.0.0.0:9");
    let mut buffer = [0; 16];
    client.send_to(b"hello", "10.0.2.12:9").unwrap();
    let (_, peer) = server.recv_from(&mut buffer).unwrap();
    server.send_to(b"hello", peer).unwrap();
    client.recv(&mut buffer).unwrap();
    world.change(|input| {
        let mut heir = eni(14, 2, &["sg-2"]);
        heir.private_v4 = input.enis[1].private_v4.clone();
        input.enis[1] = heir;
        input.groups.push(group(2, Vec::new(), Vec::new()));
    });
    world.boot("eni-14");
    world.drops("eni-14", Gate::IngressDenied, |_| client.send_to(b"hello", "10.0.2.12:9").unwrap());
}

#[test]
fn a_machine_cannot_fill_the_hosts_neighbour_tables() {
    let Some(mut world) = open() else { return };
    let neighbours = |world: &World, device: &str| {
        let device = device.to_owned();
        world.router().inside(move || {
            let output = std::process::Command::new("ip")
                .args(["-o", "neigh", "show", "dev", &device])
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap().lines().count()
        })
    };
    let before = neighbours(&world, "e11");
    // About the gateway, which is the router itself, and about a neighbour, for
    // whom it stands in.
    flood_arp(world.at("eni-11"), OWN_MAC, Ipv4Addr::new(10, 0, 1, 1));
    flood_arp(world.at("eni-11"), OWN_MAC, OTHER);
    // An honest question, asked last, is answered: the others were seen.
    assert!(ping(world.at("eni-11"), "10.0.1.1"));
    // At most its own entries appear (IPv4 and link-local).
    assert!(neighbours(&world, "e11") <= before + 2);
    // An appliance may speak for others, but not without measure.
    world.change(|input| input.enis[0].source_dest_check = false);
    flood_arp(world.at("eni-11"), OWN_MAC, Ipv4Addr::new(10, 0, 1, 1));
    assert!(ping(world.at("eni-11"), "10.0.1.1"));
    let after = neighbours(&world, "e11");
    assert!((before + 50..before + 190).contains(&after), "{after}");
}
