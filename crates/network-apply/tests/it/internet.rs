//! The internet gateway, the edge and the host.

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::process::Command;

use network_apply::{ApplyError, HostConfig, Network, Uplink};
use network_plan::{Gate, Protocol, VpcInput};

use crate::facts::{anywhere, eni, open_out, public, rule, tcp, vpc};
use crate::wire::{begin, connect, listen, ping, seen_as, send_icmp};
use crate::world::{Namespace, World, private_host, take_address};

/// 11: private subnet, no public address. 12: public subnet with 198.18.0.12.
/// 13: public subnet without. 14: private subnet with 198.18.0.14.
fn gateway() -> VpcInput {
    let mut input = vpc(1);
    input.groups = vec![open_out(1, vec![rule("sgr-in", tcp(80), "0.0.0.0/0")])];
    input.enis = vec![
        eni(11, 1, &["sg-1"]),
        public(eni(12, 3, &["sg-1"]), "198.18.0.12"),
        eni(13, 3, &["sg-1"]),
        public(eni(14, 1, &["sg-1"]), "198.18.0.14"),
    ];
    input
}

/// The test's host gets an "internet" behind it: 203.0.113.1 – 203.0.113.2.
fn internet() -> Namespace {
    let outside = Namespace::new();
    let pid = outside.inside(|| {
        // SAFETY: no pointers; asks for this thread's id.
        unsafe { libc::syscall(libc::SYS_gettid) }
    });
    assert!(pid > 0);
    // A thread that stays inside, so that `ip` can name the namespace.
    let path = format!("/proc/{}/fd/{}", std::process::id(), std::os::fd::AsRawFd::as_raw_fd(outside.file()));
    ip(&["link", "add", "up0", "mtu", "1400", "type", "veth", "peer", "name", "eth0", "netns", &path]);
    ip(&["addr", "add", "203.0.113.1/24", "dev", "up0"]);
    ip(&["link", "set", "up0", "up"]);
    outside.inside(|| {
        ip(&["addr", "add", "203.0.113.2/24", "dev", "eth0"]);
        ip(&["link", "set", "eth0", "up"]);
    });
    ip(&["route", "add", "default", "via", "203.0.113.2"]);
    outside
}

fn ip(words: &[&str]) {
    let status = Command::new("ip").args(words).status().unwrap();
    assert!(status.success(), "ip {words:?}");
}

/// Something that runs on the test's own host.
fn host() -> Namespace {
    Namespace::current()
}

#[test]
fn the_host_reaches_a_public_address_if_the_group_lets_it() {
    let Some(mut world) = World::new(gateway()) else { return };
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    let mut client = connect(&host(), "198.18.0.12:80").unwrap();
    let (mut stream, peer) = server.accept().unwrap();
    assert_eq!(peer.ip(), Ipv4Addr::new(198, 18, 255, 253), "the host's end of the edge link");
    assert_eq!(stream.local_addr().unwrap().ip(), Ipv4Addr::new(10, 0, 3, 12));
    stream.write_all(b"hello").unwrap();
    drop(stream);
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    world.drops("eni-12", Gate::IngressDenied, |_| begin(&host(), "198.18.0.12:81"));
}

#[test]
fn a_public_address_needs_a_route_and_a_route_needs_a_public_address() {
    let Some(mut world) = World::new(gateway()) else { return };
    // A route without an address.
    world.drops("eni-13", Gate::NoPublicAddress, |w| begin(w.at("eni-13"), "203.0.113.2:80"));
    // Neither.
    world.drops("eni-11", Gate::NoRoute, |w| begin(w.at("eni-11"), "203.0.113.2:80"));
    // An address without a route: the request arrives, the answer gets lost.
    let server = listen(world.at("eni-14"), "0.0.0.0:80");
    server.set_nonblocking(true).unwrap();
    world.drops("eni-14", Gate::NoRoute, |_| begin(&host(), "198.18.0.14:80"));
    assert!(server.accept().is_err());
}

#[test]
fn detaching_the_gateway_cuts_the_way_out() {
    let Some(mut world) = World::new(gateway()) else { return };
    let server = listen(&host(), "198.18.255.253:7");
    drop(server);
    assert!(ping(world.at("eni-12"), "198.18.255.253"));
    world.change(|input| input.internet_gateway = None);
    let host_side = "198.18.255.253".parse().unwrap();
    world.drops("eni-12", Gate::NoRoute, |w| send_icmp(w.at("eni-12"), host_side, 8, 0));
}

#[test]
fn machines_go_out_behind_the_hosts_address_and_need_no_ingress_rule() {
    let Some(()) = private_host() else { return };
    let outside = internet();
    let mut world = World::on_this_host(gateway(), Uplink::Auto);
    let server = listen(&outside, "0.0.0.0:443");
    let seen = seen_as(world.at("eni-12"), "203.0.113.2:443", &server);
    assert_eq!(seen, Ipv4Addr::new(203, 0, 113, 1), "masqueraded by the host");
    world.drops("eni-13", Gate::NoPublicAddress, |w| begin(w.at("eni-13"), "203.0.113.2:443"));
    // The path's MTU is the uplink's, and the machine is told.
    let mut client = connect(world.at("eni-12"), "203.0.113.2:443").unwrap();
    let (mut stream, _) = server.accept().unwrap();
    client.write_all(&vec![7; 100_000]).unwrap();
    drop(client);
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 100_000);
}

#[test]
fn a_public_address_moves_and_old_flows_die() {
    let Some(mut world) = World::new(gateway()) else { return };
    let first = listen(world.at("eni-12"), "0.0.0.0:80");
    let _client = connect(&host(), "198.18.0.12:80").unwrap();
    let (mut old, _) = first.accept().unwrap();
    world.change(|input| {
        let address = input.enis[1].public_v4.remove(0);
        let private = input.enis[2].private_v4[0];
        input.enis[2].public_v4.push(network_plan::PublicAddress { private, ..address });
    });
    let second = listen(world.at("eni-13"), "0.0.0.0:80");
    let mut client = connect(&host(), "198.18.0.12:80").unwrap();
    let (mut stream, _) = second.accept().unwrap();
    stream.write_all(b"new").unwrap();
    let mut text = [0; 3];
    client.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"new");
    world.drops("eni-12", Gate::NoPublicAddress, |_| old.write_all(b"too late").unwrap());
}

#[test]
fn machines_of_one_vpc_meet_by_public_addresses_as_strangers() {
    let mut input = gateway();
    input.enis[2] = public(input.enis[2].clone(), "198.18.0.13");
    let Some(mut world) = World::new(input) else { return };
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    let seen = seen_as(world.at("eni-13"), "198.18.0.12:80", &server);
    assert_eq!(seen, Ipv4Addr::new(198, 18, 0, 13), "by the way of the internet gateway");
    // A rule that names the group means private addresses: it does not apply.
    world.change(|input| input.groups[0].ingress = vec![rule("sgr-self", tcp(80), "sg-1")]);
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-13"), "198.18.0.12:80"));
    let seen = seen_as(world.at("eni-13"), "10.0.3.12:80", &server);
    assert_eq!(seen, Ipv4Addr::new(10, 0, 3, 13));
}

#[test]
fn ipv6_needs_no_translation() {
    let mut input = gateway();
    input.groups[0].ingress = anywhere("sgr-in", tcp(80));
    let Some(mut world) = World::new(input) else { return };
    ip(&["link", "set", "lo", "up"]);
    take_address("fd00:9::1");
    // The kernel takes its time over IPv6 addresses; before, the link's own
    // address would be chosen as the source.
    let routed = || {
        let probe = std::net::UdpSocket::bind("[::]:0").unwrap();
        probe.connect("[2001:db8:1:3::c]:80").unwrap();
        probe.local_addr().unwrap().ip().to_string() == "fd00:9::1"
    };
    world.until("the host's address is in use", |_| routed());
    let server = listen(world.at("eni-12"), "[::]:80");
    let seen = seen_as(&host(), "[2001:db8:1:3::c]:80", &server);
    assert_eq!(seen.to_string(), "fd00:9::1");
    world.drops("eni-12", Gate::IngressDenied, |_| begin(&host(), "[2001:db8:1:3::c]:81"));
}

#[test]
fn a_machine_cannot_open_connections_to_the_host() {
    let Some(world) = World::new(gateway()) else { return };
    let server = listen(&host(), "0.0.0.0:22");
    server.set_nonblocking(true).unwrap();
    let dropped = || crate::kernel::host_drops();
    let before = dropped();
    let _attempt = begin(world.at("eni-12"), "198.18.255.253:22");
    let deadline = std::time::Instant::now() + crate::datagrams::PATIENCE;
    while dropped() == before {
        assert!(std::time::Instant::now() < deadline);
    }
    assert!(server.accept().is_err());
}

#[test]
fn two_clouds_cannot_share_a_pool_but_can_share_a_host() {
    let Some(world) = World::new(gateway()) else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut config = HostConfig::new("it-other");
    config.run_dir = dir.path().to_owned();
    config.uplink = Uplink::None;
    let refused = Network::open(config.clone());
    assert!(matches!(refused, Err(ApplyError::PoolInUse(_))));
    assert!(!config.run_dir.join(&config.name).exists(), "nothing was begun");
    let links = Command::new("ip").args(["-o", "link"]).output().unwrap().stdout;
    assert_eq!(String::from_utf8(links).unwrap().matches("allod").count(), 1);
    config.public_pool = "198.19.0.0/16".parse().unwrap();
    let other = Network::open(config).unwrap();
    assert!(other.list().is_empty());
    other.teardown().unwrap();
    // The first cloud did not notice.
    let _server = listen(world.at("eni-12"), "0.0.0.0:80");
    connect(&host(), "198.18.0.12:80").unwrap();
}

#[test]
fn forwarding_is_taken_back_only_if_we_switched_it_on() {
    let Some(()) = private_host() else { return };
    let setting = "/proc/thread-self/root/proc/sys/net/ipv4/ip_forward";
    for before in ["0", "1"] {
        std::fs::write(setting, before).unwrap();
        let world = World::on_this_host(gateway(), Uplink::Auto);
        assert_eq!(std::fs::read_to_string(setting).unwrap().trim(), "1");
        drop(world);
        assert_eq!(std::fs::read_to_string(setting).unwrap().trim(), before);
    }
}

#[test]
fn the_outside_cannot_use_inside_addresses() {
    let mut input = gateway();
    input.groups[0].ingress = vec![rule("sgr-vpc", Protocol::All, "10.0.0.0/16")];
    let Some(world) = World::new(input) else { return };
    ip(&["addr", "add", "10.0.1.11/32", "dev", "lo"]);
    let dropped = || crate::kernel::router_drops(&world, "spoofed");
    let before = dropped();
    host().inside(|| {
        let socket = std::net::UdpSocket::bind("10.0.1.11:0").unwrap();
        socket.send_to(b"trust me", "198.18.0.12:80").unwrap();
    });
    let deadline = std::time::Instant::now() + crate::datagrams::PATIENCE;
    while dropped() == before {
        assert!(std::time::Instant::now() < deadline);
    }
}
