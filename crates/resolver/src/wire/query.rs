//! Reading a question, without allocating.

use super::name::{MAX_NAME, length};
use super::record::Kind;
use super::{HEADER, u16_at};

/// The name of a question in lower case.
#[derive(Clone, Copy)]
pub(crate) struct LowerName {
    bytes: [u8; MAX_NAME],
    length: usize,
}

impl LowerName {
    /// The wire form.
    pub(crate) fn as_wire(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// What the asker says of itself (RFC 6891).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edns {
    /// The largest UDP answer it takes.
    pub(crate) udp_size: u16,
    /// Must be 0.
    pub(crate) version: u8,
}

/// A question as it came.
#[derive(Clone, Copy)]
pub(crate) struct Query<'p> {
    /// Chosen by the asker.
    pub(crate) id: u16,
    /// The flags as they came.
    pub(crate) flags: u16,
    /// The question section: name in the asker's case, type, class. It is copied into the answer as it is, since the
    /// asker may have hidden a secret in the case (draft-vixie-dnsext-dns0x20).
    pub(crate) question: &'p [u8],
    /// The name in lower case.
    pub(crate) name: LowerName,
    /// The type asked for.
    pub(crate) kind: Kind,
    /// The class; 1 is IN.
    pub(crate) class: u16,
    /// EDNS, if it was used.
    pub(crate) edns: Option<Edns>,
}

/// Why a packet is no question that we could answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// Not even a header, or itself an answer: replying could start a loop between two servers.
    Ignore,
    /// Answered with a bare header and FORMERR or NOTIMP: id and flags of the packet.
    FormErr(u16, u16),
    /// An operation other than QUERY.
    NotImp(u16, u16),
}

/// The flag of a response.
pub(crate) const QR: u16 = 0x8000;
/// Authoritative answer.
pub(crate) const AA: u16 = 0x0400;
/// Truncated.
pub(crate) const TC: u16 = 0x0200;
/// Recursion desired.
pub(crate) const RD: u16 = 0x0100;
/// Recursion available.
pub(crate) const RA: u16 = 0x0080;
/// Checking disabled: DNSSEC, handed back as it came.
pub(crate) const CD: u16 = 0x0010;
/// The operation.
pub(crate) const OPCODE: u16 = 0x7800;

/// Reads the only question of a packet.
pub(crate) fn parse(packet: &[u8]) -> Result<Query<'_>, Malformed> {
    let header: &[u8; HEADER] = packet.first_chunk().ok_or(Malformed::Ignore)?;
    let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let (id, flags) = (word(0), word(2));
    if flags & QR != 0 {
        return Err(Malformed::Ignore);
    }
    if flags & OPCODE != 0 {
        return Err(Malformed::NotImp(id, flags));
    }
    let bad = Malformed::FormErr(id, flags);
    // One question, and no answers to it (RFC 9619).
    if word(4) != 1 || word(6) != 0 {
        return Err(bad);
    }
    let rest = &packet[HEADER..];
    let name_length = length(rest).ok_or(bad)?;
    let question = rest.get(..name_length + 4).ok_or(bad)?;
    let mut name = LowerName { bytes: [0; MAX_NAME], length: name_length };
    for (to, from) in name.bytes.iter_mut().zip(&question[..name_length]) {
        *to = from.to_ascii_lowercase();
    }
    let number = |at: usize| u16_at(question, at).ok_or(bad);
    let kind = Kind(number(name_length)?);
    let class = number(name_length + 2)?;
    let others = usize::from(word(8)) + usize::from(word(10));
    let edns = find_edns(&rest[question.len()..], others).map_err(|Broken| bad)?;
    Ok(Query { id, flags, question, name, kind, class, edns })
}

/// The OPT record among the records behind the question. Every record takes eleven bytes at least, so the length of the
/// packet bounds the walk.
fn find_edns(mut rest: &[u8], count: usize) -> Result<Option<Edns>, Broken> {
    let mut found = None;
    for _ in 0..count {
        let owner = owner_length(rest).ok_or(Broken)?;
        let fixed: &[u8; 10] = rest.get(owner..).and_then(<[u8]>::first_chunk).ok_or(Broken)?;
        let word = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
        if word(0) == Kind::OPT.0 {
            // Two of them are an error, and so is any owner but the root (RFC 6891 §6.1).
            if found.is_some() || owner != 1 {
                return Err(Broken);
            }
            found = Some(Edns { udp_size: word(2), version: fixed[5] });
        }
        rest = rest.get(owner + 10 + usize::from(word(8))..).ok_or(Broken)?;
    }
    Ok(found)
}

/// The records behind the question cannot be read.
struct Broken;

/// Length of a possibly compressed name.
fn owner_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match *bytes.get(at)? {
            0 => return Some(at + 1),
            label if label >= 0xc0 => return bytes.get(at + 1).map(|_| at + 2),
            label if label < 0x40 => at += 1 + usize::from(label),
            _ => return None,
        }
        if at > MAX_NAME {
            return None;
        }
    }
}
