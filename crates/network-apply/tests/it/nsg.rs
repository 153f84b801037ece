//! Network security groups: stateful, ordered by priority, at the subnet and at the interface.

use network_plan::{Gate, Nsg, NsgRule, Ports, Protocol, VpcInput};

use crate::facts::{anywhere, eni, group, vpc};
use crate::nflog::Log;
use crate::wire::{begin, bind_udp, connect, listen};
use crate::world::{World, assert_same};

fn rule(priority: u16, allow: bool, sources: &[&str], ports: &[(u16, u16)]) -> NsgRule {
    NsgRule {
        priority,
        allow,
        protocol: None,
        sources: sources.iter().map(|text| text.parse().unwrap()).collect(),
        source_ports: Vec::new(),
        destinations: Vec::new(),
        destination_ports: ports.iter().map(|(from, to)| Ports { from: *from, to: *to }).collect(),
    }
}

/// The implied rules of a VNet with this one block.
fn defaults() -> Vec<NsgRule> {
    vec![rule(65000, true, &["10.0.0.0/16"], &[]), rule(65500, false, &[], &[])]
}

fn nsg(number: u32, mut inbound: Vec<NsgRule>, mut outbound: Vec<NsgRule>) -> Nsg {
    inbound.extend(defaults());
    outbound.extend(defaults());
    Nsg { id: format!("nsg-{number}"), number, inbound, outbound }
}

/// 11 and 13 in subnet a, 12 in subnet b; security groups forbid nothing.
fn open() -> VpcInput {
    let mut input = vpc(1);
    input.groups = vec![group(1, anywhere("sgr-in", Protocol::All), anywhere("sgr-out", Protocol::All))];
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(12, 2, &["sg-1"]), eni(13, 1, &["sg-1"])];
    input
}

#[test]
fn the_lowest_priority_decides_and_the_log_names_it() {
    let mut input = open();
    let inbound = vec![
        rule(300, true, &["10.0.1.0/24"], &[(80, 81)]),
        rule(200, false, &["10.0.1.13/32", "10.0.9.0/24"], &[(70, 75), (80, 80)]),
        rule(400, false, &[], &[(80, 90)]),
    ];
    input.nsgs = vec![nsg(2, inbound, Vec::new())];
    input.enis[1].nsg_id = Some("nsg-2".into());
    let Some(mut world) = World::new(input) else { return };
    let log = Log::of(&world);
    let _servers = [80, 81, 91].map(|port| listen(world.at("eni-12"), &format!("0.0.0.0:{port}")));
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    connect(world.at("eni-13"), "10.0.2.12:81").unwrap();
    // By the implied rule for the VNet.
    connect(world.at("eni-13"), "10.0.2.12:91").unwrap();
    world.drops("eni-12", Gate::NsgIn, |w| begin(w.at("eni-13"), "10.0.2.12:80"));
    assert_eq!(log.prefix("nsg-in 2 200").eni(), Some(12));
    world.drops("eni-12", Gate::NsgIn, |w| begin(w.at("eni-11"), "10.0.2.12:82"));
    log.prefix("nsg-in 2 400");
    // No implied rule speaks for IPv6.
    world.drops("eni-12", Gate::NsgIn, |w| begin(w.at("eni-11"), "[2001:db8:1:2::c]:91"));
    log.prefix("nsg-in 2 65500");
}

#[test]
fn subnet_and_interface_must_both_allow_even_between_neighbours() {
    let mut input = open();
    let only = |port| vec![rule(100, true, &[], &[(port, port)]), rule(200, false, &[], &[])];
    let two = vec![rule(100, true, &[], &[(80, 81)]), rule(200, false, &[], &[])];
    input.nsgs = vec![nsg(1, two, Vec::new()), nsg(2, only(81), Vec::new())];
    input.subnets[0].nsg_id = Some("nsg-1".into());
    input.enis[2].nsg_id = Some("nsg-2".into());
    let Some(mut world) = World::new(input) else { return };
    let log = Log::of(&world);
    let _servers = [80, 81, 82].map(|port| listen(world.at("eni-13"), &format!("0.0.0.0:{port}")));
    connect(world.at("eni-11"), "10.0.1.13:81").unwrap();
    // Inbound the subnet's speaks first, then the interface's.
    world.drops("eni-13", Gate::NsgIn, |w| begin(w.at("eni-12"), "10.0.1.13:82"));
    log.prefix("nsg-in 1 200");
    world.drops("eni-13", Gate::NsgIn, |w| begin(w.at("eni-11"), "10.0.1.13:80"));
    log.prefix("nsg-in 2 200");
    // Outbound the interface's speaks first.
    world.change(|input| {
        for nsg in &mut input.nsgs {
            nsg.outbound.insert(0, rule(100, false, &[], &[(90, 90)]));
        }
    });
    world.drops("eni-13", Gate::NsgOut, |w| begin(w.at("eni-13"), "10.0.2.12:90"));
    log.prefix("nsg-out 2 100");
    world.drops("eni-11", Gate::NsgOut, |w| begin(w.at("eni-11"), "10.0.2.12:90"));
    log.prefix("nsg-out 1 100");
}

#[test]
fn it_knows_connections() {
    let mut input = open();
    input.nsgs = vec![nsg(1, Vec::new(), vec![rule(100, false, &[], &[])])];
    input.enis[1].nsg_id = Some("nsg-1".into());
    // Tracked by the security group, so that only the NSG is asked.
    input.groups[0].ingress = vec![crate::facts::rule("sgr-in", Protocol::All, "10.0.0.0/16")];
    let Some(mut world) = World::new(input) else { return };
    let server = bind_udp(world.at("eni-12"), "0.0.0.0:9");
    let client = bind_udp(world.at("eni-11"), "0.0.0.0:0");
    let mut buffer = [0; 8];
    client.send_to(b"ask", "10.0.2.12:9").unwrap();
    let (_, from) = server.recv_from(&mut buffer).unwrap();
    // Nothing may begin from there, but this is an answer.
    server.send_to(b"said", from).unwrap();
    assert_eq!(client.recv(&mut buffer).unwrap(), 4);
    world.drops("eni-12", Gate::NsgOut, |w| begin(w.at("eni-12"), "10.0.1.11:80"));
    // A rule that comes later leaves the flow alone.
    world.change(|input| input.nsgs[0].inbound.insert(0, rule(100, false, &[], &[])));
    client.send_to(b"again", "10.0.2.12:9").unwrap();
    assert_eq!(server.recv(&mut buffer).unwrap(), 5);
    let other = bind_udp(world.at("eni-11"), "0.0.0.0:0");
    world.drops("eni-12", Gate::NsgIn, |_| other.send_to(b"new", "10.0.2.12:9").unwrap());
}

#[test]
fn it_comes_and_goes_without_a_trace() {
    let Some(mut world) = World::new(open()) else { return };
    let state = world.kernel_state();
    world.change(|input| {
        input.nsgs =
            vec![nsg(5, vec![rule(100, true, &["10.0.1.0/24", "::/0"], &[(1, 9), (5, 20)])], Vec::new())];
        input.enis[0].nsg_id = Some("nsg-5".into());
        input.subnets[1].nsg_id = Some("nsg-5".into());
    });
    world.restart();
    world.apply();
    world.change(|input| {
        input.nsgs.clear();
        input.enis[0].nsg_id = None;
        input.subnets[1].nsg_id = None;
    });
    assert_same(&world.kernel_state(), &state);
}
