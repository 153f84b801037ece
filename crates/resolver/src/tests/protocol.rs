//! Packets of every shape.

use super::world::{ASKER, World, question, with_edns};
use crate::wire::query::parse;
use crate::wire::record::Kind;
use hickory_proto::op::ResponseCode::{self, FormErr, NXDomain, NoError, NotImp, Refused};
use proptest::prelude::*;

const NAME: &str = "localhost";

fn changed(at: usize, to: u8) -> Vec<u8> {
    let mut packet = question(NAME, Kind::A);
    packet[at] = to;
    packet
}

#[test]
fn what_is_no_question_gets_no_answer_or_the_documented_one() {
    let world = World::new();
    let code = |packet: &[u8]| world.step(ASKER, packet).map(|seen| seen.code());
    assert_eq!(code(&[]), None);
    assert_eq!(code(&question(NAME, Kind::A)[..11]), None, "half a header");
    assert_eq!(code(&changed(2, 0x81)), None, "an answer: replying could loop");
    assert_eq!(code(&changed(2, 0x28)), Some(NotImp), "an update");
    assert_eq!(code(&changed(5, 0)), Some(FormErr), "no question");
    assert_eq!(code(&changed(5, 2)), Some(FormErr), "two questions");
    assert_eq!(code(&changed(7, 1)), Some(FormErr), "a question with answers");
    assert_eq!(code(&changed(12, 0xc0)), Some(FormErr), "a pointer to itself");
    assert_eq!(code(&changed(12, 63)), Some(FormErr), "a label beyond the end");
    assert_eq!(code(&question(NAME, Kind::A)[..20]), Some(FormErr));
    assert_eq!(code(&changed(11, 1)), Some(FormErr), "a record that is not there");
    let twice = with_edns(with_edns(question(NAME, Kind::A), 1232, 0), 1232, 0);
    assert_eq!(code(&twice), Some(FormErr));
    assert_eq!(world.view.counters.read().malformed, 12);
}

#[test]
fn types_and_classes_that_are_not_served() {
    let world = World::new();
    let code = |kind: u16| world.ask(NAME, Kind(kind)).code();
    let codes: Vec<ResponseCode> = [0, 41, 252, 251, 250, 254].map(code).into();
    assert_eq!(codes, [FormErr, FormErr, Refused, Refused, NotImp, NotImp]);
    let mut chaos = question("version.bind", Kind::TXT);
    *chaos.last_mut().unwrap() = 3;
    assert_eq!(world.step(ASKER, &chaos).unwrap().code(), Refused);
    let any = world.ask(NAME, Kind::ANY);
    assert!(any.answers()[0].contains("HINFO"), "{:?}", any.answers());
}

#[test]
fn edns_is_answered_in_kind() {
    let world = World::new();
    let seen = world.step(ASKER, &with_edns(question(NAME, Kind::A), 4096, 0)).unwrap();
    assert_eq!(seen.message.edns.as_ref().map(|edns| edns.max_payload()), Some(1232));
    assert!(world.ask(NAME, Kind::A).message.edns.is_none(), "none where none was asked for");
    let seen = world.step(ASKER, &with_edns(question(NAME, Kind::A), 4096, 1)).unwrap();
    assert_eq!((u16::from(seen.code()), seen.answers().len()), (16, 0), "BADVERS");
}

#[test]
fn only_whoever_wants_it_is_asked_upstream_for() {
    let world = World::new();
    // Without RD: what is ours is answered, what is not is refused.
    assert_eq!(world.step(ASKER, &changed(2, 0)).unwrap().code(), NoError);
    let mut packet = question("example.com", Kind::A);
    packet[2] = 0;
    assert_eq!(world.step(ASKER, &packet).unwrap().code(), Refused);
}

#[test]
fn the_longest_names_are_answered() {
    let world = World::new();
    let longest = format!("{0}.{0}.{0}.{1}.ec2.internal", "a".repeat(63), "b".repeat(48));
    assert_eq!(question(&longest, Kind::A).len(), 12 + 255 + 4);
    assert_eq!(world.ask(&longest, Kind::A).code(), NXDomain);
    let too_long = format!("c{longest}");
    assert_eq!(world.step(ASKER, &question(&too_long, Kind::A)).unwrap().code(), FormErr);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_packet_upsets_the_parser(packet in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse(&packet);
    }

    /// Questions with a few bytes changed get past the first checks.
    #[test]
    fn no_question_upsets_the_engine(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        kind in 0u16..260,
    ) {
        thread_local!(static WORLD: World = World::new());
        let mut packet = with_edns(question("ip-10-20-1-5.ec2.internal", Kind(kind)), 512, 0);
        for (place, to) in changes {
            let place = place.index(packet.len());
            packet[place] = to;
        }
        if cut.index(4) == 0 {
            packet.truncate(cut.index(packet.len()));
        }
        WORLD.with(|world| {
            // A new asker each time, since the limit is not what is tried here; whatever is answered can be read.
            let asker = std::net::Ipv4Addr::from(rand::random::<u32>());
            if let Some(seen) = world.step(asker.into(), &packet) {
                assert!(seen.bytes.len() <= 512);
                assert_eq!(seen.bytes[..2], packet[..2]);
            }
        });
    }
}
