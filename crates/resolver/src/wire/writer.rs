//! Writing answers.

use super::answer::{Answer, Rcode};
use super::name;
use super::query::{AA, CD, OPCODE, QR, Query, RA, RD, TC};
use super::record::{Kind, Record};
use super::{CLASS_IN, EDNS_LIMIT, HEADER, PLAIN_LIMIT};
use std::time::Duration;

/// Places of names kept for compression: enough for the chains and sets that occur, and a bound on the search.
const MAX_PLACES: usize = 32;
/// Length of our OPT record: no options.
const OPT_LENGTH: usize = 11;
/// Offsets that fit into a pointer (RFC 1035 §4.1.4).
const MAX_POINTER: usize = 0x3fff;

/// The sections behind the question, ready to be copied into any answer to the same name.
#[derive(Debug)]
pub(crate) struct Encoded {
    body: Box<[u8]>,
    answers: u16,
    authorities: u16,
    /// Where the times stand, counted from the beginning of the message.
    times: Box<[u16]>,
    rcode: Rcode,
    authoritative: bool,
}

impl Encoded {
    /// Encodes the answer to a question for `name`.
    pub(crate) fn new(name: &[u8], answer: &Answer) -> Encoded {
        let start = HEADER + name.len() + 4;
        let mut out = Vec::with_capacity(start + 64);
        out.resize(HEADER, 0);
        out.extend_from_slice(name);
        out.resize(start, 0);
        let mut times = Vec::new();
        let (answers, authorities) = put_sections(&mut out, name, answer, Some(&mut times));
        let (rcode, authoritative) = (answer.rcode, answer.authoritative);
        Encoded { body: out[start..].into(), answers, authorities, times: times.into(), rcode, authoritative }
    }

    /// Memory it takes, about, in bytes.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Encoded>() + self.body.len() + self.times.len() * 2
    }

    /// Writes it as the answer to `query`, which must be for the same name; `age` is how long it has been kept.
    pub(crate) fn write(&self, query: &Query<'_>, age: Duration, limit: usize, out: &mut Vec<u8>) {
        begin(query, out);
        out.extend_from_slice(&self.body);
        let age = u32::try_from(age.as_secs()).unwrap_or(u32::MAX);
        for at in &self.times {
            let at = usize::from(*at);
            if let Some(Ok(bytes)) = out.get_mut(at..at + 4).map(<&mut [u8; 4]>::try_from) {
                *bytes = u32::from_be_bytes(*bytes).saturating_sub(age).to_be_bytes();
            }
        }
        finish(query, self.rcode, self.authoritative, (self.answers, self.authorities), limit, out);
    }
}

/// Writes an answer.
pub(crate) fn write(query: &Query<'_>, answer: &Answer, limit: usize, out: &mut Vec<u8>) {
    begin(query, out);
    let counts = put_sections(out, query.name.as_wire(), answer, None);
    finish(query, answer.rcode, answer.authoritative, counts, limit, out);
}

/// Writes an answer without records.
pub(crate) fn write_bare(query: &Query<'_>, rcode: Rcode, out: &mut Vec<u8>) {
    begin(query, out);
    finish(query, rcode, false, (0, 0), usize::MAX, out);
}

/// Writes the answer to a packet whose question cannot be read.
pub(crate) fn write_header(id: u16, flags: u16, rcode: Rcode, out: &mut Vec<u8>) {
    out.clear();
    out.extend(id.to_be_bytes());
    out.extend((QR | RA | (flags & (OPCODE | RD)) | rcode.code()).to_be_bytes());
    out.resize(HEADER, 0);
}

/// The largest answer that may go back over UDP.
pub(crate) fn udp_limit(query: &Query<'_>) -> usize {
    query.edns.map_or(PLAIN_LIMIT, |edns| usize::from(edns.udp_size).clamp(PLAIN_LIMIT, EDNS_LIMIT))
}

fn begin(query: &Query<'_>, out: &mut Vec<u8>) {
    out.clear();
    out.resize(HEADER, 0);
    out.extend_from_slice(query.question);
}

fn finish(
    query: &Query<'_>,
    rcode: Rcode,
    authoritative: bool,
    (mut answers, mut authorities): (u16, u16),
    limit: usize,
    out: &mut Vec<u8>,
) {
    let opt = if query.edns.is_some() { OPT_LENGTH } else { 0 };
    let mut flags = QR | RA | (query.flags & (OPCODE | RD | CD)) | (rcode.code() & 0xf);
    if authoritative {
        flags |= AA;
    }
    if out.len() + opt > limit {
        // Nothing instead of a part: the asker comes back over TCP (RFC 2181 §9).
        out.truncate(HEADER + query.question.len());
        (answers, authorities) = (0, 0);
        flags |= TC;
    }
    if query.edns.is_some() {
        let size = u16::try_from(EDNS_LIMIT).unwrap_or(u16::MAX);
        // Root, OPT, our size, upper bits of the code, version 0, no flags, no options (RFC 6891 §6.1.2).
        let [upper, _] = (rcode.code() << 4).to_be_bytes();
        out.push(0);
        out.extend(Kind::OPT.0.to_be_bytes());
        out.extend(size.to_be_bytes());
        out.extend([upper, 0, 0, 0, 0, 0]);
    }
    let header = [query.id, flags, 1, answers, authorities, u16::from(query.edns.is_some())];
    for (to, word) in out.chunks_exact_mut(2).zip(header) {
        to.copy_from_slice(&word.to_be_bytes());
    }
}

fn put_sections<'a>(
    out: &mut Vec<u8>,
    question: &'a [u8],
    answer: &'a Answer,
    mut times: Option<&mut Vec<u16>>,
) -> (u16, u16) {
    let mut places = Places { known: Vec::with_capacity(8) };
    places.note(question, question.len().saturating_sub(1), HEADER);
    let mut count = |records: &mut dyn Iterator<Item = &'a Record>| {
        let mut count = 0u16;
        for record in records {
            put_record(out, &mut places, record, times.as_deref_mut());
            count = count.saturating_add(1);
        }
        count
    };
    let answers = count(&mut answer.records.iter());
    (answers, count(&mut answer.soa.iter()))
}

fn put_record<'a>(
    out: &mut Vec<u8>,
    places: &mut Places<'a>,
    record: &'a Record,
    times: Option<&mut Vec<u16>>,
) {
    places.put(out, record.name.as_wire());
    out.extend(record.kind.0.to_be_bytes());
    out.extend(CLASS_IN.to_be_bytes());
    if let (Some(times), Ok(at)) = (times, u16::try_from(out.len())) {
        times.push(at);
    }
    out.extend(record.ttl.to_be_bytes());
    let length_at = out.len();
    out.extend([0, 0]);
    // Names in these may be compressed (RFC 3597 §4); they are what makes long answers long.
    let is_name = name::length(&record.data) == Some(record.data.len());
    match record.kind {
        Kind::CNAME | Kind::NS | Kind::PTR if is_name => places.put(out, &record.data),
        _ => out.extend_from_slice(&record.data),
    }
    let length = u16::try_from(out.len() - length_at - 2).unwrap_or(u16::MAX);
    out[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
}

/// Where names stand in a message.
struct Places<'a> {
    known: Vec<(&'a [u8], u16)>,
}

impl<'a> Places<'a> {
    fn put(&mut self, out: &mut Vec<u8>, name: &'a [u8]) {
        let start = out.len();
        let mut skip = 0;
        while let Some(&label) = name.get(skip).filter(|label| **label != 0) {
            let suffix = &name[skip..];
            if let Some((_, place)) = self.known.iter().find(|(known, _)| *known == suffix) {
                out.extend((0xc000 | place).to_be_bytes());
                self.note(name, skip, start);
                return;
            }
            let end = skip + 1 + usize::from(label);
            out.extend_from_slice(&name[skip..end]);
            skip = end;
        }
        out.push(0);
        self.note(name, skip, start);
    }

    /// The suffixes of the name at `at` can be pointed at, as far as they are written out there.
    fn note(&mut self, name: &'a [u8], written: usize, at: usize) {
        let mut skip = 0;
        while skip < written && self.known.len() < MAX_PLACES && at + skip <= MAX_POINTER {
            if let Ok(place) = u16::try_from(at + skip) {
                self.known.push((&name[skip..], place));
            }
            skip += 1 + usize::from(name[skip]);
        }
    }
}
