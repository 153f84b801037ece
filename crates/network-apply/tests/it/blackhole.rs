//! Routes that lead nowhere, and which of several routes counts.

use network_plan::{Gate, InputRoute, Protocol, RouteOrigin, RouteTarget, VpcInput};

use crate::facts::{anywhere, eni, group, route, vpc};
use crate::nflog::Log;
use crate::wire::{begin, connect, listen};
use crate::world::World;

/// 11 in subnet a, appliances 12 and 13 in subnet b; nothing is forbidden.
fn open() -> VpcInput {
    let mut input = vpc(1);
    input.groups = vec![group(1, anywhere("sgr-in", Protocol::All), anywhere("sgr-out", Protocol::All))];
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(12, 2, &["sg-1"]), eni(13, 2, &["sg-1"])];
    for appliance in &mut input.enis[1..] {
        appliance.source_dest_check = false;
    }
    input
}

fn by(destination: &str, eni: &str, origin: RouteOrigin) -> InputRoute {
    InputRoute { origin, ..route(destination, RouteTarget::Eni(eni.into())) }
}

fn also(world: &World, eni: &str, address: &str) {
    world.at(eni).inside(|| {
        let words = ["addr", "add", &format!("{address}/32"), "dev", "lo"];
        assert!(std::process::Command::new("ip").args(words).status().unwrap().success());
    });
}

#[test]
fn the_record_names_the_table_and_the_sender() {
    let mut input = open();
    input.route_tables[0].routes.push(route("172.16.0.0/12", RouteTarget::Blackhole));
    let Some(mut world) = World::new(input) else { return };
    let log = Log::of(&world);
    for nowhere in ["172.16.0.1:80", "192.0.2.1:80", "[2001:db8:ffff::1]:80", "[2001:db8:1:2::77]:80"] {
        world.drops("eni-11", Gate::NoRoute, |w| begin(w.at("eni-11"), nowhere));
        let report = log.prefix("no-route");
        assert_eq!(report.eni(), Some(11));
        assert_eq!(report.record.route_table(report.mark), Some(1), "{nowhere}");
    }
}

#[test]
fn a_static_route_beats_a_propagated_one_even_into_a_blackhole() {
    let mut input = open();
    let learned = by("172.16.0.0/16", "eni-12", RouteOrigin::Propagated);
    let written = by("172.16.0.0/16", "eni-13", RouteOrigin::Static);
    input.route_tables[0].routes.extend([written, learned]);
    let Some(mut world) = World::new(input) else { return };
    for appliance in ["eni-12", "eni-13"] {
        also(&world, appliance, "172.16.0.1");
    }
    let servers = ["eni-12", "eni-13"].map(|eni| listen(world.at(eni), "0.0.0.0:80"));
    connect(world.at("eni-11"), "172.16.0.1:80").unwrap();
    servers[1].accept().unwrap();
    // Its target gone, it still takes the traffic: into nothing.
    world.change(|input| {
        input.route_tables[0].routes[2].target = RouteTarget::Eni("eni-gone".into());
    });
    world.drops("eni-11", Gate::NoRoute, |w| begin(w.at("eni-11"), "172.16.0.1:80"));
    // Without it, the learned one counts.
    world.change(|input| {
        input.route_tables[0].routes.remove(2);
    });
    connect(world.at("eni-11"), "172.16.0.1:80").unwrap();
    servers[0].accept().unwrap();
}

#[test]
fn a_learned_route_never_takes_the_vpcs_own_blocks() {
    let mut input = open();
    input.route_tables[0].routes.push(by("10.0.2.0/24", "eni-13", RouteOrigin::Propagated));
    let Some(world) = World::new(input) else { return };
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    server.accept().unwrap();
}

#[test]
fn groups_of_machines_are_never_reached() {
    let Some(mut world) = World::new(open()) else { return };
    let log = Log::of(&world);
    for many in ["224.0.0.251", "255.255.255.255"] {
        world.drops("eni-11", Gate::Multicast, |w| {
            let to = many.parse().unwrap();
            crate::wire::send_frame(w.at("eni-11"), [2, 0, 0, 0, 0, 11], [10, 0, 1, 11].into(), to);
        });
    }
    log.until("a record of a v4 group", |report| {
        report.record.gate == Gate::Multicast && report.packet[16] == 255 && report.eni() == Some(11)
    });
    // A subnet's broadcast address is nobody's.
    world.drops("eni-11", Gate::NoRoute, |w| {
        let to = [10, 0, 2, 255].into();
        crate::wire::send_frame(w.at("eni-11"), [2, 0, 0, 0, 0, 11], [10, 0, 1, 11].into(), to);
    });
}
