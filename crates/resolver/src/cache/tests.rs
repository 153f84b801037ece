use super::*;
use crate::wire::name::Name;
use crate::wire::record::Record;
use proptest::prelude::*;

fn name(text: &str) -> Name {
    Name::from_text(text).unwrap()
}

fn answer(text: &str, ttl: u32) -> Answer {
    let record = Record::a(&name(text), ttl, [1, 2, 3, 4].into());
    Answer { rcode: Rcode::NoError, authoritative: false, records: vec![record], soa: None }
}

#[test]
fn answers_end_with_their_time() {
    let cache = Cache::new(1 << 20);
    let (start, a) = (Instant::now(), name("a.example"));
    let put = |answer| {
        let entry = Arc::new(Entry::new(a.as_wire(), Kind::A, answer, start));
        cache.put(a.as_wire(), Kind::A, &entry);
    };
    let at = |seconds| cache.get(a.as_wire(), Kind::A, start + Duration::from_secs(seconds)).is_some();
    put(answer("a.example", 10));
    assert!(at(0) && at(9) && !at(10) && !at(0), "gone once it was found too old");
    put(answer("a.example", 0));
    assert!(!at(0), "nothing is kept for no time");
    put(Answer::failure(Rcode::ServFail));
    assert!(at(0) && !at(1));
    assert!(cache.get(a.as_wire(), Kind::AAAA, start).is_none());
}

#[test]
fn an_absence_lives_as_long_as_its_zone_says() {
    let soa = Record::soa(&name("example"), 3600, &name("ns.example"), &name("admin.example"), 60);
    let absent = |soa| Answer { rcode: Rcode::NxDomain, authoritative: false, records: Vec::new(), soa };
    assert_eq!(absent(Some(soa)).ttl(), 60);
    assert_eq!(absent(None).ttl(), 0, "RFC 2308 §5: without SOA it must not be kept");
}

#[test]
fn the_least_recently_used_goes_first() {
    let mut lru = Lru::new(3 * (OVERHEAD_OF_ONE + 100));
    for key in [b"a", b"b", b"c"] {
        lru.put(key, key[0], 100);
    }
    assert_eq!(lru.get(b"a"), Some(&b'a'));
    lru.put(b"d", b'd', 100);
    assert_eq!(lru.get(b"b"), None);
    assert!([b"a", b"c", b"d"].iter().all(|key| lru.get(*key).is_some()));
    lru.put(b"e", b'e', 1_000_000);
    assert_eq!(lru.get(b"e"), None, "too heavy to keep");
    assert!(lru.get(b"a").is_some(), "and nothing had to go for it");
}

/// What a value of one-byte key weighs beside itself.
const OVERHEAD_OF_ONE: usize = 98;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn it_never_weighs_too_much_and_finds_what_it_keeps(
        steps in prop::collection::vec((0u8..20, 0usize..400, any::<bool>()), 1..200)
    ) {
        let mut lru = Lru::new(2_000);
        let mut last = std::collections::HashMap::new();
        for (key, weight, take) in steps {
            if take {
                lru.remove(&[key]);
                last.remove(&key);
            } else {
                lru.put(&[key], weight, weight);
                last.insert(key, weight);
            }
            prop_assert!(lru.bytes() <= 2_000);
            for (key, weight) in &last {
                let found = lru.get(&[*key]);
                prop_assert!(found.is_none() || found == Some(weight));
            }
        }
    }
}
