//! Route tables, seen by packets.

use std::net::Ipv4Addr;

use network_plan::{Gate, InputRoute, Protocol, RouteTarget, VpcInput};

use crate::facts::{anywhere, eni, group, vpc};
use crate::wire::{begin, bind_udp, connect, listen, send_frame};
use crate::world::{Namespace, World};

/// Machines 11 (subnet a), 12 (subnet b), 13 (subnet a), 14 (public subnet);
/// groups that forbid nothing.
fn open() -> VpcInput {
    let mut input = vpc(1);
    input.groups = vec![group(1, anywhere("sgr-in", Protocol::All), anywhere("sgr-out", Protocol::All))];
    input.enis =
        vec![eni(11, 1, &["sg-1"]), eni(12, 2, &["sg-1"]), eni(13, 1, &["sg-1"]), eni(14, 3, &["sg-1"])];
    input
}

fn route(destination: &str, target: RouteTarget) -> InputRoute {
    InputRoute {
        destination: destination.parse().unwrap(),
        target,
        origin: network_plan::RouteOrigin::Static,
    }
}

/// An address that a machine answers on besides its own.
fn also(at: &Namespace, address: &str) {
    at.inside(|| {
        let status = std::process::Command::new("ip")
            .args(["addr", "add", &format!("{address}/32"), "dev", "lo"])
            .status();
        assert!(status.unwrap().success());
    });
}

#[test]
fn subnets_reach_one_another_and_neighbours_reach_neighbours() {
    let Some(world) = World::new(open()) else { return };
    for (to, at) in [("10.0.1.13:80", "eni-13"), ("10.0.2.12:80", "eni-12")] {
        let server = listen(world.at(at), "0.0.0.0:80");
        connect(world.at("eni-11"), to).unwrap();
        assert_eq!(server.accept().unwrap().1.ip(), Ipv4Addr::new(10, 0, 1, 11));
    }
    let server = listen(world.at("eni-12"), "[::]:81");
    connect(world.at("eni-11"), "[2001:db8:1:2::c]:81").unwrap();
    assert_eq!(server.accept().unwrap().1.ip().to_string(), "2001:db8:1:1::b");
}

#[test]
fn the_longest_prefix_decides_whatever_the_order() {
    let mut input = open();
    input.enis[1].source_dest_check = false;
    input.enis[2].source_dest_check = false;
    input.route_tables[0].routes.extend([
        route("172.16.5.0/24", RouteTarget::Eni("eni-13".into())),
        route("172.16.0.0/16", RouteTarget::Eni("eni-12".into())),
    ]);
    let Some(world) = World::new(input) else { return };
    for appliance in ["eni-12", "eni-13"] {
        also(world.at(appliance), "172.16.5.1");
        also(world.at(appliance), "172.16.6.1");
    }
    let wide = listen(world.at("eni-12"), "0.0.0.0:80");
    let narrow = listen(world.at("eni-13"), "0.0.0.0:80");
    connect(world.at("eni-11"), "172.16.5.1:80").unwrap();
    narrow.accept().unwrap();
    connect(world.at("eni-11"), "172.16.6.1:80").unwrap();
    wide.accept().unwrap();
}

#[test]
fn an_appliance_with_the_check_on_gets_nothing_that_is_not_its_own() {
    let mut input = open();
    let to = route("172.16.0.0/16", RouteTarget::Eni("eni-12".into()));
    input.route_tables[0].routes.push(to);
    let Some(mut world) = World::new(input) else { return };
    world.drops("eni-12", Gate::Misdelivered, |w| begin(w.at("eni-11"), "172.16.0.1:80"));
}

#[test]
fn a_blackhole_is_silent_and_so_is_a_missing_route() {
    let mut input = open();
    let hole = route("172.16.0.0/16", RouteTarget::Blackhole);
    input.route_tables[0].routes.push(hole);
    let Some(mut world) = World::new(input) else { return };
    // Beyond any route; in a blackhole; in the own subnet but nobody's.
    for nowhere in ["192.0.2.1", "172.16.0.1", "10.0.2.77"] {
        let to: Ipv4Addr = nowhere.parse().unwrap();
        let heard = crate::wire::receive_protocol(world.at("eni-11"), 1);
        world.drops("eni-11", Gate::NoRoute, |w| {
            send_frame(w.at("eni-11"), [2, 0, 0, 0, 0, 11], Ipv4Addr::new(10, 0, 1, 11), to);
        });
        // An error message would be on its way already: the router writes it
        // while it drops the packet. A ping that is answered closes the list.
        assert!(crate::wire::ping(world.at("eni-11"), "10.0.1.1"));
        let first = crate::wire::receive(&heard).unwrap();
        assert_eq!(first[20], 0, "the first ICMP message is the echo's reply");
    }
}

#[test]
fn a_route_whose_machine_is_gone_drops_and_works_again_with_a_new_one() {
    let mut input = open();
    input.enis[1].source_dest_check = false;
    // The shorter prefix leads elsewhere; it must not take over.
    input.enis[2].source_dest_check = false;
    input.route_tables[0].routes.extend([
        route("172.16.5.0/24", RouteTarget::Eni("eni-12".into())),
        route("172.16.0.0/16", RouteTarget::Eni("eni-13".into())),
    ]);
    let Some(mut world) = World::new(input) else { return };
    also(world.at("eni-12"), "172.16.5.1");
    also(world.at("eni-13"), "172.16.5.1");
    let wrong = listen(world.at("eni-13"), "0.0.0.0:80");
    wrong.set_nonblocking(true).unwrap();
    world.network().detach("vpc-1", "eni-12").unwrap();
    world.network().detach("vpc-1", "eni-12").unwrap();
    world.drops("eni-11", Gate::NoRoute, |w| begin(w.at("eni-11"), "172.16.5.1:80"));
    world.boot("eni-12");
    also(world.at("eni-12"), "172.16.5.1");
    let right = listen(world.at("eni-12"), "0.0.0.0:80");
    connect(world.at("eni-11"), "172.16.5.1:80").unwrap();
    right.accept().unwrap();
    assert!(wrong.accept().is_err(), "nothing ever came to the wrong one");
}

#[test]
fn routes_change_under_a_live_flow() {
    let mut input = open();
    input.enis[1].source_dest_check = false;
    input.enis[2].source_dest_check = false;
    let to = |eni: &str| route("172.16.0.0/16", RouteTarget::Eni(eni.into()));
    input.route_tables[0].routes.push(to("eni-12"));
    let Some(mut world) = World::new(input) else { return };
    for appliance in ["eni-12", "eni-13"] {
        also(world.at(appliance), "172.16.0.1");
    }
    let servers = ["eni-12", "eni-13"].map(|at| bind_udp(world.at(at), "0.0.0.0:9"));
    let client = bind_udp(world.at("eni-11"), "0.0.0.0:0");
    let mut buffer = [0; 16];
    client.send_to(b"one", "172.16.0.1:9").unwrap();
    assert_eq!(servers[0].recv(&mut buffer).unwrap(), 3);
    world.change(|input| *input.route_tables[0].routes.last_mut().unwrap() = to("eni-13"));
    client.send_to(b"three", "172.16.0.1:9").unwrap();
    assert_eq!(servers[1].recv(&mut buffer).unwrap(), 5);
    world.change(|input| {
        input.route_tables[0].routes.pop();
    });
    world.drops("eni-11", Gate::NoRoute, |_| client.send_to(b"never", "172.16.0.1:9").unwrap());
}

/// Lets a machine pass on what is not for it.
pub fn forwards(world: &World, eni: &str) {
    world.at(eni).inside(|| {
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").unwrap();
        for scope in ["all", "eth0"] {
            std::fs::write(format!("/proc/sys/net/ipv4/conf/{scope}/rp_filter"), "0").unwrap();
            std::fs::write(format!("/proc/sys/net/ipv4/conf/{scope}/send_redirects"), "0").unwrap();
        }
    });
}

#[test]
fn a_reference_to_a_group_ends_at_an_appliance() {
    let mut input = open();
    input.enis[3].source_dest_check = false;
    let members = vec![crate::facts::rule("sgr-in", Protocol::All, "sg-2")];
    input.groups.push(group(2, members, anywhere("sgr-any", Protocol::All)));
    for machine in [0, 1] {
        input.enis[machine].groups = vec!["sg-2".into()];
    }
    let Some(mut world) = World::new(input) else { return };
    forwards(&world, "eni-14");
    let _server = listen(world.at("eni-12"), "0.0.0.0:80");
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    // Between them the appliance, both ways.
    world.change(|input| {
        for block in ["10.0.1.0/24", "10.0.2.0/24"] {
            input.route_tables[0].routes.push(route(block, RouteTarget::Eni("eni-14".into())));
        }
    });
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-11"), "10.0.2.12:80"));
    world.change(|input| {
        input.groups[1].ingress.push(crate::facts::rule("sgr-block", Protocol::All, "10.0.1.0/24"));
        input.groups[1].egress = vec![crate::facts::rule("sgr-out", Protocol::All, "sg-2")];
    });
    world.drops("eni-11", Gate::EgressDenied, |w| begin(w.at("eni-11"), "10.0.2.12:80"));
    world.change(|input| input.groups[1].egress = anywhere("sgr-any", Protocol::All));
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
}

#[test]
fn traffic_between_two_subnets_can_be_forced_through_an_appliance() {
    let mut input = open();
    input.enis[3].source_dest_check = false;
    let through = |to: &str| route(to, RouteTarget::Eni("eni-14".into()));
    input.route_tables[0].routes.extend([through("10.0.1.0/24"), through("10.0.2.0/24")]);
    let Some(mut world) = World::new(input) else { return };
    // The appliance forwards, and counts what it forwards.
    world.at("eni-14").inside(|| {
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").unwrap();
        std::fs::write("/proc/sys/net/ipv4/conf/all/send_redirects", "0").unwrap();
        std::fs::write("/proc/sys/net/ipv4/conf/eth0/send_redirects", "0").unwrap();
    });
    let forwarded = |w: &World| w.at("eni-14").inside(|| snmp("Ip:", "ForwDatagrams"));
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    let before = forwarded(&world);
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    assert_eq!(server.accept().unwrap().1.ip(), Ipv4Addr::new(10, 0, 1, 11));
    // SYN, SYN-ACK and ACK, at least: both directions.
    world.until("the appliance sees it", |w| forwarded(w) >= before + 3);
    // Inside one subnet neighbours are direct, whatever the table says.
    let neighbour = listen(world.at("eni-13"), "0.0.0.0:80");
    let before = forwarded(&world);
    connect(world.at("eni-11"), "10.0.1.13:80").unwrap();
    neighbour.accept().unwrap();
    assert_eq!(forwarded(&world), before);
}

/// A number from /proc/net/snmp of the current namespace.
fn snmp(section: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/net/snmp").unwrap();
    let mut lines = text.lines().filter(|line| line.starts_with(section));
    let (names, values) = (lines.next().unwrap(), lines.next().unwrap());
    let at = names.split(' ').position(|word| word == name).unwrap();
    values.split(' ').nth(at).unwrap().parse().unwrap()
}
