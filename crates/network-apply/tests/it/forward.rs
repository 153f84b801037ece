//! The internet gateway: forwarded ports, the way back in through it, and its own route table.

use std::net::Ipv4Addr;

use network_plan::{Gate, PortForward, Protocol, RouteTarget, VpcInput};

use crate::facts::{acl, allow_all, anywhere, eni, entry, group, open_out, public, route, rule, tcp, vpc};
use crate::wire::{begin, connect, listen, seen_as};
use crate::world::{Namespace, World};

const HOST: Ipv4Addr = Ipv4Addr::new(198, 18, 255, 253);

/// 11 in the private subnet a, 12 and 13 in the public one with 198.18.0.12 and .13. Port 80 is open.
fn gateway() -> VpcInput {
    let mut input = vpc(1);
    input.groups = vec![open_out(1, vec![rule("sgr-in", tcp(80), "0.0.0.0/0")])];
    input.enis = vec![
        eni(11, 1, &["sg-1"]),
        public(eni(12, 3, &["sg-1"]), "198.18.0.12"),
        public(eni(13, 3, &["sg-1"]), "198.18.0.13"),
    ];
    input
}

fn forward(port: u16, to: [u8; 4], masquerade: bool) -> PortForward {
    PortForward {
        protocol: 6,
        address: Ipv4Addr::new(198, 18, 0, 99),
        port,
        to: to.into(),
        to_port: 80,
        masquerade,
    }
}

#[test]
fn a_machine_reaches_another_one_by_its_public_address() {
    let Some(mut world) = World::new(gateway()) else { return };
    let server = listen(world.at("eni-13"), "0.0.0.0:80");
    let seen = seen_as(world.at("eni-12"), "198.18.0.13:80", &server);
    assert_eq!(seen, Ipv4Addr::new(198, 18, 0, 12), "translated both ways");
    // The groups see what comes from the internet: not the private address.
    world.change(|input| input.groups[0].ingress = vec![rule("sgr-in", tcp(80), "10.0.0.0/16")]);
    world.drops("eni-13", Gate::IngressDenied, |w| begin(w.at("eni-12"), "198.18.0.13:80"));
    connect(world.at("eni-12"), "10.0.3.13:80").unwrap();
    // Without a public address there is no way out, and so none back in.
    world.change(|input| {
        input.route_tables[0].routes.push(route("0.0.0.0/0", RouteTarget::InternetGateway));
    });
    world.drops("eni-11", Gate::NoPublicAddress, |w| begin(w.at("eni-11"), "198.18.0.13:80"));
}

#[test]
fn a_forwarded_port_leads_inside() {
    let mut input = gateway();
    input.port_forwards = vec![forward(1978, [10, 0, 3, 12], false)];
    let Some(mut world) = World::new(input) else { return };
    let host = Namespace::current();
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    let client = connect(&host, "198.18.0.99:1978").unwrap();
    let (stream, peer) = server.accept().unwrap();
    assert_eq!(peer.ip(), HOST, "the sender stays");
    assert_eq!(client.peer_addr().unwrap().to_string(), "198.18.0.99:1978");
    assert_eq!(stream.local_addr().unwrap().to_string(), "10.0.3.12:80");
    // The group and the ACL see the inner address and port.
    world.change(|input| input.groups[0].ingress = vec![rule("sgr-in", tcp(1978), "0.0.0.0/0")]);
    world.drops("eni-12", Gate::IngressDenied, |_| begin(&host, "198.18.0.99:1978"));
    world.change(|input| {
        input.groups[0].ingress = vec![rule("sgr-in", tcp(80), "0.0.0.0/0")];
        let mut entries = allow_all();
        entries.insert(0, entry(1, tcp(80), "198.18.255.253/32", false));
        input.acls = vec![acl(1, entries, allow_all())];
        input.subnets[2].acl_id = Some("acl-1".into());
    });
    world.drops("eni-12", Gate::AclIn, |_| begin(&host, "198.18.0.99:1978"));
    // An answer needs a route, as everywhere.
    world.change(|input| {
        input.subnets[2].acl_id = None;
        input.port_forwards = vec![forward(1978, [10, 0, 1, 11], false)];
    });
    let _inner = listen(world.at("eni-11"), "0.0.0.0:80");
    world.drops("eni-11", Gate::NoRoute, |_| begin(&host, "198.18.0.99:1978"));
}

#[test]
fn behind_a_masquerading_port_the_sender_is_the_gateway() {
    let mut input = gateway();
    input.port_forwards = vec![forward(1978, [10, 0, 1, 11], true)];
    let Some(mut world) = World::new(input) else { return };
    let host = Namespace::current();
    let server = listen(world.at("eni-11"), "0.0.0.0:80");
    let seen = seen_as(&host, "198.18.0.99:1978", &server);
    assert_eq!(
        seen,
        Ipv4Addr::new(10, 0, 1, 1),
        "its own subnet's gateway; no route to the internet is needed"
    );
    // No other port leads there, and none when it is taken back: the established flow ends too.
    let mut client = connect(&host, "198.18.0.99:1978").unwrap();
    let (mut stream, _) = server.accept().unwrap();
    world.change(|input| input.port_forwards.clear());
    std::io::Write::write_all(&mut client, b"lost").ok();
    world
        .drops("eni-11", Gate::NoPublicAddress, |_| std::io::Write::write_all(&mut stream, b"lost").unwrap());
}

#[test]
fn the_gateways_own_table_sends_arrivals_to_an_appliance() {
    let mut input = gateway();
    input.groups = vec![group(1, anywhere("sgr-in", Protocol::All), anywhere("sgr-out", Protocol::All))];
    input.enis[0].source_dest_check = false;
    let mut table = input.route_tables[0].clone();
    (table.id, table.number) = ("rtb-edge".into(), 7);
    table.routes.push(route("10.0.3.0/24", RouteTarget::Eni("eni-11".into())));
    input.route_tables.push(table);
    let Some(mut world) = World::new(input) else { return };
    let host = Namespace::current();
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    connect(&host, "198.18.0.12:80").unwrap();
    server.accept().unwrap();
    // Now everything for the public subnet comes to the appliance, which forwards it; the way back is the same.
    world.change(|input| {
        input.gateway_table = Some("rtb-edge".into());
        // Without a public address the gateway would hand it nothing.
        input.enis.iter_mut().filter(|eni| eni.id == "eni-11").for_each(|eni| {
            let (private, public) = (eni.private_v4[0], "198.18.0.11".parse().unwrap());
            eni.public_v4 = vec![network_plan::PublicAddress { private, public }];
        });
        input.route_tables[0].routes.push(route("0.0.0.0/0", RouteTarget::InternetGateway));
        let out = input.route_tables[1].routes.iter_mut().find(|r| r.destination.prefix_len() == 0);
        out.unwrap().target = RouteTarget::Eni("eni-11".into());
    });
    world.at("eni-11").inside(|| {
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").unwrap();
        for scope in ["all", "eth0"] {
            std::fs::write(format!("/proc/sys/net/ipv4/conf/{scope}/rp_filter"), "0").unwrap();
            std::fs::write(format!("/proc/sys/net/ipv4/conf/{scope}/send_redirects"), "0").unwrap();
        }
    });
    let forwarded = |world: &World| -> u64 {
        let text =
            world.at("eni-11").inside(|| std::fs::read_to_string("/proc/thread-self/net/snmp").unwrap());
        let mut lines = text.lines().filter(|line| line.starts_with("Ip:"));
        let at = lines.next().unwrap().split_whitespace().position(|word| word == "ForwDatagrams").unwrap();
        lines.next().unwrap().split_whitespace().nth(at).unwrap().parse().unwrap()
    };
    let before = forwarded(&world);
    connect(&host, "198.18.0.12:80").unwrap();
    server.accept().unwrap();
    assert!(forwarded(&world) > before, "it went past the appliance");
    // Without the appliance: nowhere, and no other way.
    world.change(|input| {
        input.route_tables[2].routes.last_mut().unwrap().target = RouteTarget::Eni("eni-gone".into());
    });
    let drops = |world: &World| crate::kernel::router_drops(world, "no_route");
    let before = drops(&world);
    let _attempt = begin(&host, "198.18.0.12:80");
    world.until("the arrival is dropped", |w| drops(w) > before);
}
