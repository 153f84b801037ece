//! The book of leases: who lives how long, and which keys hang on whom.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::{Event, LeaseId, StoreError};

#[derive(Debug)]
struct Lease {
    ttl: Duration,
    deadline: Duration,
    keys: BTreeSet<Arc<str>>,
    /// An end is accepted and waits for the disk: nothing may be attached any more.
    ending: bool,
}

#[derive(Debug, Default)]
pub(super) struct Leases {
    by_id: BTreeMap<LeaseId, Lease>,
    newest: u64,
}

impl Leases {
    /// An id that was never used in this ledger's life. Ids of leases that ended before the last
    /// start may come again; nothing refers to them any more.
    pub(super) fn next_id(&mut self) -> LeaseId {
        self.newest += 1;
        LeaseId(self.newest)
    }

    pub(super) fn grant(&mut self, id: LeaseId, ttl: Duration, now: Duration) {
        self.newest = self.newest.max(id.0);
        let lease = Lease { ttl, deadline: now.saturating_add(ttl), keys: BTreeSet::new(), ending: false };
        self.by_id.insert(id, lease);
    }

    pub(super) fn keep_alive(&mut self, id: LeaseId, now: Duration) -> Result<Duration, StoreError> {
        let lease = self.usable(id)?;
        lease.deadline = now.saturating_add(lease.ttl);
        Ok(lease.ttl)
    }

    pub(super) fn check(&mut self, id: LeaseId) -> Result<(), StoreError> {
        self.usable(id).map(|_| ())
    }

    fn usable(&mut self, id: LeaseId) -> Result<&mut Lease, StoreError> {
        self.by_id.get_mut(&id).filter(|lease| !lease.ending).ok_or(StoreError::LeaseNotFound(id))
    }

    /// Marks a lease as ending and returns its visible keys.
    pub(super) fn begin_end(&mut self, id: LeaseId) -> Result<BTreeSet<Arc<str>>, StoreError> {
        let lease = self.usable(id)?;
        lease.ending = true;
        Ok(lease.keys.clone())
    }

    pub(super) fn end(&mut self, id: LeaseId) {
        self.by_id.remove(&id);
    }

    pub(super) fn forget_endings(&mut self) {
        self.by_id.values_mut().for_each(|lease| lease.ending = false);
    }

    pub(super) fn due(&self, now: Duration) -> Vec<LeaseId> {
        let due = self.by_id.iter().filter(|(_, lease)| lease.deadline <= now && !lease.ending);
        due.map(|(id, _)| *id).collect()
    }

    /// Hangs a key on its lease; a lease that is gone is ignored.
    pub(super) fn attach(&mut self, id: LeaseId, key: &Arc<str>) {
        if let Some(lease) = self.by_id.get_mut(&id) {
            lease.keys.insert(Arc::clone(key));
        }
    }

    /// Follows a change that has become visible.
    pub(super) fn follow(&mut self, event: &Event) {
        let before = event.previous.as_ref().and_then(|record| record.lease);
        let after = event.current.as_ref().and_then(|record| record.lease);
        if before == after {
            return;
        }
        if let Some(lease) = before.and_then(|id| self.by_id.get_mut(&id)) {
            lease.keys.remove(&event.key);
        }
        if let Some(id) = after {
            self.attach(id, &event.key);
        }
    }

    pub(super) fn detach_prefix(&mut self, prefix: &str) {
        self.by_id.values_mut().for_each(|lease| lease.keys.retain(|key| !key.starts_with(prefix)));
    }
}
