//! The way of a question that needs no waiting; the rest is handed to a [`crate::task`].

use crate::cache::{Cache, Entry};
use crate::config::ResolverConfig;
use crate::counters::Counters;
use crate::facts::{CurrentFacts, Facts};
use crate::limit::{Place, Sources, WaitingRoom};
use crate::local::Local;
use crate::service::VpcKey;
use crate::upstream::Upstream;
use crate::wire::answer::{Answer, Rcode};
use crate::wire::name::Name;
use crate::wire::query::{self, Malformed, Query, RD};
use crate::wire::record::{Kind, Record};
use crate::wire::{CLASS_IN, TCP_LIMIT, writer};
use crate::zones::{PrivateZones, ZoneAnswer};
use parking_lot::RwLock;
use records::NetworkInterface;
use state_store::typed::Store;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::time::Instant;

/// What all VPCs of a cloud share.
pub(crate) struct Engine {
    pub(crate) store: Store,
    pub(crate) config: ResolverConfig,
    pub(crate) cache: Arc<Cache>,
    pub(crate) upstream: Upstream,
    pub(crate) zones: RwLock<Vec<Arc<dyn PrivateZones>>>,
    pub(crate) waiting: WaitingRoom,
}

/// What belongs to one VPC.
pub(crate) struct View {
    pub(crate) key: VpcKey,
    pub(crate) counters: Counters,
    facts: CurrentFacts,
    sources: Sources,
}

impl View {
    pub(crate) fn new(key: VpcKey) -> View {
        let (facts, sources) = (CurrentFacts::new(), Sources::default());
        View { key, counters: Counters::default(), facts, sources }
    }
}

/// How a question came, which decides how much may go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// One packet; long answers are cut off.
    Udp,
    /// A stream.
    Tcp,
}

impl Transport {
    pub(crate) fn limit(self, query: &Query<'_>) -> usize {
        match self {
            Transport::Udp => writer::udp_limit(query),
            Transport::Tcp => TCP_LIMIT,
        }
    }
}

/// What becomes of a packet.
pub(crate) enum Step {
    /// The answer is in the buffer.
    Reply,
    /// Nothing is sent.
    Silence,
    /// Somebody has to be asked first.
    Wait(Box<Waiting>),
}

/// A question that waits.
pub(crate) struct Waiting {
    pub(crate) name: Name,
    pub(crate) kind: Kind,
    pub(crate) facts: Arc<Facts>,
    /// The asker's subnet wants AAAA records made up.
    pub(crate) dns64: bool,
    /// Held as long as it waits.
    pub(crate) _place: Place,
}

impl Engine {
    /// Takes a packet from a machine and leaves the answer in `out`.
    pub(crate) fn step(
        &self,
        view: &View,
        source: IpAddr,
        transport: Transport,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Step {
        let now = Instant::now();
        let counters = &view.counters;
        counters.questions.add();
        let meter = view.sources.meter(source, now, || self.interface_of(view, source));
        if !meter.admits(now, self.config.questions_per_second) {
            counters.over_limit.add();
            return Step::Silence;
        }
        let Some(facts) = view.facts.get(&self.store, &view.key).filter(|facts| facts.support) else {
            counters.unserved.add();
            return Step::Silence;
        };
        let query = match query::parse(packet) {
            Ok(query) => query,
            Err(malformed) => {
                counters.malformed.add();
                return refuse_unread(malformed, out);
            }
        };
        if let Some(rcode) = refusal(&query) {
            writer::write_bare(&query, rcode, out);
            return Step::Reply;
        }
        let limit = transport.limit(&query);
        let (name, kind) = (query.name.as_wire(), query.kind);
        let dns64 = kind == Kind::AAAA && facts.wants_dns64(source);
        if let Some(answer) = self.own(&view.key, &facts, name, kind) {
            // An alias that leads elsewhere, or an absence that DNS64 may fill, takes further steps.
            if !(answer.leads_on(name, kind) || dns64 && answer.records.is_empty()) {
                counters.local.add();
                writer::write(&query, &answer, limit, out);
                return Step::Reply;
            }
        } else if let Some(entry) = self.cache.get(name, kind, now).filter(|_| !dns64)
            && !(entry.leads_on || entry.has_aliases && self.leads_home(&view.key, &facts, &entry))
        {
            counters.cached.add();
            if entry.answer.rcode == Rcode::ServFail {
                counters.failed.add();
            }
            entry.encoded.write(&query, entry.age(now), limit, out);
            return Step::Reply;
        } else if query.flags & RD == 0 {
            // We are no authority for it, and are not asked to find out.
            writer::write_bare(&query, Rcode::Refused, out);
            return Step::Reply;
        }
        let Some(place) = self.waiting.enter(&meter) else {
            counters.over_limit.add();
            writer::write_bare(&query, Rcode::ServFail, out);
            return Step::Reply;
        };
        counters.forwarded.add();
        let name = Name::known(name);
        Step::Wait(Box::new(Waiting { name, kind, facts, dns64, _place: place }))
    }

    /// What this cloud itself knows of a name; `None` if others have to be asked.
    pub(crate) fn own(&self, key: &VpcKey, facts: &Facts, name: &[u8], kind: Kind) -> Option<Answer> {
        if kind == Kind::ANY {
            return Some(any(name));
        }
        if facts.hostnames
            && let Some(answer) = self.private_zones(key, name, kind)
        {
            return Some(answer);
        }
        let public_pool = self.config.public_pool;
        Local { store: &self.store, key, facts, public_pool }.answer(name, kind)
    }

    fn private_zones(&self, key: &VpcKey, name: &[u8], kind: Kind) -> Option<Answer> {
        let zones = self.zones.read();
        if zones.is_empty() {
            return None;
        }
        let name = Name::known(name);
        zones.iter().find_map(|zone| {
            let (rcode, records, soa) = match zone.lookup(key, &name, kind) {
                ZoneAnswer::NotCovered => return None,
                ZoneAnswer::Records(records) => (Rcode::NoError, records, None),
                ZoneAnswer::NoData(soa) => (Rcode::NoError, Vec::new(), Some(soa)),
                ZoneAnswer::NoSuchName(soa) => (Rcode::NxDomain, Vec::new(), Some(soa)),
            };
            Some(Answer { rcode, authoritative: true, records, soa })
        })
    }

    /// Whether one of the aliases in an answer from upstream points at a name of this VPC: `www.example.com` as an alias
    /// of an instance's public name must lead to its private address.
    fn leads_home(&self, key: &VpcKey, facts: &Facts, entry: &Entry) -> bool {
        let aliases = entry.answer.records.iter().filter_map(Record::alias_target);
        aliases.into_iter().any(|target| self.own(key, facts, target.as_wire(), Kind::A).is_some())
    }

    fn interface_of(&self, view: &View, source: IpAddr) -> Option<String> {
        let value = format!("{}/{source}", view.key.vpc_id);
        let found = self.store.by_index::<NetworkInterface>(&view.key.scope, "address", &value);
        found.first().map(|interface| interface.id.clone())
    }
}

/// The answer to a question for everything: a record that says that there is none (RFC 8482 §4.2).
fn any(name: &[u8]) -> Answer {
    let data: Box<[u8]> = b"\x07RFC8482\0"[..].into();
    let record = Record { name: Name::known(name), kind: Kind::HINFO, ttl: 3_600, data };
    Answer { rcode: Rcode::NoError, authoritative: false, records: vec![record], soa: None }
}

/// Questions that are understood and not answered.
fn refusal(query: &Query<'_>) -> Option<Rcode> {
    if query.edns.is_some_and(|edns| edns.version > 0) {
        return Some(Rcode::BadVers);
    }
    match query.kind {
        _ if query.class != CLASS_IN => Some(Rcode::Refused),
        // Nothing, and OPT, are no types one could ask for.
        Kind(0) | Kind::OPT => Some(Rcode::FormErr),
        // Whole zones: IXFR and AXFR.
        Kind(251 | 252) => Some(Rcode::Refused),
        // TKEY, TSIG, MAILB, MAILA and the unassigned ones between.
        Kind(128..=254) => Some(Rcode::NotImp),
        _ => None,
    }
}

fn refuse_unread(malformed: Malformed, out: &mut Vec<u8>) -> Step {
    match malformed {
        Malformed::Ignore => return Step::Silence,
        Malformed::FormErr(id, flags) => writer::write_header(id, flags, Rcode::FormErr, out),
        Malformed::NotImp(id, flags) => writer::write_header(id, flags, Rcode::NotImp, out),
    }
    Step::Reply
}
