//! Namespaces behind interfaces that no machine has: made, adopted, mended, removed.

use std::io::{Read, Write};
use std::net::SocketAddr;

use network_plan::{EniKind, InputRoute, NatGateway, RouteOrigin, RouteTarget, VpcInput};

use crate::facts::{eni, open_out, public, rule, tcp, vpc};
use crate::wire::{connect, ping};
use crate::world::World;

/// The host's end of the edge link, which answers pings.
const OUTSIDE: &str = "198.18.255.253";

/// 11: a machine in a private subnet that leads out through the NAT gateway behind 21, in the public one.
fn with_nat() -> VpcInput {
    let mut input = vpc(1);
    input.groups = vec![open_out(1, vec![rule("sgr-in", tcp(80), "0.0.0.0/0")])];
    let mut nat = public(eni(21, 3, &[]), "198.18.0.21");
    nat.v6.clear();
    nat.kind = EniKind::NatGateway;
    nat.source_dest_check = false;
    input.enis = vec![eni(11, 1, &["sg-1"]), nat];
    input.nat_gateways =
        vec![NatGateway { id: "nat-1".into(), eni_id: "eni-21".into(), port_forwards: Vec::new() }];
    input.route_tables[0].routes.push(InputRoute {
        destination: "0.0.0.0/0".parse().unwrap(),
        target: RouteTarget::Eni("eni-21".into()),
        origin: RouteOrigin::Static,
    });
    input
}

fn handles(world: &World) -> Vec<String> {
    let files = std::fs::read_dir(world.directory()).unwrap();
    let mut names: Vec<String> =
        files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_nat_gateway_leads_out_and_goes_again() {
    let Some(mut world) = World::new(with_nat()) else { return };
    assert!(ping(world.at("eni-11"), OUTSIDE));
    assert_eq!(handles(&world), ["edge", "lock", "vpc-1", "vpc-1.eni-21"]);
    world.change(|input| {
        input.enis.pop();
        input.nat_gateways.clear();
    });
    assert_eq!(handles(&world), ["edge", "lock", "vpc-1"]);
    let links = world.router().inside(|| std::process::Command::new("ip").arg("link").output().unwrap());
    assert!(!String::from_utf8(links.stdout).unwrap().contains("e21@"));
}

#[test]
fn a_new_process_finds_the_nat_gateway_and_mends_it() {
    let Some(mut world) = World::new(with_nat()) else { return };
    world.restart();
    world.apply();
    assert!(ping(world.at("eni-11"), OUTSIDE));
    // Somebody takes its table away; who doubts it puts it back.
    let path = world.directory().join("vpc-1.eni-21");
    let inside = crate::world::Namespace::open(path.to_str().unwrap());
    inside.inside(|| {
        let done = std::process::Command::new("nft").args(["delete", "table", "inet", "allod"]).status();
        assert!(done.unwrap().success());
    });
    world.network().distrust("vpc-1");
    world.apply();
    assert!(ping(world.at("eni-11"), OUTSIDE));
    // The namespace itself is lost, as after a reboot that left the file.
    drop(inside);
    world.network = None;
    rustix::mount::unmount(&path, rustix::mount::UnmountFlags::DETACH).unwrap();
    world.restart();
    world.apply();
    assert!(ping(world.at("eni-11"), OUTSIDE));
}

#[test]
fn the_gateways_addresses_follow_the_plan() {
    let Some(mut world) = World::new(with_nat()) else { return };
    let addresses = |world: &World| {
        let path = world.directory().join("vpc-1.eni-21");
        crate::world::Namespace::open(path.to_str().unwrap()).inside(|| {
            let shown = std::process::Command::new("ip").args(["-4", "-o", "addr", "show", "eth0"]).output();
            let text = String::from_utf8(shown.unwrap().stdout).unwrap();
            let words = text.lines().map(|line| line.split_whitespace().nth(3).unwrap().to_owned());
            words.collect::<Vec<_>>()
        })
    };
    assert_eq!(addresses(&world), ["10.0.3.21/32"]);
    world.change(|input| input.enis[1].private_v4.push("10.0.3.22".parse().unwrap()));
    assert_eq!(addresses(&world), ["10.0.3.21/32", "10.0.3.22/32"]);
    world.restart();
    world.change(|input| input.enis[1].private_v4.truncate(1));
    assert_eq!(addresses(&world), ["10.0.3.21/32"]);
}

#[test]
fn an_endpoint_answers_whom_its_groups_admit() {
    let mut input = vpc(1);
    input.groups = vec![open_out(1, Vec::new()), open_out(2, vec![rule("sgr-in", tcp(80), "10.0.1.0/24")])];
    let mut endpoint = eni(31, 2, &["sg-2"]);
    endpoint.kind = EniKind::Endpoint;
    input.enis = vec![eni(11, 1, &["sg-1"]), endpoint];
    let Some(mut world) = World::new(input) else { return };
    let address: SocketAddr = "10.0.2.31:80".parse().unwrap();
    let server = world.network().listen_behind("vpc-1", "eni-31", address).unwrap();
    let mut client = connect(world.at("eni-11"), "10.0.2.31:80").unwrap();
    let (mut stream, peer) = server.accept().unwrap();
    assert_eq!(peer.ip().to_string(), "10.0.1.11");
    stream.write_all(b"ok").unwrap();
    drop(stream);
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "ok");
    world.drops("eni-31", network_plan::Gate::IngressDenied, |w| {
        crate::wire::begin(w.at("eni-11"), "10.0.2.31:81")
    });
    assert!(world.network().listen_behind("vpc-1", "eni-11", address).is_err(), "a machine's is not ours");
}
