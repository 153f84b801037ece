//! Names that the records know: those of instances, forth and back.

mod dashed;
mod endpoints;
mod instances;
mod public;
mod reverse;
mod special;

use crate::facts::Facts;
use crate::service::VpcKey;
use crate::wire::answer::{Answer, Rcode};
use crate::wire::name::{Name, labels};
use crate::wire::record::{Kind, Record};
use ipnet::Ipv4Net;
use state_store::typed::Store;

/// How long machines may keep a private name, in seconds: what Amazon's server says.
const PRIVATE_TTL: u32 = 60;
/// How long machines may keep a public name: an elastic address moves from one moment to the next.
const PUBLIC_TTL: u32 = 20;
/// How long machines may keep an absence. Amazon says 60; a machine that asks for another one too early should find it
/// soon after all.
const ABSENCE_TTL: u32 = 5;

/// Whom to ask, and about which VPC.
#[derive(Clone, Copy)]
pub(crate) struct Local<'a> {
    pub(crate) store: &'a Store,
    pub(crate) key: &'a VpcKey,
    pub(crate) facts: &'a Facts,
    pub(crate) public_pool: Option<Ipv4Net>,
}

impl Local<'_> {
    /// The answer, if the name is one of ours to answer; `name` is in wire form and lower case.
    pub(crate) fn answer(&self, name: &[u8], kind: Kind) -> Option<Answer> {
        // The last label tells most foreign names apart at once.
        match labels(name).last()? {
            b"internal" => self.instance_name(name, kind),
            b"com" => self.public_name(name, kind).or_else(|| self.endpoint_name(name, kind)),
            b"arpa" => self.reverse(name, kind),
            b"localhost" | b"invalid" => special::answer(name, kind),
            _ => None,
        }
    }
}

/// The records of a name that exists; those of another type than the asked one only show that it does.
fn exists(zone: &Name, kind: Kind, records: impl IntoIterator<Item = Record>) -> Answer {
    let records: Vec<Record> = records.into_iter().filter(|record| record.kind == kind).collect();
    let soa = if records.is_empty() { soa(zone) } else { None };
    Answer { rcode: Rcode::NoError, authoritative: true, records, soa }
}

/// The name at the top of a zone: nothing stands there but the SOA record.
fn top(zone: &Name, kind: Kind) -> Answer {
    let found = if kind == Kind::SOA { soa(zone) } else { None };
    exists(zone, kind, found)
}

/// A name that exists only because others stand below it.
fn no_data(zone: &Name) -> Answer {
    Answer { rcode: Rcode::NoError, authoritative: true, records: Vec::new(), soa: soa(zone) }
}

fn no_such_name(zone: &Name) -> Answer {
    Answer { rcode: Rcode::NxDomain, authoritative: true, records: Vec::new(), soa: soa(zone) }
}

fn soa(zone: &Name) -> Option<Record> {
    let server = Name::from_text("ns0.ec2.internal").ok()?;
    let mailbox = Name::from_text("hostmaster.amazon.com").ok()?;
    Some(Record::soa(zone, PRIVATE_TTL, &server, &mailbox, ABSENCE_TTL))
}
