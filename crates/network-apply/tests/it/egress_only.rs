//! The egress-only internet gateway: IPv6 out, answers in, nothing else.

use std::process::Command;

use network_plan::{Gate, Protocol, RouteTarget, VpcInput};

use crate::facts::{anywhere, eni, group, route, vpc};
use crate::wire::{begin, connect, listen, ping};
use crate::world::{Namespace, World, private_host, take_address};

const OUTSIDE: &str = "2001:db8:ffff::1";

/// 11 in subnet a, whose table leads to the egress-only gateway; 12 in the public subnet. An internet gateway is
/// attached, and groups forbid nothing.
fn both_gateways() -> VpcInput {
    let mut input = vpc(1);
    input.groups = vec![group(1, anywhere("sgr-in", Protocol::All), anywhere("sgr-out", Protocol::All))];
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(12, 3, &["sg-1"])];
    input.route_tables[0].routes.push(route("::/0", RouteTarget::EgressOnlyGateway));
    input
}

fn world(input: VpcInput) -> Option<World> {
    private_host()?;
    let lo = ["link", "set", "lo", "up"];
    assert!(Command::new("ip").args(lo).status().unwrap().success());
    take_address(OUTSIDE);
    Some(World::on_this_host(input, network_apply::Uplink::None))
}

#[test]
fn out_it_goes_and_in_it_does_not() {
    let Some(mut world) = world(both_gateways()) else { return };
    let host = Namespace::current();
    assert!(ping(world.at("eni-11"), OUTSIDE));
    let server = listen(&host, &format!("[{OUTSIDE}]:80"));
    connect(world.at("eni-11"), &format!("[{OUTSIDE}]:80")).unwrap();
    server.accept().unwrap();
    let _inner = ["eni-11", "eni-12"].map(|eni| listen(world.at(eni), "[::]:80"));
    world.drops("eni-11", Gate::EgressOnly, |_| begin(&host, "[2001:db8:1:1::b]:80"));
    // The other subnet's table leads to the internet gateway: both ways.
    connect(&host, "[2001:db8:1:3::c]:80").unwrap();
}

#[test]
fn without_an_internet_gateway_nothing_begins_outside() {
    let mut input = both_gateways();
    input.internet_gateway = None;
    let Some(mut world) = world(input) else { return };
    let host = Namespace::current();
    assert!(ping(world.at("eni-11"), OUTSIDE));
    world.drops("eni-12", Gate::EgressOnly, |_| begin(&host, "[2001:db8:1:3::c]:80"));
    world.drops("eni-12", Gate::NoRoute, |w| begin(w.at("eni-12"), &format!("[{OUTSIDE}]:80")));
}

#[test]
fn only_what_the_table_sends_there_is_closed() {
    let mut input = both_gateways();
    let public = route("2001:db8:ffff::/48", RouteTarget::InternetGateway);
    input.route_tables[0].routes.push(public);
    let Some(mut world) = world(input) else { return };
    let host = Namespace::current();
    let _inner = listen(world.at("eni-11"), "[::]:80");
    connect(&host, "[2001:db8:1:1::b]:80").unwrap();
    world.change(|input| {
        input.route_tables[0].routes.pop();
    });
    world.drops("eni-11", Gate::EgressOnly, |_| begin(&host, "[2001:db8:1:1::b]:80"));
}
