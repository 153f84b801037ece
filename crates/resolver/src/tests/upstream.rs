//! Names that others know, and others who lie.

use super::server::Server;
use super::world::{ASKER, World, name, question};
use crate::Upstreams;
use crate::config::ResolverConfig;
use crate::wire::answer::Rcode;
use crate::wire::record::{Kind, Record};
use hickory_proto::op::ResponseCode::{NXDomain, NoError, ServFail};
use std::net::UdpSocket;
use std::sync::atomic::Ordering;
use std::time::Duration;

const ADDRESS: [u8; 4] = [192, 0, 2, 1];

fn a(text: &str, ttl: u32) -> Record {
    Record::a(&name(text), ttl, ADDRESS.into())
}

fn soa(zone: &str) -> Record {
    Record::soa(&name(zone), 900, &name("ns.example"), &name("admin.example"), 60)
}

#[tokio::test]
async fn answers_are_kept_and_handed_on() {
    let server =
        Server::start(|asked| vec![asked.reply(&[Record::a(&asked.asked_name(), 300, ADDRESS.into())])]);
    let world = server.world();
    for _ in 0..3 {
        let seen = world.resolve("www.example", Kind::A).await;
        assert_eq!(seen.answers(), ["www.example. A 192.0.2.1"]);
        assert!(!seen.message.metadata.authoritative);
    }
    assert_eq!(world.resolve("WWW.Example", Kind::A).await.answers(), ["WWW.Example. A 192.0.2.1"]);
    assert_eq!(server.asked(), ["www.example. 1 udp"]);
    let counts = world.view.counters.read();
    assert_eq!((counts.questions, counts.forwarded, counts.cached), (4, 1, 3));
}

#[tokio::test]
async fn times_are_capped_and_run_down() {
    let server = Server::start(|asked| vec![asked.reply(&[a("www.example", 86_400)])]);
    let world = World::with(ResolverConfig { max_ttl: 7, ..server.config() });
    let ttl = async || world.resolve("www.example", Kind::A).await.message.answers[0].ttl;
    assert_eq!(ttl().await, 7);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3)).await;
    assert_eq!(ttl().await, 4);
    tokio::time::resume();
}

#[tokio::test]
async fn an_absence_is_kept_with_its_zone() {
    let server = Server::start(|asked| {
        let rcode = if asked.name == "there.example." { Rcode::NoError } else { Rcode::NxDomain };
        vec![asked.reply_with(rcode, &[], Some(soa("example")))]
    });
    let world = server.world();
    for _ in 0..2 {
        for (text, code) in [("there.example", NoError), ("gone.example", NXDomain)] {
            let seen = world.resolve(text, Kind::A).await;
            assert_eq!((seen.code(), seen.zone().as_deref()), (code, Some("example.")));
        }
    }
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn many_who_wait_for_one_name_cost_one_question() {
    let server = Server::start(|asked| {
        std::thread::sleep(Duration::from_millis(20));
        vec![asked.reply(&[a("www.example", 300)])]
    });
    let world = server.world();
    let (one, two, three) = tokio::join!(
        world.resolve("www.example", Kind::A),
        world.resolve("www.example", Kind::A),
        world.resolve("www.example", Kind::A),
    );
    assert!([one, two, three].iter().all(|seen| seen.answers().len() == 1));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_long_answer_comes_over_tcp_and_goes_back_cut_off() {
    let server = Server::start(|asked| {
        let text: Box<[u8]> = [&[200u8][..], &[b'x'; 200]].concat().into();
        let record =
            |n: u32| Record { name: name("big.example"), kind: Kind::TXT, ttl: 60 + n, data: text.clone() };
        let mut records: Vec<Record> = (0..10).map(record).collect();
        // Alike but for the time: such records count once, so each gets a text of its own.
        for (n, record) in (b'a'..).zip(&mut records) {
            record.data[1] = n;
        }
        let mut reply = asked.reply(if asked.tcp { &records } else { &[] });
        if !asked.tcp {
            reply[2] |= 0x02;
        }
        vec![reply]
    });
    let world = server.world();
    let seen = world.resolve("big.example", Kind::TXT).await;
    assert!(seen.message.metadata.truncation && seen.answers().is_empty());
    assert_eq!(seen.message.edns.as_ref().map(|edns| edns.max_payload()), Some(1232));
    assert_eq!(server.asked(), ["big.example. 16 udp", "big.example. 16 tcp"]);
    let entry = world.engine.upstream.ask(&world.engine.cache, &name("big.example"), Kind::TXT).await;
    assert_eq!(entry.answer.records.len(), 10);
}

#[tokio::test]
async fn forged_answers_are_passed_over() {
    let server = Server::start(|asked| {
        let truth = asked.reply(&[a("www.example", 300)]);
        let lie = asked.reply(&[Record::a(&name("www.example"), 300, [6, 6, 6, 6].into())]);
        let changed = |at: usize, by: u8| {
            let mut forged = lie.clone();
            forged[at] ^= by;
            forged
        };
        // Another id, a question instead of an answer, another name, another type.
        vec![changed(0, 1), changed(2, 0x80), changed(13, 1), changed(26, 1), truth]
    });
    let world = server.world();
    assert_eq!(world.resolve("www.example", Kind::A).await.answers(), ["www.example. A 192.0.2.1"]);
    assert_eq!(world.engine.upstream.forged.load(Ordering::Relaxed), 4);
    assert_eq!(server.asked(), ["www.example. 1 udp"]);
}

#[tokio::test]
async fn an_answer_in_another_case_is_only_believed_over_tcp() {
    let server = Server::start(|asked| {
        let address = if asked.tcp { ADDRESS } else { [6, 6, 6, 6] };
        let mut reply = asked.reply(&[Record::a(&name("www.example"), 300, address.into())]);
        // "www": a server, or a forger, that does not keep the case.
        for byte in &mut reply[13..16] {
            *byte ^= 0x20;
        }
        vec![reply]
    });
    let world = server.world();
    assert_eq!(world.resolve("www.example", Kind::A).await.answers(), ["www.example. A 192.0.2.1"]);
    assert_eq!(server.asked(), ["www.example. 1 udp", "www.example. 1 tcp"]);
}

#[tokio::test]
async fn the_secret_case_does_not_show_in_records() {
    let server = Server::start(|asked| {
        // Mail for the name goes to a host below it: the name of the host is compressed into the question.
        let mut reply = asked.reply(&[]);
        reply.truncate(asked.packet.len() - 11);
        reply[6..12].copy_from_slice(&[0, 1, 0, 0, 0, 0]);
        reply.extend(b"\xc0\x0c\0\x0f\0\x01\0\0\0\x3c\0\x07\0\x0a\x02mx\xc0\x0c");
        vec![reply]
    });
    let world = server.world();
    for _ in 0..2 {
        let seen = world.resolve("Many-Letters.Example", Kind::MX).await;
        assert_eq!(seen.answers(), ["Many-Letters.Example. MX 10 mx.many-letters.example."]);
    }
}

#[tokio::test]
async fn a_storm_of_forgeries_moves_the_question_to_tcp() {
    let server = Server::start(|asked| {
        if asked.tcp {
            return vec![asked.reply(&[a("www.example", 300)])];
        }
        let mut lie = asked.reply(&[Record::a(&name("www.example"), 300, [6, 6, 6, 6].into())]);
        lie[1] ^= 0xff;
        vec![lie; 20]
    });
    let world = server.world();
    assert_eq!(world.resolve("www.example", Kind::A).await.answers(), ["www.example. A 192.0.2.1"]);
    assert_eq!(server.asked(), ["www.example. 1 udp", "www.example. 1 tcp"]);
}

#[tokio::test]
async fn records_that_nobody_asked_for_are_dropped() {
    let server = Server::start(|asked| {
        let stray = [
            a("bank.example", 86_400),
            a("www.example", 300),
            Record::cname(&name("x.example"), 9, &name("y")),
        ];
        // The zone of another branch has no say in an absence.
        let soa = Some(soa("bank.example"));
        vec![if asked.kind == Kind::A {
            asked.reply(&stray)
        } else {
            asked.reply_with(Rcode::NoError, &[], soa)
        }]
    });
    let world = server.world();
    assert_eq!(world.resolve("www.example", Kind::A).await.answers(), ["www.example. A 192.0.2.1"]);
    assert!(world.step(ASKER, &question("bank.example", Kind::A)).is_none(), "it is not in the cache");
    assert_eq!(world.resolve("www.example", Kind::AAAA).await.zone(), None);
}

#[tokio::test]
async fn loops_and_nonsense_are_failures_that_are_not_asked_for_again_at_once() {
    let server = Server::start(|asked| {
        let alias = |from: &str, to: &str| Record::cname(&name(from), 300, &name(to));
        vec![match asked.name.as_str() {
            "loop.example." => {
                asked.reply(&[alias("loop.example", "b.example"), alias("b.example", "loop.example")])
            }
            // A name that points at itself: the codec must not follow it for ever.
            "pointer.example." => {
                let mut reply = asked.reply(&[a("pointer.example", 300)]);
                let at = reply.len() - 11 - 16;
                let [high, low] = u16::try_from(at).unwrap().to_be_bytes();
                (reply[at], reply[at + 1]) = (0xc0 | high, low);
                reply
            }
            "refused.example." => asked.reply_with(Rcode::Refused, &[], None),
            _ => asked.packet[..12].to_vec(),
        }]
    });
    // Patience is what the last name costs: its answers are too short to be any.
    let world =
        World::with(ResolverConfig { upstream_timeout: Duration::from_millis(500), ..server.config() });
    for text in ["loop.example", "pointer.example", "refused.example", "short.example"] {
        assert_eq!(world.resolve(text, Kind::A).await.code(), ServFail, "{text}");
        let before = server.asked().len();
        assert_eq!(world.ask(text, Kind::A).code(), ServFail);
        assert_eq!(server.asked().len(), before);
    }
    assert_eq!(world.view.counters.read().failed, 8);
}

#[tokio::test]
async fn a_server_without_edns_is_asked_without() {
    let server = Server::start(|asked| {
        let edns = asked.packet[11] == 1;
        vec![if edns {
            asked.reply_with(Rcode::FormErr, &[], None)
        } else {
            asked.reply(&[a("www.example", 300)])
        }]
    });
    let world = server.world();
    assert_eq!(world.resolve("www.example", Kind::A).await.answers().len(), 1);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn the_next_server_is_asked_when_one_is_dead_or_lame() {
    let good =
        Server::start(|asked| vec![asked.reply(&[Record::a(&asked.asked_name(), 300, ADDRESS.into())])]);
    // Bound, so that nobody else answers there, and never read.
    let mute = UdpSocket::bind("127.0.0.1:0").unwrap();
    let upstreams = Upstreams::Servers(vec![mute.local_addr().unwrap(), good.address]);
    // The good one must keep to it too, however busy this host is.
    let upstream_timeout = Duration::from_secs(2);
    let world = World::with(ResolverConfig { upstreams, upstream_timeout, ..ResolverConfig::default() });
    assert_eq!(world.resolve("one.example", Kind::A).await.code(), NoError);
    let exchanges = || world.engine.upstream.exchanged.load(Ordering::Relaxed);
    assert_eq!(exchanges(), 2);
    // The mute one is asked last from now on.
    assert_eq!(world.resolve("two.example", Kind::A).await.code(), NoError);
    assert_eq!(exchanges(), 3);
}

#[tokio::test]
async fn without_anybody_to_ask_there_is_a_failure_and_own_names_work() {
    let world = World::new();
    world.machine(1, "vpc-1", "10.20.1.5", &[], None);
    assert_eq!(world.resolve("www.example", Kind::A).await.code(), ServFail);
    assert_eq!(world.resolve("ip-10-20-1-5.ec2.internal", Kind::A).await.code(), NoError);
}

#[tokio::test]
async fn the_cache_stays_within_its_memory() {
    let server =
        Server::start(|asked| vec![asked.reply(&[Record::a(&asked.asked_name(), 300, ADDRESS.into())])]);
    let world = World::with(ResolverConfig { cache_bytes: 20_000, ..server.config() });
    for n in 0..100 {
        world.resolve(&format!("n{n}.example"), Kind::A).await;
    }
    let kept = (0..100)
        .filter(|n| world.step(ASKER, &question(&format!("n{n}.example"), Kind::A)).is_some())
        .count();
    assert!((10..60).contains(&kept), "{kept} of 100 were kept");
    assert!(world.step(ASKER, &question("n99.example", Kind::A)).is_some(), "the newest is");
}
