//! Network ACLs: numbered, stateless, at a subnet's border and nowhere else.

use std::io::{Read, Write};

use network_plan::{Gate, Ports, Protocol, VpcInput};

use crate::facts::{acl, allow_all, anywhere, eni, entry, group, public, tcp, vpc};
use crate::nflog::Log;
use crate::wire::{begin, bind_udp, connect, listen, ping, send_icmp};
use crate::world::{Namespace, World, assert_same};

/// 11 and 13 in subnet a, 12 in subnet b, 14 in the public subnet with 198.18.0.14. Groups forbid nothing, but to
/// everybody only within the VPC, so that flows are tracked. ACL 3 stands at subnet b and allows everything.
fn bordered() -> VpcInput {
    let mut input = vpc(1);
    input.groups = vec![group(1, tracked(), anywhere("sgr-out", Protocol::All))];
    input.enis = vec![
        eni(11, 1, &["sg-1"]),
        eni(12, 2, &["sg-1"]),
        eni(13, 1, &["sg-1"]),
        public(eni(14, 3, &["sg-1"]), "198.18.0.14"),
    ];
    input.acls = vec![acl(3, allow_all(), allow_all()), acl(4, Vec::new(), Vec::new())];
    input.subnets[1].acl_id = Some("acl-3".into());
    input
}

fn tracked() -> Vec<network_plan::Rule> {
    ["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"]
        .into_iter()
        .enumerate()
        .map(|(n, block)| crate::facts::rule(&format!("sgr-in-{n}"), Protocol::All, block))
        .collect()
}

fn ephemeral() -> Protocol {
    Protocol::Tcp(Ports { from: 1024, to: u16::MAX })
}

#[test]
fn the_lowest_number_decides_and_the_log_names_it() {
    let mut input = bordered();
    // The order of the list does not matter.
    input.acls[0].ingress = vec![
        entry(300, tcp(81), "0.0.0.0/0", true),
        entry(100, tcp(80), "10.0.1.11/32", true),
        entry(200, tcp(80), "10.0.0.0/16", false),
        entry(250, tcp(81), "10.0.1.13/32", false),
        entry(310, tcp(81), "10.0.1.0/24", false),
    ];
    let Some(mut world) = World::new(input) else { return };
    let log = Log::of(&world);
    let _servers = [80, 81].map(|port| listen(world.at("eni-12"), &format!("0.0.0.0:{port}")));
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    connect(world.at("eni-11"), "10.0.2.12:81").unwrap();
    world.drops("eni-12", Gate::AclIn, |w| begin(w.at("eni-13"), "10.0.2.12:80"));
    let report = log.prefix("acl-in 3 200");
    assert_eq!(report.eni(), Some(12), "the receiver");
    assert_eq!(report.packet[12..20], [10, 0, 1, 13, 10, 0, 2, 12]);
    world.drops("eni-12", Gate::AclIn, |w| begin(w.at("eni-13"), "10.0.2.12:81"));
    log.prefix("acl-in 3 250");
    world.drops("eni-12", Gate::AclIn, |w| begin(w.at("eni-11"), "10.0.2.12:82"));
    log.prefix("acl-in 3 *");
}

#[test]
fn it_knows_no_connections() {
    let mut input = bordered();
    input.acls[0] =
        acl(3, vec![entry(100, tcp(80), "0.0.0.0/0", true)], vec![entry(100, tcp(80), "0.0.0.0/0", true)]);
    let Some(mut world) = World::new(input) else { return };
    let log = Log::of(&world);
    let _server = listen(world.at("eni-12"), "0.0.0.0:80");
    // The request comes in, the answer to a high port does not get out.
    world.drops("eni-12", Gate::AclOut, |w| begin(w.at("eni-11"), "10.0.2.12:80"));
    assert_eq!(log.prefix("acl-out 3 *").eni(), Some(12), "the sender of the answer");
    world.change(|input| input.acls[0].egress.push(entry(200, ephemeral(), "10.0.1.0/24", true)));
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    // And the other way round: out it may go, the answer may not come in.
    let _other = listen(world.at("eni-11"), "0.0.0.0:80");
    world.drops("eni-12", Gate::AclIn, |w| begin(w.at("eni-12"), "10.0.1.11:80"));
}

#[test]
fn it_is_not_judged_inside_a_subnet() {
    let mut input = bordered();
    input.subnets[0].acl_id = Some("acl-4".into());
    let Some(mut world) = World::new(input) else { return };
    let _servers = ["eni-12", "eni-13"].map(|eni| listen(world.at(eni), "0.0.0.0:80"));
    connect(world.at("eni-11"), "10.0.1.13:80").unwrap();
    assert!(ping(world.at("eni-13"), "2001:db8:1:1::b"));
    world.drops("eni-11", Gate::AclOut, |w| begin(w.at("eni-11"), "10.0.2.12:80"));
    world.drops("eni-11", Gate::AclIn, |w| begin(w.at("eni-12"), "10.0.1.11:80"));
}

#[test]
fn a_denial_cuts_an_established_flow_at_the_next_packet() {
    let Some(mut world) = World::new(bordered()) else { return };
    let server = bind_udp(world.at("eni-12"), "0.0.0.0:9");
    let client = bind_udp(world.at("eni-11"), "0.0.0.0:9");
    let mut buffer = [0; 16];
    client.send_to(b"one", "10.0.2.12:9").unwrap();
    let (_, from) = server.recv_from(&mut buffer).unwrap();
    server.send_to(b"two", from).unwrap();
    client.recv(&mut buffer).unwrap();
    world.change(|input| {
        input.acls[0].ingress.insert(0, entry(50, Protocol::Number(17), "10.0.1.11/32", false));
    });
    world.drops("eni-12", Gate::AclIn, |_| client.send_to(b"never", "10.0.2.12:9").unwrap());
    // The other direction is another list.
    server.send_to(b"three", from).unwrap();
    assert_eq!(client.recv(&mut buffer).unwrap(), 5);
    world.change(|input| {
        input.acls[0].ingress.remove(0);
        input.acls[0].egress.insert(0, entry(50, Protocol::Number(17), "10.0.1.11/32", false));
    });
    world.drops("eni-12", Gate::AclOut, |_| server.send_to(b"never", from).unwrap());
    client.send_to(b"four", "10.0.2.12:9").unwrap();
    assert_eq!(server.recv(&mut buffer).unwrap(), 4);
    // A subnet that gets another ACL is judged by that one at once.
    world.change(|input| input.subnets[1].acl_id = Some("acl-4".into()));
    world.drops("eni-12", Gate::AclIn, |_| client.send_to(b"never", "10.0.2.12:9").unwrap());
}

#[test]
fn what_it_denies_never_becomes_a_connection() {
    let mut input = bordered();
    input.subnets[1].acl_id = Some("acl-4".into());
    let Some(mut world) = World::new(input) else { return };
    let known = |world: &World| -> u32 {
        let count = || std::fs::read_to_string("/proc/sys/net/netfilter/nf_conntrack_count").unwrap();
        world.router().inside(count).trim().parse().unwrap()
    };
    world.drops("eni-12", Gate::AclIn, |w| begin(w.at("eni-11"), "10.0.2.12:80"));
    world.drops("eni-12", Gate::AclOut, |w| begin(w.at("eni-12"), "10.0.1.11:80"));
    assert_eq!(known(&world), 0);
}

#[test]
fn the_routers_services_are_not_its_business() {
    let mut input = bordered();
    input.subnets[1].acl_id = Some("acl-4".into());
    let Some(mut world) = World::new(input) else { return };
    let metadata = world.network().listen_in_vpc("vpc-1", "169.254.169.254:80".parse().unwrap()).unwrap();
    connect(world.at("eni-12"), "169.254.169.254:80").unwrap();
    metadata.accept().unwrap();
    let names = world.network().listen_in_vpc("vpc-1", "10.0.1.2:53".parse().unwrap()).unwrap();
    // Even under the address of another subnet.
    connect(world.at("eni-12"), "10.0.1.2:53").unwrap();
    names.accept().unwrap();
    assert!(ping(world.at("eni-12"), "10.0.2.1"));
}

#[test]
fn at_the_internet_it_sees_private_addresses_and_ports() {
    let mut input = bordered();
    input.subnets[2].acl_id = Some("acl-3".into());
    let host_side = "198.18.255.253/32";
    input.acls[0] = acl(
        3,
        vec![entry(100, tcp(80), host_side, true)],
        vec![entry(100, ephemeral(), host_side, true), entry(200, Protocol::Number(1), host_side, true)],
    );
    let Some(mut world) = World::new(input) else { return };
    let log = Log::of(&world);
    let server = listen(world.at("eni-14"), "0.0.0.0:80");
    let mut client = connect(&Namespace::current(), "198.18.0.14:80").unwrap();
    let (mut stream, _) = server.accept().unwrap();
    stream.write_all(b"hello").unwrap();
    let mut heard = [0; 5];
    client.read_exact(&mut heard).unwrap();
    world.drops("eni-14", Gate::AclIn, |_| begin(&Namespace::current(), "198.18.0.14:81"));
    let report = log.prefix("acl-in 3 *");
    assert_eq!(report.packet[16..20], [10, 0, 3, 14], "the private address");
    // Out it may, but the answer may not come in.
    let echo = "198.18.255.253".parse().unwrap();
    world.drops("eni-14", Gate::AclIn, |w| send_icmp(w.at("eni-14"), echo, 8, 0));
}

#[test]
fn types_and_codes_of_icmp_and_the_other_family() {
    let mut input = bordered();
    let echo = Protocol::Icmp { kind: Some(8), code: None };
    let echo6 = Protocol::Icmpv6 { kind: Some(128), code: Some(0) };
    input.acls[0].ingress =
        vec![entry(100, echo, "10.0.1.0/24", true), entry(110, echo6, "2001:db8:1:1::/64", true)];
    let Some(mut world) = World::new(input) else { return };
    assert!(ping(world.at("eni-11"), "10.0.2.12"));
    assert!(ping(world.at("eni-11"), "2001:db8:1:2::c"));
    let four = "10.0.2.12".parse().unwrap();
    world.drops("eni-12", Gate::AclIn, |w| send_icmp(w.at("eni-11"), four, 13, 0));
    let six = "2001:db8:1:2::c".parse().unwrap();
    world.drops("eni-12", Gate::AclIn, |w| send_icmp(w.at("eni-11"), six, 128, 1));
    // Of the answers, neither family has an entry.
    world.drops("eni-12", Gate::AclIn, |w| send_icmp(w.at("eni-12"), "10.0.1.11".parse().unwrap(), 8, 0));
}

#[test]
fn a_restart_knows_the_entries_and_repairs_what_somebody_changed() {
    let Some(mut world) = World::new(bordered()) else { return };
    let state = world.kernel_state();
    world.restart();
    world.apply();
    assert_same(&world.kernel_state(), &state);
    // While nobody watched, entries changed and an ACL went.
    world.restart();
    world.change(|input| {
        input.acls[0].ingress.insert(0, entry(50, tcp(80), "0.0.0.0/0", false));
        input.acls.remove(1);
    });
    world.drops("eni-12", Gate::AclIn, |w| begin(w.at("eni-11"), "10.0.2.12:80"));
    let state = world.kernel_state();
    assert!(!state.iter().any(|line| line.contains("acl_in_4")), "{state:?}");
    // Somebody empties a chain.
    let emptied = world.router().inside(|| {
        let words = ["flush", "chain", "inet", "allod", "acl_in_3"];
        std::process::Command::new("nft").args(words).status().unwrap().success()
    });
    assert!(emptied);
    world.network().distrust("vpc-1");
    world.apply();
    assert_same(&world.kernel_state(), &state);
}
