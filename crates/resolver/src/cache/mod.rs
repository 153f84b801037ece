//! Answers from upstream, bounded by bytes.

mod lru;

use crate::wire::answer::{Answer, Rcode};
use crate::wire::record::Kind;
use crate::wire::writer::Encoded;
use lru::Lru;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a failure of upstream is remembered, in seconds (RFC 2308 §7 allows five minutes): a storm of questions for a
/// broken name costs one exchange per this time.
const FAILURE_TTL: u32 = 1;

/// A kept answer.
#[derive(Debug)]
pub(crate) struct Entry {
    /// For those who need its records.
    pub(crate) answer: Answer,
    /// For those who only hand it on.
    pub(crate) encoded: Encoded,
    /// It has aliases: their targets may be names of the asking VPC.
    pub(crate) has_aliases: bool,
    /// Its last alias is still to be followed.
    pub(crate) leads_on: bool,
    stored: Instant,
    until: Instant,
}

impl Entry {
    /// Makes one that is not yet kept.
    pub(crate) fn new(name: &[u8], kind: Kind, answer: Answer, now: Instant) -> Entry {
        let ttl = if answer.rcode == Rcode::ServFail { FAILURE_TTL } else { answer.ttl() };
        Entry {
            encoded: Encoded::new(name, &answer),
            has_aliases: answer.records.iter().any(|record| record.kind == Kind::CNAME),
            leads_on: answer.leads_on(name, kind),
            stored: now,
            until: now + Duration::from_secs(ttl.into()),
            answer,
        }
    }

    /// How long it has been kept.
    pub(crate) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.stored)
    }

    fn weight(&self) -> usize {
        size_of::<Entry>() + self.answer.weight() + self.encoded.weight()
    }
}

/// The cache of one cloud. Answers from upstream are the same for all its VPCs.
pub(crate) struct Cache {
    entries: Mutex<Lru<Arc<Entry>>>,
}

impl Cache {
    /// An empty cache that holds at most so many bytes.
    pub(crate) fn new(bytes: usize) -> Cache {
        Cache { entries: Mutex::new(Lru::new(bytes)) }
    }

    /// The answer to a question, if it is kept and still good.
    pub(crate) fn get(&self, name: &[u8], kind: Kind, now: Instant) -> Option<Arc<Entry>> {
        let mut buffer = [0u8; crate::wire::name::MAX_NAME + 2];
        let key = key(name, kind, &mut buffer)?;
        let mut entries = self.entries.lock();
        let found = entries.get(key)?;
        if found.until > now {
            return Some(found.clone());
        }
        entries.remove(key);
        None
    }

    /// Keeps an answer, unless its time is zero.
    pub(crate) fn put(&self, name: &[u8], kind: Kind, entry: &Arc<Entry>) {
        let mut buffer = [0u8; crate::wire::name::MAX_NAME + 2];
        if let (true, Some(key)) = (entry.until > entry.stored, key(name, kind, &mut buffer)) {
            self.entries.lock().put(key, entry.clone(), entry.weight());
        }
    }
}

fn key<'b>(
    name: &[u8],
    kind: Kind,
    buffer: &'b mut [u8; crate::wire::name::MAX_NAME + 2],
) -> Option<&'b [u8]> {
    let end = name.len() + 2;
    buffer.get_mut(..name.len())?.copy_from_slice(name);
    buffer.get_mut(name.len()..end)?.copy_from_slice(&kind.0.to_be_bytes());
    buffer.get(..end)
}

#[cfg(test)]
mod tests;
