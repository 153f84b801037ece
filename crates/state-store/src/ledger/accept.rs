//! Judging transactions against the newest accepted state.

use std::sync::Arc;
use std::time::Duration;

use super::overlay::Fate;
use super::{Accepted, Commit, Ledger};
use crate::{
    Compare, Event, KeyValue, LeaseId, Operation, OperationResult, StoreError, Transaction, TransactionResult,
};

/// Bytes that may wait for the disk before writers are turned away.
const MAX_UNSETTLED_BYTES: usize = 64 * 1024 * 1024;

impl Ledger {
    /// Judges a transaction. If it changes something, the change is queued under a new revision.
    ///
    /// # Errors
    /// The limits of [`Transaction::validate`], [`StoreError::LeaseNotFound`], [`StoreError::Overloaded`];
    /// nothing has changed then.
    pub fn accept(&mut self, transaction: &Transaction) -> Result<Accepted, StoreError> {
        transaction.validate()?;
        let succeeded = transaction.compare.iter().all(|compare| self.holds(compare));
        let branch = if succeeded { &transaction.then } else { &transaction.otherwise };
        let writes = branch.iter().any(|step| !matches!(step, Operation::Get { .. }));
        if writes {
            self.refuse_overload()?;
        }
        for step in branch {
            if let Operation::Put { lease: Some(lease), .. } = step {
                self.leases.check(*lease)?;
            }
        }
        let revision = self.accepted + 1;
        let mut events = Vec::new();
        let mut results = Vec::with_capacity(branch.len());
        for step in branch {
            results.push(self.perform(step, revision, &mut events));
        }
        if events.is_empty() {
            // An answer that rests on unsettled changes must not go out before they are durable.
            let depends = transaction.compare.iter().any(|compare| self.is_unsettled(compare))
                || branch.iter().any(|step| self.overlay.get(step.key()).is_unsettled());
            let after = if depends { self.accepted } else { self.table.revision };
            return Ok(Accepted { value: TransactionResult { succeeded, revision: after, results }, after });
        }
        self.queue(Commit { revision, events, ..Commit::default() });
        Ok(Accepted { value: TransactionResult { succeeded, revision, results }, after: revision })
    }

    /// Queues the removal of everything below a prefix.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`].
    pub fn accept_wipe(&mut self, prefix: &str) -> Result<Accepted<u64>, StoreError> {
        self.refuse_overload()?;
        let revision = self.accepted + 1;
        self.queue(Commit { revision, wipe: Some(prefix.into()), ..Commit::default() });
        Ok(Accepted { value: revision, after: revision })
    }

    /// Queues a new lease.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`].
    pub fn accept_grant(&mut self, ttl: Duration) -> Result<Accepted<LeaseId>, StoreError> {
        self.refuse_overload()?;
        let id = self.leases.next_id();
        let revision = self.accepted + 1;
        self.queue(Commit { revision, granted: Some((id, ttl)), ..Commit::default() });
        Ok(Accepted { value: id, after: revision })
    }

    /// Renews a lease.
    ///
    /// # Errors
    /// [`StoreError::LeaseNotFound`].
    pub fn keep_alive(&mut self, id: LeaseId, now: Duration) -> Result<Duration, StoreError> {
        self.leases.keep_alive(id, now)
    }

    /// Queues the end of a lease and the removal of its keys.
    ///
    /// # Errors
    /// [`StoreError::LeaseNotFound`], [`StoreError::Overloaded`].
    pub fn accept_end(&mut self, id: LeaseId) -> Result<Accepted<u64>, StoreError> {
        self.refuse_overload()?;
        let mut keys = self.leases.begin_end(id)?;
        // Keys attached by changes that are not visible yet belong to the lease as well.
        for (key, change) in self.overlay.changes("") {
            if change.is_some_and(|record| record.lease == Some(id)) {
                keys.insert(key);
            }
        }
        let revision = self.accepted + 1;
        let mut events = Vec::new();
        for key in keys {
            // A later change may have taken the key off the lease again.
            if self.get_latest(&key).is_some_and(|record| record.lease == Some(id)) {
                self.perform(&Operation::Delete { key }, revision, &mut events);
            }
        }
        self.queue(Commit { revision, events, ended: Some(id), ..Commit::default() });
        Ok(Accepted { value: revision, after: revision })
    }

    /// Leases whose time is over.
    pub fn due_leases(&self, now: Duration) -> Vec<LeaseId> {
        self.leases.due(now)
    }

    fn refuse_overload(&self) -> Result<(), StoreError> {
        if self.unsettled_bytes > MAX_UNSETTLED_BYTES {
            return Err(StoreError::Overloaded { pending_bytes: self.unsettled_bytes });
        }
        Ok(())
    }

    fn queue(&mut self, commit: Commit) {
        self.accepted = commit.revision;
        self.overlay.add(&commit);
        self.unsettled_bytes += commit.size();
        self.unsettled.push_back(Arc::new(commit));
    }

    /// The newest accepted value, without copying it.
    pub(super) fn latest(&self, key: &str) -> Option<&KeyValue> {
        match self.overlay.get(key) {
            Fate::Written(record) => Some(record),
            Fate::Removed => None,
            Fate::Untouched => self.table.get(key),
        }
    }

    fn holds(&self, compare: &Compare) -> bool {
        match compare {
            Compare::ModifiedAt(key, revision) => {
                self.latest(key).map_or(0, |record| record.modified_revision) == *revision
            }
            Compare::CreatedAt(key, revision) => {
                self.latest(key).map_or(0, |record| record.created_revision) == *revision
            }
            Compare::ValueIs(key, value) => self.latest(key).is_some_and(|record| record.bytes() == value),
            Compare::Unchanged { prefix, since } => !self.changed_since(prefix, *since),
        }
    }

    fn changed_since(&self, prefix: &str, since: u64) -> bool {
        let unsettled = self.unsettled.iter().rev().take_while(|commit| commit.revision > since);
        let mut touched = unsettled.map(|commit| {
            commit.events.iter().any(|event| event.key.starts_with(prefix))
                || commit.wipe.as_ref().is_some_and(|w| w.starts_with(prefix) || prefix.starts_with(&**w))
        });
        touched.any(|yes| yes) || self.table.changed_since(prefix, since)
    }

    fn is_unsettled(&self, compare: &Compare) -> bool {
        match compare {
            Compare::ModifiedAt(key, _) | Compare::CreatedAt(key, _) | Compare::ValueIs(key, _) => {
                self.overlay.get(key).is_unsettled()
            }
            Compare::Unchanged { prefix, .. } => self.overlay.touches(prefix),
        }
    }

    /// Carries out one step; writes become events. Keys are written at most once per transaction, but a
    /// read has to see the writes before it.
    fn perform(&self, step: &Operation, revision: u64, events: &mut Vec<Arc<Event>>) -> OperationResult {
        let own = events.iter().find(|event| event.key == *step.key());
        let previous = match own {
            Some(event) => event.current.clone(),
            None => self.latest(step.key()).cloned(),
        };
        match step {
            Operation::Get { .. } => OperationResult::Got(previous),
            Operation::Put { key, value, lease } => {
                let created_revision = previous.as_ref().map_or(revision, |record| record.created_revision);
                let record = KeyValue {
                    key: previous.as_ref().map_or_else(|| Arc::clone(key), |record| Arc::clone(&record.key)),
                    value: Arc::clone(value),
                    created_revision,
                    modified_revision: revision,
                    lease: *lease,
                };
                events.push(Arc::new(Event {
                    revision,
                    key: Arc::clone(&record.key),
                    current: Some(record),
                    previous: previous.clone(),
                }));
                OperationResult::Put(previous)
            }
            Operation::Delete { key } => {
                if previous.is_some() {
                    events.push(Arc::new(Event {
                        revision,
                        key: Arc::clone(key),
                        current: None,
                        previous: previous.clone(),
                    }));
                }
                OperationResult::Deleted(previous)
            }
        }
    }
}
