//! The answer to a question, before it is written for somebody.

use super::name::Name;
use super::record::{Kind, Record};

/// Response codes (IANA, "DNS RCODEs").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rcode {
    /// The name exists; with no records, none of the asked type.
    NoError,
    /// The question is malformed.
    FormErr,
    /// No answer could be got.
    ServFail,
    /// The name does not exist.
    NxDomain,
    /// Not a kind of question we answer.
    NotImp,
    /// Not answered on purpose.
    Refused,
    /// An EDNS version that we do not speak; its upper bits travel in the OPT record.
    BadVers,
}

impl Rcode {
    /// The code: the lower four bits stand in the header.
    pub(crate) const fn code(self) -> u16 {
        match self {
            Rcode::NoError => 0,
            Rcode::FormErr => 1,
            Rcode::ServFail => 2,
            Rcode::NxDomain => 3,
            Rcode::NotImp => 4,
            Rcode::Refused => 5,
            Rcode::BadVers => 16,
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it went.
    pub rcode: Rcode,
    /// From our own knowledge, not from upstream.
    pub authoritative: bool,
    /// The records, aliases first, in the order of the chain.
    pub records: Vec<Record>,
    /// The SOA record behind an absence.
    pub soa: Option<Record>,
}

impl Answer {
    /// No answer.
    pub(crate) fn failure(rcode: Rcode) -> Answer {
        Answer { rcode, authoritative: false, records: Vec::new(), soa: None }
    }

    /// Where the chain of aliases that begins at `name` ends within the records.
    pub(crate) fn end_of_chain(&self, name: &Name) -> Name {
        let mut end = name.clone();
        // No more steps than records: a loop ends too.
        for _ in 0..self.records.len() {
            let alias = self.records.iter().find(|r| r.kind == Kind::CNAME && r.name == end);
            match alias.and_then(Record::alias_target) {
                Some(target) => end = target,
                None => break,
            }
        }
        end
    }

    /// Whether it ends in an alias whose target is still to be asked for.
    pub(crate) fn leads_on(&self, name: &[u8], kind: Kind) -> bool {
        let has_alias = || self.records.iter().any(|record| record.kind == Kind::CNAME);
        // A SOA record, or NXDOMAIN, already speaks of the end of the chain (RFC 2308 §2).
        if kind == Kind::CNAME || self.soa.is_some() || self.rcode != Rcode::NoError || !has_alias() {
            return false;
        }
        let end = self.end_of_chain(&Name::known(name));
        !self.records.iter().any(|record| record.kind == kind && record.name == end)
    }

    /// How long it may be kept in seconds: the shortest time of its records, or that of the absence (RFC 2308 §5). An
    /// absence without a SOA record is not kept.
    pub(crate) fn ttl(&self) -> u32 {
        let records = self.records.iter().map(|record| record.ttl).min();
        let absence = self.soa.as_ref().and_then(Record::negative_ttl);
        match (records, absence) {
            (Some(records), Some(absence)) => records.min(absence),
            (Some(ttl), None) | (None, Some(ttl)) => ttl,
            (None, None) => 0,
        }
    }

    /// Shortens every time to at most this many seconds.
    pub(crate) fn cap(&mut self, limit: u32) {
        for record in self.records.iter_mut().chain(&mut self.soa) {
            record.ttl = record.ttl.min(limit);
        }
    }

    /// Memory it takes, about, in bytes.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Answer>() + self.records.iter().chain(&self.soa).map(Record::weight).sum::<usize>()
    }
}
