//! The last word of a batch on every key.

use std::collections::BTreeMap;
use std::sync::Arc;

use fjall::{Keyspace, OwnedWriteBatch};
use state_store::ledger::Commit;
use state_store::{KeyValue, LeaseId};

use crate::format;

/// What a batch leaves behind. A fjall batch has one sequence number, so a key must not occur twice in it.
pub(super) struct FinalState<'a> {
    pub(super) records: BTreeMap<&'a str, Option<&'a KeyValue>>,
    pub(super) leases: BTreeMap<LeaseId, Option<u64>>,
    pub(super) wipes: BTreeMap<Arc<str>, Option<u64>>,
}

impl<'a> FinalState<'a> {
    /// Adds one more change.
    pub(super) fn follow(&mut self, commit: &'a Commit) {
        if let Some(prefix) = &commit.wipe {
            for (key, record) in &mut self.records {
                if key.starts_with(&**prefix) {
                    *record = None;
                }
            }
            self.wipes.insert(Arc::clone(prefix), Some(commit.revision));
        }
        for event in &commit.events {
            self.records.insert(&event.key, event.current.as_ref());
        }
        if let Some((id, ttl)) = commit.granted {
            self.leases.insert(id, Some(u64::try_from(ttl.as_micros()).unwrap_or(u64::MAX)));
        }
        if let Some(id) = commit.ended {
            self.leases.insert(id, None);
        }
    }

    pub(super) fn write_to(&self, write: &mut OwnedWriteBatch, keyspace: &Keyspace) {
        for (key, record) in &self.records {
            match record {
                Some(record) => write.insert(keyspace, *key, format::encode_record(record)),
                None => write.remove(keyspace, *key),
            }
        }
        let leases = self.leases.iter().map(|(id, ttl)| (format::lease_key(*id), *ttl));
        let wipes = self.wipes.iter().map(|(prefix, revision)| (format::wipe_key(prefix), *revision));
        for (key, number) in leases.chain(wipes) {
            match number {
                Some(number) => write.insert(keyspace, key, number.to_le_bytes()),
                None => write.remove(keyspace, key),
            }
        }
    }
}
