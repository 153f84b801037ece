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

/// The uncompressed wire form.
fn wire(value: &impl BinEncodable) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = BinEncoder::new(&mut bytes);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    value.emit(&mut encoder).ok()?;
    Some(bytes)
}
