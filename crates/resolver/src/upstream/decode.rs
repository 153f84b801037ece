//! What upstream says, reduced to what was asked: aliases from the name on, records at their end, the SOA record of an
//! absence. Everything else is dropped, so that nobody can slip in records of names that were not asked for.

use super::Trouble;
use crate::task::MAX_ALIASES;
use crate::wire::answer::{Answer, Rcode};
use crate::wire::name::Name;
use crate::wire::record::{Kind, Record};
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{self, DNSClass, RecordType};
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder, NameEncoding};

/// Reads the answer to a question; the header and the question have been checked.
pub(super) fn decode(packet: &[u8], name: &Name, kind: Kind) -> Result<Answer, Trouble> {
    let message = Message::from_vec(packet).map_err(|_| Trouble::Nonsense("not a DNS message"))?;
    let rcode = match message.metadata.response_code {
        ResponseCode::NoError => Rcode::NoError,
        ResponseCode::NXDomain => Rcode::NxDomain,
        other => return Err(Trouble::Unwilling(other.into())),
    };
    let mut answer = Answer { rcode, ..Answer::failure(rcode) };
    let mut end = name.clone();
    if kind != Kind::CNAME {
        end = follow(&message.answers, end, &mut answer.records)?;
    }
    let wanted = message.answers.iter().filter(|r| Kind(r.record_type().into()) == kind && owner(r) == end);
    for record in wanted {
        answer.records.extend(convert(record).filter(|record| !answer.records.contains(record)));
    }
    if answer.records.last().is_none_or(|last| last.kind != kind) {
        // Above the name: any other zone has no say in whether it exists.
        let soa = message
            .authorities
            .iter()
            .find(|r| r.record_type() == RecordType::SOA && end.is_under(&owner(r)));
        answer.soa = soa.and_then(convert);
        let referral = message.authorities.iter().any(|r| r.record_type() == RecordType::NS);
        if answer.soa.is_none() && answer.records.is_empty() && rcode == Rcode::NoError && referral {
            return Err(Trouble::Nonsense("a referral: it does not recurse"));
        }
    }
    Ok(answer)
}

/// Follows the aliases, collects them, and returns the name at their end.
fn follow(answers: &[rr::Record], start: Name, into: &mut Vec<Record>) -> Result<Name, Trouble> {
    let mut at = start;
    for _ in 0..=MAX_ALIASES {
        let alias = answers.iter().find(|r| r.record_type() == RecordType::CNAME && owner(r) == at);
        let Some(alias) = alias.and_then(convert) else { return Ok(at) };
        at = alias.alias_target().ok_or(Trouble::Nonsense("a broken alias"))?;
        into.push(alias);
    }
    Err(Trouble::Nonsense("a loop of aliases"))
}

fn owner(record: &rr::Record) -> Name {
    // What the codec has read is a name; nothing else equals the root, which is never asked about with an alias.
    wire(&record.name).and_then(|wire| Name::from_wire(&wire).ok()).unwrap_or_else(|| Name::known(b"\0"))
}

fn convert(record: &rr::Record) -> Option<Record> {
    if record.dns_class != DNSClass::IN {
        return None;
    }
    // A time with the highest bit set counts as zero (RFC 2181 §8).
    let ttl = if i32::try_from(record.ttl).is_ok() { record.ttl } else { 0 };
    let data = wire(&record.data)?;
    Some(Record { name: owner(record), kind: Kind(record.record_type().into()), ttl, data: data.into() })
}

/// The wire form with names uncompressed and, inside of records, in lower case: they may have been compressed into the
/// question, whose random case is nobody else's business.
fn wire(value: &impl BinEncodable) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = BinEncoder::new(&mut bytes);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    encoder.set_canonical_form(true);
    value.emit(&mut encoder).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{TCP_LIMIT, query, writer};
    use proptest::prelude::*;

    /// An answer with an alias, addresses, and the records whose data hold names.
    fn message() -> Vec<u8> {
        let name = |text: &str| Name::from_text(text).unwrap();
        let record =
            |text: &str, kind, data: &[u8]| Record { name: name(text), kind, ttl: 60, data: data.into() };
        let records = vec![
            Record::cname(&name("www.example"), 60, &name("b.example")),
            Record::a(&name("b.example"), 60, [192, 0, 2, 1].into()),
            record("b.example", Kind::MX, b"\0\x01\x01m\0"),
            record("b.example", Kind::SRV, b"\0\x01\0\x02\0\x03\x01s\0"),
            record("b.example", Kind::TXT, b"\x01t"),
            record("b.example", Kind(65), b"\0\x01\0\0\x01\0\x03\x02h2"),
            record("b.example", Kind(65_280), b"anything"),
        ];
        let soa = Some(Record::soa(&name("example"), 60, &name("n"), &name("m"), 60));
        let question = b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\0\0\x01\0\x01";
        let query = query::parse(question).unwrap_or_else(|_| unreachable!());
        let mut out = Vec::new();
        let answer = Answer { rcode: Rcode::NoError, authoritative: false, records, soa };
        writer::write(&query, &answer, TCP_LIMIT, &mut out);
        out
    }

    #[test]
    fn every_type_survives_as_it_is() {
        let end = Name::from_text("b.example").unwrap();
        for kind in [Kind::A, Kind::MX, Kind::SRV, Kind::TXT, Kind(65), Kind(65_280)] {
            let answer = decode(&message(), &end, kind).unwrap();
            assert_eq!(answer.records.len(), 1, "{kind:?}");
        }
        let answer = decode(&message(), &Name::from_text("www.example").unwrap(), Kind(65_280)).unwrap();
        assert_eq!((answer.records.len(), &*answer.records[1].data), (2, &b"anything"[..]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn no_answer_upsets_the_decoder(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            cut in any::<prop::sample::Index>(),
            kind in 0u16..300,
        ) {
            let mut packet = message();
            for (place, to) in changes {
                let place = place.index(packet.len());
                packet[place] = to;
            }
            if cut.index(4) == 0 {
                packet.truncate(cut.index(packet.len()));
            }
            let name = Name::from_text("www.example").unwrap();
            if let Ok(answer) = decode(&packet, &name, Kind(kind)) {
                let end = answer.end_of_chain(&name);
                prop_assert!(answer.records.iter().all(|r| r.kind == Kind::CNAME || r.name == end || r.name == name));
            }
        }
    }
}
