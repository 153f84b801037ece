//! What a router tells: packets it dropped, connections that end, connections there are.

use std::io::Write;
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

use network_apply::{Flow, Heard};
use network_plan::{DropRecord, Gate, eni_index};

use crate::datagrams::PATIENCE;
use crate::facts::{eni, open_out, rule, tcp, vpc};
use crate::wire::{begin, connect, listen};
use crate::world::World;

fn small() -> network_plan::VpcInput {
    let mut input = vpc(1);
    input.groups = vec![open_out(1, vec![rule("sgr-in", tcp(80), "0.0.0.0/0")])];
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(12, 2, &["sg-1"])];
    input
}

/// Asks until something is heard.
fn wait<T>(mut hear: impl FnMut() -> Heard<T>) -> Vec<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match hear() {
            Heard::Some(events) => return events,
            Heard::Nothing => assert!(Instant::now() < deadline, "nothing was heard"),
            Heard::Lost => panic!("events were lost"),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_dropped_packet_is_reported_with_its_gate() {
    let Some(mut world) = World::new(small()) else { return };
    let listener = world.network().listen_to_drops("vpc-1").unwrap();
    assert!(world.network().listen_to_drops("vpc-1").is_err(), "there is one listener per router");
    let _attempt = begin(world.at("eni-11"), "10.0.2.12:81");
    // The machines' own greetings to everybody are dropped too.
    let mut found = None;
    while found.is_none() {
        found =
            wait(|| listener.hear().unwrap()).into_iter().find(|packet| packet.prefix == "ingress-denied");
    }
    let packet = found.unwrap();
    let record = DropRecord::parse(&packet.prefix).unwrap();
    assert_eq!((record.gate, record.eni(packet.incoming, packet.outgoing)), (Gate::IngressDenied, Some(12)));
    assert_eq!((packet.incoming, packet.outgoing), (eni_index(11), eni_index(12)));
    assert_eq!(packet.bytes[12..20], [10, 0, 1, 11, 10, 0, 2, 12], "from the IP header on");
    assert_eq!(u16::from_be_bytes([packet.bytes[22], packet.bytes[23]]), 81);
    // The next one may listen when this one has ended, also if a child on its way to another program still has it.
    let child = listener.as_fd().try_clone_to_owned().unwrap();
    drop(listener);
    let child = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        drop(child);
    });
    world.network().listen_to_drops("vpc-1").unwrap();
    child.join().unwrap();
}

#[test]
fn connections_are_counted_while_they_live_and_when_they_end() {
    let Some(mut world) = World::new(small()) else { return };
    let (ends, mut table) = world.network().listen_to_flows("vpc-1").unwrap();
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    let mut client = connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    let (stream, _) = server.accept().unwrap();
    client.write_all(&[7; 1000]).unwrap();
    let port = client.local_addr().unwrap().port();
    let ours = |flow: &&Flow| flow.original.source_port == port;
    let mut flows = Vec::new();
    // Until the data's acknowledgement has passed.
    world.until("the data is counted", |_| {
        flows = table.read().unwrap();
        flows.iter().find(ours).is_some_and(|flow| flow.sent.bytes > 1000 && flow.answered.packets >= 2)
    });
    let flow = flows.iter().find(ours).unwrap();
    assert_eq!((flow.original.destination_port, flow.original.protocol), (80, 6));
    assert_eq!(flow.original.source.to_string(), "10.0.1.11");
    assert_eq!((flow.reply.source.to_string().as_str(), flow.seen_reply), ("10.0.2.12", true));
    assert_eq!((flow.tcp_state, flow.stop), (Some(3), None));
    assert!(flow.start.is_some());
    // The interface loses its address: its connections end at once.
    drop((client, stream));
    world.change(|input| drop(input.enis.pop()));
    let mut last = None;
    while last.is_none() {
        last = wait(|| ends.hear().unwrap()).into_iter().find(|flow| ours(&flow));
    }
    let last = last.unwrap();
    assert!(last.sent.bytes >= flow.sent.bytes && last.stop.is_some());
    assert_eq!((last.id, last.original), (flow.id, flow.original));
}

#[test]
fn a_full_connection_table_forgets_the_unanswered_and_keeps_what_stands() {
    let mut input = small();
    let all = network_plan::Ports { from: 0, to: u16::MAX };
    input.groups[0].ingress.push(rule("sgr-udp", network_plan::Protocol::Udp(all), "10.0.0.0/16"));
    let Some(mut world) = World::new(input) else { return };
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    let mut client = connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    let (mut stream, _) = server.accept().unwrap();
    let most: usize =
        std::fs::read_to_string("/proc/sys/net/netfilter/nf_conntrack_max").unwrap().trim().parse().unwrap();
    if most > 600_000 {
        println!("skipped: it would take too long to fill a table of {most}");
        return;
    }
    assert_eq!(world.network().pressure("vpc-1").unwrap(), network_apply::Pressure::default());
    // Datagrams nobody answers: each pair of ports is a connection to the kernel.
    world.at("eni-11").inside(|| {
        let mut sent = 0;
        'all: for source in 20_000..20_100_u16 {
            let socket = std::net::UdpSocket::bind(("10.0.1.11", source)).unwrap();
            for port in 1..=u16::MAX {
                // "Nobody listens there" comes back as an error of the next call.
                let _ = socket.send_to(b"x", ("10.0.2.12", port));
                sent += 1;
                if sent > most + most / 10 {
                    break 'all;
                }
            }
        }
    });
    let pressure = world.network().pressure("vpc-1").unwrap();
    assert!(pressure.forgotten + pressure.refused > 0, "{pressure:?}");
    // What stands goes on, and the next one finds a place.
    client.write_all(b"on").unwrap();
    let mut heard = [0; 2];
    std::io::Read::read_exact(&mut stream, &mut heard).unwrap();
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
}
