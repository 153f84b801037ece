//! Security groups, seen by packets.

use std::io::{Read, Write};
use std::net::Ipv4Addr;

use network_plan::{Gate, Ports, Protocol, Rule, VpcInput};

use crate::facts::{anywhere, eni, group, open_out, rule, tcp, udp, vpc};
use crate::wire::{
    begin, bind_udp, connect, listen, ping, receive, receive_protocol, send_icmp, send_protocol,
};
use crate::world::World;

/// Two machines in different subnets: 11 in sg-1 (everything out), 12 in sg-2
/// with these rules.
fn pair(ingress: Vec<Rule>) -> VpcInput {
    let mut input = vpc(1);
    input.groups = vec![open_out(1, Vec::new()), open_out(2, ingress)];
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(12, 2, &["sg-2"])];
    input
}

fn set_ingress(input: &mut VpcInput, group: usize, rules: Vec<Rule>) {
    input.groups[group].ingress = rules;
}

#[test]
fn an_allowed_port_connects_and_its_neighbour_is_dropped_and_counted() {
    let input = pair(vec![rule("sgr-in", tcp(80), "10.0.1.0/24")]);
    let Some(mut world) = World::new(input) else { return };
    let _open = listen(world.at("eni-12"), "0.0.0.0:80");
    let _shut = listen(world.at("eni-12"), "0.0.0.0:81");
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-11"), "10.0.2.12:81"));
    assert_eq!(world.dropped("eni-11", Gate::EgressDenied).packets, 0);
}

#[test]
fn nothing_comes_in_by_default_not_even_inside_a_subnet() {
    let mut input = pair(Vec::new());
    input.enis.push(eni(13, 1, &["sg-2"]));
    let Some(mut world) = World::new(input) else { return };
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-11"), "10.0.2.12:80"));
    world.drops("eni-13", Gate::IngressDenied, |w| begin(w.at("eni-11"), "10.0.1.13:80"));
    world.drops("eni-13", Gate::IngressDenied, |w| begin(w.at("eni-11"), "[2001:db8:1:1::d]:80"));
}

#[test]
fn egress_and_ingress_must_both_admit_whichever_is_opened_first() {
    let mut input = pair(Vec::new());
    input.groups[0].egress = Vec::new();
    let Some(mut world) = World::new(input) else { return };
    let _server = listen(world.at("eni-12"), "0.0.0.0:80");
    let allow_in = || vec![rule("sgr-in", tcp(80), "0.0.0.0/0")];
    let allow_out = || vec![rule("sgr-out", tcp(80), "0.0.0.0/0")];
    let attempt = |w: &World| begin(w.at("eni-11"), "10.0.2.12:80");

    world.drops("eni-11", Gate::EgressDenied, attempt);
    // Egress first: ingress still stands in the way, and the other gate counts.
    world.change(|input| input.groups[0].egress = allow_out());
    world.drops("eni-12", Gate::IngressDenied, attempt);
    world.change(|input| set_ingress(input, 1, allow_in()));
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    // Ingress alone is not enough either.
    world.change(|input| input.groups[0].egress = Vec::new());
    world.drops("eni-11", Gate::EgressDenied, attempt);
}

#[test]
fn a_group_reference_means_its_members_and_follows_them() {
    let mut input = pair(vec![rule("sgr-ref", tcp(80), "sg-1")]);
    input.groups.push(open_out(3, Vec::new()));
    input.enis.push(eni(13, 1, &["sg-3"]));
    let Some(mut world) = World::new(input) else { return };
    let _v4 = listen(world.at("eni-12"), "0.0.0.0:80");
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-13"), "10.0.2.12:80"));
    // Membership decides at the very next packet, in the second slot too.
    world.change(|input| input.enis[2].groups.push("sg-1".into()));
    connect(world.at("eni-13"), "10.0.2.12:80").unwrap();
    world.change(|input| input.enis[0].groups = vec!["sg-3".into()]);
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-11"), "10.0.2.12:80"));
}

#[test]
fn an_egress_rule_may_name_a_group_over_ipv6() {
    let mut input = pair(anywhere("sgr-in", tcp(80)));
    input.groups[0].egress = vec![rule("sgr-out", tcp(80), "sg-2")];
    input.groups.push(open_out(3, anywhere("sgr-in", tcp(80))));
    input.enis.push(eni(13, 2, &["sg-3"]));
    let Some(mut world) = World::new(input) else { return };
    let _server = listen(world.at("eni-12"), "[::]:80");
    connect(world.at("eni-11"), "[2001:db8:1:2::c]:80").unwrap();
    world.drops("eni-11", Gate::EgressDenied, |w| begin(w.at("eni-11"), "[2001:db8:1:2::d]:80"));
}

#[test]
fn the_rules_of_many_groups_add_up() {
    let mut input = pair(Vec::new());
    // Sixteen groups; the last one admits, by address and by reference.
    for number in 3..18 {
        input.groups.push(open_out(number, Vec::new()));
    }
    let last = input.groups.last_mut().unwrap();
    last.ingress = vec![rule("sgr-cidr", tcp(80), "10.0.1.11/32"), rule("sgr-ref", tcp(81), "sg-16")];
    input.enis[1].groups = input.groups[1..].iter().map(|group| group.id.clone()).collect();
    input.enis[0].groups = (1..17).map(|number| format!("sg-{number}")).collect();
    let Some(mut world) = World::new(input) else { return };
    let _servers = [80, 81, 82].map(|port| listen(world.at("eni-12"), &format!("0.0.0.0:{port}")));
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    connect(world.at("eni-11"), "10.0.2.12:81").unwrap();
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-11"), "10.0.2.12:82"));
}

#[test]
fn port_ranges_end_where_they_end() {
    let range = Protocol::Tcp(Ports { from: 8000, to: 8010 });
    let input = pair(vec![rule("sgr-in", range, "10.0.0.0/16")]);
    let Some(mut world) = World::new(input) else { return };
    let _servers = [8000, 8010].map(|port| listen(world.at("eni-12"), &format!("0.0.0.0:{port}")));
    connect(world.at("eni-11"), "10.0.2.12:8000").unwrap();
    connect(world.at("eni-11"), "10.0.2.12:8010").unwrap();
    for outside in ["10.0.2.12:7999", "10.0.2.12:8011"] {
        world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-11"), outside));
    }
}

#[test]
fn an_address_block_ends_where_it_ends() {
    // 10.0.1.8/30 holds .11, the neighbouring /30 holds .13.
    let mut input = pair(vec![rule("sgr-in", tcp(80), "10.0.1.8/30")]);
    input.enis.push(eni(13, 1, &["sg-1"]));
    let Some(mut world) = World::new(input) else { return };
    let _server = listen(world.at("eni-12"), "0.0.0.0:80");
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-13"), "10.0.2.12:80"));
}

#[test]
fn overlapping_rules_admit_their_union() {
    let wide = Protocol::Tcp(Ports { from: 80, to: 90 });
    let rules = vec![
        rule("sgr-1", tcp(85), "10.0.0.0/16"),
        rule("sgr-2", wide, "10.0.1.0/24"),
        rule("sgr-3", Protocol::Tcp(Ports { from: 88, to: 100 }), "10.0.0.0/15"),
    ];
    let Some(mut world) = World::new(pair(rules)) else { return };
    for port in [80, 85, 88, 90, 100] {
        let _server = listen(world.at("eni-12"), &format!("0.0.0.0:{port}"));
        connect(world.at("eni-11"), &format!("10.0.2.12:{port}")).unwrap();
    }
    for port in [79, 101] {
        let to = format!("10.0.2.12:{port}");
        world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-11"), &to));
    }
}

#[test]
fn udp_is_not_tcp() {
    let Some(mut world) = World::new(pair(vec![rule("sgr-in", udp(53), "0.0.0.0/0")])) else {
        return;
    };
    let server = bind_udp(world.at("eni-12"), "0.0.0.0:53");
    let client = bind_udp(world.at("eni-11"), "0.0.0.0:0");
    client.send_to(b"question", "10.0.2.12:53").unwrap();
    let mut buffer = [0; 16];
    let (len, peer) = server.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..len], b"question");
    server.send_to(b"answer", peer).unwrap();
    assert_eq!(client.recv(&mut buffer).unwrap(), 6);
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-11"), "10.0.2.12:53"));
}

#[test]
fn icmp_is_judged_by_type_and_code() {
    let echo = Protocol::Icmp { kind: Some(8), code: None };
    let one_code = Protocol::Icmp { kind: Some(13), code: Some(1) };
    let echo6 = Protocol::Icmpv6 { kind: Some(128), code: Some(0) };
    let input = pair(vec![
        rule("sgr-1", echo, "0.0.0.0/0"),
        rule("sgr-2", one_code, "sg-1"),
        rule("sgr-3", echo6, "::/0"),
    ]);
    let Some(mut world) = World::new(input) else { return };
    assert!(ping(world.at("eni-11"), "10.0.2.12"));
    assert!(ping(world.at("eni-11"), "2001:db8:1:2::c"));
    let to = "10.0.2.12".parse().unwrap();
    world.drops("eni-12", Gate::IngressDenied, |w| send_icmp(w.at("eni-11"), to, 13, 0));
    let heard = receive_protocol(world.at("eni-12"), 1);
    send_icmp(world.at("eni-11"), to, 13, 1);
    assert_eq!(receive(&heard).unwrap()[20..22], [13, 1]);
    let to6 = "2001:db8:1:2::c".parse().unwrap();
    world.drops("eni-12", Gate::IngressDenied, |w| send_icmp(w.at("eni-11"), to6, 139, 0));
}

#[test]
fn other_protocols_go_by_number_and_all_means_all() {
    let Some(mut world) = World::new(pair(vec![rule("sgr-in", Protocol::Number(47), "10.0.1.0/24")])) else {
        return;
    };
    let to = Ipv4Addr::new(10, 0, 2, 12);
    let heard = receive_protocol(world.at("eni-12"), 47);
    send_protocol(world.at("eni-11"), to, 47);
    assert_eq!(receive(&heard).unwrap()[9], 47);
    world.drops("eni-12", Gate::IngressDenied, |w| send_protocol(w.at("eni-11"), to, 50));
    world.change(|input| set_ingress(input, 1, vec![rule("sgr-all", Protocol::All, "0.0.0.0/0")]));
    let heard = receive_protocol(world.at("eni-12"), 50);
    send_protocol(world.at("eni-11"), to, 50);
    assert_eq!(receive(&heard).unwrap()[9], 50);
    assert!(ping(world.at("eni-11"), "10.0.2.12"));
}

#[test]
fn an_ipv4_rule_says_nothing_about_ipv6() {
    let Some(mut world) = World::new(pair(vec![rule("sgr-in", tcp(80), "0.0.0.0/0")])) else {
        return;
    };
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-11"), "[2001:db8:1:2::c]:80"));
    let six = vec![rule("sgr-six", tcp(80), "2001:db8:1:1::/64")];
    world.change(|input| set_ingress(input, 1, six));
    let _server = listen(world.at("eni-12"), "[::]:80");
    connect(world.at("eni-11"), "[2001:db8:1:2::c]:80").unwrap();
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-11"), "10.0.2.12:80"));
}

#[test]
fn replies_need_no_rule_and_known_connections_survive_a_revoke() {
    let mut input = pair(vec![rule("sgr-in", tcp(80), "0.0.0.0/0")]);
    // The server's group lets nothing out: replies pass because they are replies.
    input.groups[1].egress = Vec::new();
    let Some(mut world) = World::new(input) else { return };
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    let mut client = connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    let (mut peer, _) = server.accept().unwrap();
    world.change(|input| set_ingress(input, 1, Vec::new()));
    client.write_all(b"still there?").unwrap();
    let mut heard = [0; 12];
    peer.read_exact(&mut heard).unwrap();
    peer.write_all(b"yes").unwrap();
    client.read_exact(&mut heard[..3]).unwrap();
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-11"), "10.0.2.12:80"));
}

#[test]
fn a_group_without_rules_and_an_eni_without_groups_are_silent() {
    let mut input = pair(anywhere("sgr-in", Protocol::All));
    input.groups.push(group(3, Vec::new(), Vec::new()));
    input.enis.push(eni(13, 1, &["sg-3"]));
    input.enis.push(eni(14, 1, &[]));
    let Some(mut world) = World::new(input) else { return };
    for quiet in ["eni-13", "eni-14"] {
        world.drops(quiet, Gate::EgressDenied, |w| begin(w.at(quiet), "10.0.2.12:80"));
        let own = format!("10.0.1.{}:80", &quiet[4..]);
        world.drops(quiet, Gate::IngressDenied, |w| begin(w.at("eni-11"), &own));
    }
}
