//! One machine that asks too much, and its neighbours; real sockets.

use super::server::Server;
use super::world::{ASKER, PATIENCE, Seen, World, question, with_edns};
use crate::config::ResolverConfig;
use crate::engine::{Step, Transport};
use crate::wire::record::{Kind, Record};
use crate::{Listening, Resolver, Upstreams, VpcKey};
use hickory_proto::op::ResponseCode::{NoError, ServFail};
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};
use test_support::unbroken;

const NEIGHBOUR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 20, 1, 6));

#[test]
fn a_flood_is_dropped_and_the_neighbour_is_served() {
    let world = World::new();
    let ask = |source| world.step(source, &question("localhost", Kind::A)).is_some();
    let answered = (0..5_000).filter(|_| ask(ASKER)).count();
    // The second may have turned meanwhile.
    assert!((1_024..=3 * 1_024).contains(&answered), "{answered} were answered");
    assert!(ask(NEIGHBOUR));
    assert!(world.view.counters.read().over_limit > 1_000);
}

#[tokio::test]
async fn names_that_nobody_answers_do_not_take_the_neighbour_s_places() {
    let world = World::new();
    let mut waiting = Vec::new();
    let mut refused = 0;
    for n in 0..500 {
        let (packet, mut out) = (question(&format!("n{n}.example"), Kind::A), Vec::new());
        match world.engine.step(&world.view, ASKER, Transport::Udp, &packet, &mut out) {
            Step::Wait(place) => waiting.push(place),
            Step::Reply => {
                assert_eq!(Seen::new(&out).code(), ServFail);
                refused += 1;
            }
            Step::Silence => panic!("silence"),
        }
    }
    assert_eq!((waiting.len(), refused), (128, 372));
    assert_eq!(world.resolve_from(NEIGHBOUR, "localhost", Kind::A).await.code(), NoError);
    assert_eq!(world.resolve_from(NEIGHBOUR, "n.example", Kind::A).await.code(), ServFail, "asked, in vain");
    assert_eq!(world.view.counters.read().failed, 1);
    drop(waiting);
}

/// The resolver itself on a loopback address.
fn served(config: ResolverConfig) -> (Resolver, SocketAddr, VpcKey) {
    let world = World::new();
    let resolver = Resolver::start(config, world.engine.store.clone()).unwrap();
    let key = VpcKey { scope: world.scope.clone(), vpc_id: "vpc-1".into() };
    let (streams, datagrams) = loop {
        let streams = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(datagrams) = UdpSocket::bind(streams.local_addr().unwrap()) {
            break (streams, datagrams);
        }
    };
    let address = datagrams.local_addr().unwrap();
    resolver.listen(&key, Listening { datagrams, streams }).unwrap();
    (resolver, address, key)
}

fn client(address: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn receive(socket: &UdpSocket) -> Seen {
    let mut buffer = [0; 4096];
    let length = unbroken(PATIENCE, || socket.recv(&mut buffer)).unwrap();
    Seen::new(&buffer[..length])
}

#[test]
fn sockets_are_served_until_they_are_closed() {
    let upstreams = Upstreams::Nowhere;
    let (resolver, address, key) = served(ResolverConfig { upstreams, ..ResolverConfig::default() });
    let socket = client(address);
    for (text, code) in [("localhost", NoError), ("www.example", ServFail)] {
        socket.send(&question(text, Kind::A)).unwrap();
        assert_eq!(receive(&socket).code(), code);
    }
    assert_eq!(resolver.addresses(&key), [address]);
    assert_eq!(resolver.counts(&key).map(|counts| counts.questions), Some(2));
    resolver.forget(&key);
    assert!(resolver.addresses(&key).is_empty() && resolver.counts(&key).is_none());
    // The task ends on the resolver's thread: until then a packet may still be answered.
    let end = Instant::now() + PATIENCE;
    while UdpSocket::bind(address).is_err() || TcpListener::bind(address).is_err() {
        assert!(Instant::now() < end, "the sockets stay open");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn long_answers_come_whole_over_tcp() {
    let server = Server::start(|asked| {
        let record = |n: u8| Record::a(&asked.asked_name(), 300, [192, 0, 2, n].into());
        let mut reply = asked.reply(&(0..200).map(record).collect::<Vec<_>>());
        if !asked.tcp {
            reply.truncate(12 + asked.packet.len() - 12 - 11);
            reply[2] |= 2;
            reply[6..12].fill(0);
        }
        vec![reply]
    });
    let (_resolver, address, _) = served(server.config());
    let socket = client(address);
    for (packet, edns) in [
        (question("big.example", Kind::A), false),
        (with_edns(question("big.example", Kind::A), 4096, 0), true),
    ] {
        socket.send(&packet).unwrap();
        let seen = receive(&socket);
        assert!(seen.message.metadata.truncation && seen.bytes.len() < 512);
        assert_eq!(seen.message.edns.is_some(), edns);
    }
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // Two questions on one connection, sent at once.
    for name in ["big.example", "localhost"] {
        let packet = question(name, Kind::A);
        let length = u16::try_from(packet.len()).unwrap();
        stream.write_all(&[&length.to_be_bytes()[..], &packet].concat()).unwrap();
    }
    for count in [200, 1] {
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut packet = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut packet).unwrap();
        assert_eq!(Seen::new(&packet).answers().len(), count);
    }
}

#[test]
fn garbage_over_tcp_ends_the_connection_and_nothing_else() {
    let upstreams = Upstreams::Nowhere;
    let (_resolver, address, _) = served(ResolverConfig { upstreams, ..ResolverConfig::default() });
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&[0xff; 64]).unwrap();
    // Closed, or reset since not all was read.
    let ended = unbroken(PATIENCE, || stream.read(&mut [0; 16]));
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    let socket = client(address);
    socket.send(&question("localhost", Kind::A)).unwrap();
    assert_eq!(receive(&socket).code(), NoError);
}
