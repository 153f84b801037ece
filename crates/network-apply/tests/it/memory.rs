//! Routers remember how known flows were judged; what becomes of a packet is the same.

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use network_plan::{Gate, Protocol, RouteTarget, VpcInput};

use crate::datagrams::{Datagrams, PATIENCE};
use crate::facts::{acl, allow_all, eni, group, route, rule, vpc};
use crate::nflog::Log;
use crate::routing::forwards;
use crate::wire::bind_udp;
use crate::world::World;

/// The bits of a connection's mark that say "passed, both ways, both sides".
const WHOLE: u32 = 0x1e0;

/// 11 and 12 in subnets a and b, whose ACL allows everything; 13 is an appliance in b. Nothing is open to everybody, so
/// flows are tracked.
fn bordered() -> VpcInput {
    let mut input = vpc(1);
    let rules = |name: &str| vec![rule(name, Protocol::All, "10.0.0.0/16")];
    input.groups = vec![group(1, rules("sgr-in"), rules("sgr-out"))];
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(12, 2, &["sg-1"]), eni(13, 2, &["sg-1"])];
    input.enis[2].source_dest_check = false;
    input.acls = vec![acl(3, allow_all(), allow_all())];
    for subnet in &mut input.subnets[..2] {
        subnet.acl_id = Some("acl-3".into());
    }
    input
}

/// A flow of datagrams from 11 to 12.
struct Talk {
    client: Datagrams,
    server: Datagrams,
    to: SocketAddr,
    from: SocketAddr,
}

impl Talk {
    /// Questions and answers until the flow is remembered, or could be.
    fn start(world: &World) -> Self {
        Self::start_at(world, 9)
    }

    fn start_at(world: &World, port: u16) -> Self {
        let server = bind_udp(world.at("eni-12"), &format!("0.0.0.0:{port}"));
        let client = bind_udp(world.at("eni-11"), "0.0.0.0:0");
        let to = SocketAddr::from(([10, 0, 2, 12], port));
        let mut buffer = [0; 16];
        client.send_to(b"hello", to).unwrap();
        let (_, from) = server.recv_from(&mut buffer).unwrap();
        server.send_to(b"hello", from).unwrap();
        client.recv(&mut buffer).unwrap();
        let talk = Self { client, server, to, from };
        talk.goes_on();
        talk.goes_on();
        talk
    }

    fn ask(&self) {
        self.client.send_to(b"ask", self.to).unwrap();
    }

    fn goes_on(&self) {
        let mut buffer = [0; 16];
        self.ask();
        assert_eq!(self.server.recv(&mut buffer).unwrap(), 3);
        self.server.send_to(b"said", self.from).unwrap();
        assert_eq!(self.client.recv(&mut buffer).unwrap(), 4);
    }

    /// The mark of its connection in the router.
    fn mark(&self, world: &World) -> u32 {
        let table = world.router().inside(|| std::fs::read_to_string("/proc/thread-self/net/nf_conntrack"));
        let port = format!("sport={} ", self.from.port());
        let table = table.unwrap();
        let line = table.lines().find(|line| line.contains("udp") && line.contains(&port)).unwrap();
        let mark = line.split(' ').find_map(|word| word.strip_prefix("mark=")).unwrap();
        mark.parse().unwrap()
    }

    /// The generation under which it is remembered.
    fn remembered(&self, world: &World) -> u32 {
        let mark = self.mark(world);
        assert_eq!(mark & 0x1ff, WHOLE, "{mark:x}");
        mark >> 11
    }
}

fn nft(world: &World, words: &[&str]) -> bool {
    world
        .router()
        .inside(|| Command::new("nft").args(words).output().is_ok_and(|output| output.status.success()))
}

#[test]
fn a_remembered_flow_meets_the_next_acl_at_its_next_packet() {
    let Some(mut world) = World::new(bordered()) else { return };
    let talk = Talk::start(&world);
    let first = talk.remembered(&world);
    for gate in [Gate::AclOut, Gate::AclIn] {
        world.change(|input| match gate {
            Gate::AclOut => input.acls[0].egress.clear(),
            _ => input.acls[0].ingress.clear(),
        });
        let eni = if gate == Gate::AclOut { "eni-11" } else { "eni-12" };
        world.drops(eni, gate, |_| talk.ask());
        world.change(|input| input.acls[0] = acl(3, allow_all(), allow_all()));
        talk.goes_on();
    }
    talk.goes_on();
    assert!(talk.remembered(&world) > first);
}

#[test]
fn what_groups_say_later_ends_no_memory() {
    let Some(mut world) = World::new(bordered()) else { return };
    let talk = Talk::start(&world);
    let generation = talk.remembered(&world);
    world.change(|input| input.groups[0].ingress.clear());
    talk.goes_on();
    assert_eq!(talk.remembered(&world), generation);
    let other = bind_udp(world.at("eni-11"), "0.0.0.0:0");
    world.drops("eni-12", Gate::IngressDenied, |_| other.send_to(b"new", "10.0.2.12:9").unwrap());
}

#[test]
fn the_next_process_counts_on_and_never_from_the_beginning() {
    let Some(mut world) = World::new(bordered()) else { return };
    let talk = Talk::start(&world);
    let generation = talk.remembered(&world);
    world.restart();
    talk.goes_on();
    world.apply();
    talk.goes_on();
    assert_eq!(talk.remembered(&world), generation, "nothing has changed");
    world.restart();
    world.change(|input| input.acls[0].ingress.clear());
    world.drops("eni-12", Gate::AclIn, |_| talk.ask());
    world.change(|input| input.acls[0] = acl(3, allow_all(), allow_all()));
    talk.goes_on();
    talk.goes_on();
    assert!(talk.remembered(&world) > generation);
}

#[test]
fn memory_that_somebody_emptied_begins_anew() {
    let Some(mut world) = World::new(bordered()) else { return };
    if !nft(&world, &["list", "chain", "inet", "allod", "recall"]) {
        println!("skipped: no nft program");
        return;
    }
    let talk = Talk::start(&world);
    let generation = talk.remembered(&world);
    for same_process in [true, false] {
        for chain in ["recall", "remember_sent"] {
            assert!(nft(&world, &["flush", "chain", "inet", "allod", chain]));
        }
        talk.goes_on();
        if !same_process {
            world.restart();
        }
        world.network().disturbed().unwrap();
        world.apply();
        talk.goes_on();
        talk.goes_on();
        assert_ne!(talk.remembered(&world), generation);
    }
    world.change(|input| input.acls[0].egress.clear());
    world.drops("eni-11", Gate::AclOut, |_| talk.ask());
}

#[test]
fn without_memory_everything_is_judged_and_nothing_marked() {
    let Some(mut world) = World::new(bordered()) else { return };
    let talk = Talk::start(&world);
    talk.remembered(&world);
    world.restart_with(|config| config.flow_memory = false);
    world.apply();
    let other = Talk::start_at(&world, 10);
    assert_eq!(other.mark(&world), 0);
    world.change(|input| input.acls[0].ingress.clear());
    world.drops("eni-12", Gate::AclIn, |_| talk.ask());
    world.change(|input| input.acls[0] = acl(3, allow_all(), allow_all()));
    world.restart_with(|config| config.flow_memory = true);
    world.apply();
    other.goes_on();
    other.goes_on();
    other.remembered(&world);
}

#[test]
fn behind_a_detached_interface_the_drop_is_named() {
    let Some(mut world) = World::new(bordered()) else { return };
    let log = Log::of(&world);
    let talk = Talk::start(&world);
    talk.remembered(&world);
    world.network().detach("vpc-1", "eni-12").unwrap();
    world.drops("eni-11", Gate::NoRoute, |_| talk.ask());
    assert_eq!(log.prefix("no-route").eni(), Some(11));
    assert!(world.network().disturbed().unwrap().is_empty(), "that was us");
}

#[test]
fn behind_a_machine_that_died_it_is_named_after_the_next_look() {
    let Some(mut world) = World::new(bordered()) else { return };
    let talk = Talk::start(&world);
    talk.remembered(&world);
    let Talk { client, server, .. } = talk;
    drop(server);
    world.machines.remove("eni-12");
    world.until("the link goes with its namespace", |world| {
        world.network().unlinked("vpc-1").unwrap() == ["eni-12"]
    });
    if !world.network().disturbed().unwrap().is_empty() {
        world.apply();
    }
    world.drops("eni-11", Gate::NoRoute, |_| client.send_to(b"ask", "10.0.2.12:9").unwrap());
}

/// Both ends send all the time while what is allowed changes: no packet that is sent behind a change passes by it.
#[test]
fn a_busy_flow_never_slips_past_a_change() {
    const ROUNDS: u8 = 60;
    let Some(mut world) = World::new(bordered()) else { return };
    let Talk { client, server, to, .. } = Talk::start(&world);
    for socket in [&client, &server] {
        socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    }
    let (over, slipped, reached) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU8::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut buffer = [0; 16];
            while !over.load(Ordering::Relaxed) {
                let Ok((length, from)) = UdpSocket::recv_from(&server, &mut buffer) else { continue };
                match buffer[0] {
                    b'n' => drop(slipped.fetch_add(1, Ordering::Relaxed)),
                    b'y' => reached.store(buffer[1], Ordering::Relaxed),
                    _ => {}
                }
                // Refused while nothing may leave: the packet filter's drop is no error of the sender's.
                let _ = server.send_to(&buffer[..length], from);
            }
        });
        scope.spawn(|| {
            let mut buffer = [0; 16];
            while !over.load(Ordering::Relaxed) {
                let _ = client.send_to(b"busy", to);
                let _ = UdpSocket::recv(&client, &mut buffer);
            }
        });
        for round in 1..=ROUNDS {
            world.change(|input| match round % 2 {
                0 => input.acls[0].egress.clear(),
                _ => input.acls[0].ingress.clear(),
            });
            client.send_to(&[b'n', round], to).unwrap();
            world.change(|input| input.acls[0] = acl(3, allow_all(), allow_all()));
            let deadline = Instant::now() + PATIENCE;
            while reached.load(Ordering::Relaxed) != round && Instant::now() < deadline {
                client.send_to(&[b'y', round], to).unwrap();
                thread::sleep(Duration::from_millis(1));
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(reached.into_inner(), ROUNDS, "what is allowed arrives");
    assert_eq!(slipped.into_inner(), 0, "what is denied does not");
}

/// A flow past an appliance comes by twice, the second time from an interface whose address it does not have.
#[test]
fn past_an_appliance_either_passage_has_its_acls() {
    let mut input = bordered();
    input.enis[2] = eni(13, 3, &["sg-1"]);
    input.enis[2].source_dest_check = false;
    for block in ["10.0.1.0/24", "10.0.2.0/24"] {
        input.route_tables[0].routes.push(route(block, RouteTarget::Eni("eni-13".into())));
    }
    input.acls.push(acl(4, allow_all(), allow_all()));
    input.subnets[2].acl_id = Some("acl-4".into());
    let Some(mut world) = World::new(input) else { return };
    forwards(&world, "eni-13");
    let talk = Talk::start(&world);
    talk.remembered(&world);
    world.change(|input| input.acls[1].egress.clear());
    world.drops("eni-13", Gate::AclOut, |_| talk.ask());
    world.change(|input| input.acls[1] = acl(4, Vec::new(), allow_all()));
    world.drops("eni-13", Gate::AclIn, |_| talk.ask());
    world.change(|input| input.acls[1] = acl(4, allow_all(), allow_all()));
    talk.goes_on();
}
