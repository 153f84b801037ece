//! The heart both backends share: what is visible, what is accepted but not durable, and who listens.
//!
//! A change passes two gates. [`Ledger::accept`] judges its compares against the newest accepted state
//! and gives it a revision; [`Ledger::settle`] makes it visible once it is durable. Between the two it
//! lives in the overlay, where only optimistic transactions see it, and from where
//! [`Ledger::reject_unsettled`] can take it back without a trace.

mod accept;
mod leases;
mod overlay;
mod table;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use self::leases::Leases;
use self::overlay::Overlay;
use self::table::Table;
use crate::watch::WatchHub;
use crate::{
    Event, KeyValue, LeaseId, Observer, RangeRequest, RangeResult, TransactionResult, Unsettled, Watch,
};

/// What one accepted change does: the unit in which changes become durable and visible.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// Its revision.
    pub revision: u64,
    /// The keys it writes and removes.
    pub events: Vec<Arc<Event>>,
    /// A prefix that is emptied before `events` apply.
    pub wipe: Option<Arc<str>>,
    /// A lease that comes into being, with its time to live.
    pub granted: Option<(LeaseId, Duration)>,
    /// A lease that ends.
    pub ended: Option<LeaseId>,
}

impl Commit {
    /// Bytes of keys and values, for accounting.
    pub fn size(&self) -> usize {
        64 + self.events.iter().map(|event| event.size()).sum::<usize>()
    }
}

/// The verdict on a transaction.
#[derive(Debug)]
pub struct Accepted<T = TransactionResult> {
    /// What to answer …
    pub value: T,
    /// … once this revision is visible; the answer may go out at once if it already is.
    pub after: u64,
}

/// Visible state, accepted state, watches and leases. Not thread-safe by itself.
pub struct Ledger {
    table: Table,
    overlay: Overlay,
    unsettled: VecDeque<Arc<Commit>>,
    unsettled_bytes: usize,
    /// The newest accepted revision.
    accepted: u64,
    hub: WatchHub,
    observers: Vec<(Box<str>, Arc<dyn Observer>)>,
    leases: Leases,
}

impl Ledger {
    /// A ledger that holds what a log remembered. `records` need not be sorted; history before `revision`
    /// counts as compacted. Leases begin anew at `now`.
    pub fn restore(
        revision: u64,
        records: Vec<KeyValue>,
        leases: impl IntoIterator<Item = (LeaseId, Duration)>,
        now: Duration,
    ) -> Self {
        let table = Table::restore(revision, records);
        let mut restored = Leases::default();
        for (id, ttl) in leases {
            restored.grant(id, ttl, now);
        }
        for record in table.iter() {
            if let Some(lease) = record.lease {
                restored.attach(lease, &record.key);
            }
        }
        Self {
            table,
            overlay: Overlay::default(),
            unsettled: VecDeque::new(),
            unsettled_bytes: 0,
            accepted: revision,
            hub: WatchHub::default(),
            observers: Vec::new(),
            leases: restored,
        }
    }

    /// The visible value of a key.
    pub fn get(&self, key: &str) -> Option<KeyValue> {
        self.table.get(key).cloned()
    }

    /// Visible keys below a prefix.
    pub fn range(&self, request: RangeRequest<'_>) -> RangeResult {
        self.table.range(request)
    }

    /// The newest accepted value of a key.
    pub fn get_latest(&self, key: &str) -> Option<KeyValue> {
        self.latest(key).cloned()
    }

    /// The newest accepted keys below a prefix.
    pub fn range_latest(&self, request: RangeRequest<'_>) -> RangeResult {
        let mut result = if self.overlay.touches(request.prefix) {
            self.overlay.range(&self.table, request)
        } else {
            self.range(request)
        };
        result.revision = self.accepted;
        result
    }

    /// The accepted changes below a prefix that are not visible yet.
    pub fn unsettled(&self, prefix: &str) -> Unsettled {
        Unsettled {
            revision: self.accepted,
            changes: self.overlay.changes(prefix),
            wiped: self.overlay.wipes(prefix).cloned().collect(),
        }
    }

    /// The newest visible revision.
    pub fn revision(&self) -> u64 {
        self.table.revision
    }

    /// The newest accepted revision.
    pub fn latest_revision(&self) -> u64 {
        self.accepted
    }

    /// Whether nothing is visible.
    pub fn is_empty(&self) -> bool {
        self.table.len() == 0
    }

    /// Visible records in key order.
    pub fn iter(&self) -> impl Iterator<Item = &KeyValue> {
        self.table.iter()
    }

    /// Bytes accepted and not yet visible.
    pub fn unsettled_bytes(&self) -> usize {
        self.unsettled_bytes
    }

    /// Accepted changes after revision `after`, oldest first: what a log has to write next.
    pub fn unsettled_after(&self, after: u64) -> Vec<Arc<Commit>> {
        let start = self.unsettled.partition_point(|commit| commit.revision <= after);
        self.unsettled.range(start..).cloned().collect()
    }

    /// Starts a watch; see [`crate::StateStore::watch`].
    pub fn watch(&mut self, prefix: &str, from: u64) -> Watch {
        if from == 0 {
            return self.hub.start(prefix, 0, &[]);
        }
        match self.table.events_from(from) {
            Ok(missed) => self.hub.start(prefix, from, &missed),
            Err(error) => WatchHub::refused(error),
        }
    }

    /// Adds an observer; see [`crate::StateStore::attach`].
    pub fn attach(&mut self, prefix: &str, observer: Arc<dyn Observer>) {
        observer.reset(&mut self.table.iter_prefix(prefix));
        self.observers.push((prefix.into(), observer));
    }

    /// Makes all accepted changes up to `revision` visible, tells watchers and observers. `now` starts the
    /// time of leases granted by them. Drop what is returned without holding a lock.
    pub fn settle(&mut self, revision: u64, now: Duration) -> Vec<Garbage> {
        let mut garbage = Vec::new();
        let mut events: Vec<Arc<Event>> = Vec::new();
        while self.unsettled.front().is_some_and(|commit| commit.revision <= revision) {
            let Some(commit) = self.unsettled.pop_front() else { break };
            self.unsettled_bytes -= commit.size();
            if let Some(prefix) = &commit.wipe {
                // What came before must be told before, so that order holds for every listener.
                self.publish(&std::mem::take(&mut events));
                garbage.push(self.apply_wipe(prefix, commit.revision));
            }
            for event in &commit.events {
                self.leases.follow(event);
                self.table.apply(event);
            }
            events.extend(commit.events.iter().cloned());
            if let Some((id, ttl)) = commit.granted {
                self.leases.grant(id, ttl, now);
            }
            if let Some(id) = commit.ended {
                self.leases.end(id);
            }
            self.table.advance(commit.revision);
            self.overlay.forget(&commit);
        }
        self.publish(&events);
        garbage
    }

    /// Takes back everything accepted and not yet visible, as if it had never been asked for.
    pub fn reject_unsettled(&mut self) {
        self.unsettled.clear();
        self.unsettled_bytes = 0;
        self.overlay = Overlay::default();
        self.accepted = self.table.revision;
        self.leases.forget_endings();
    }

    fn publish(&mut self, events: &[Arc<Event>]) {
        if events.is_empty() {
            return;
        }
        for (prefix, observer) in &self.observers {
            let concerned: Vec<Arc<Event>> =
                events.iter().filter(|event| event.key.starts_with(&**prefix)).cloned().collect();
            if !concerned.is_empty() {
                observer.apply(&concerned);
            }
        }
        self.table.remember(events);
        self.hub.publish(events);
    }

    /// Empties a prefix. Few keys vanish with an event each; for many, history is given up instead, because
    /// telling every watcher about every key would take longer than the reset itself may.
    fn apply_wipe(&mut self, prefix: &str, revision: u64) -> Garbage {
        const MAX_EVENTS: usize = 4_096;
        let mut few: Vec<Arc<Event>> = Vec::new();
        for record in self.table.iter_prefix(prefix).take(MAX_EVENTS + 1) {
            few.push(Arc::new(Event {
                revision,
                key: Arc::clone(&record.key),
                current: None,
                previous: Some(record.clone()),
            }));
        }
        if few.len() <= MAX_EVENTS {
            for event in &few {
                self.leases.follow(event);
                self.table.apply(event);
            }
            self.publish(&few);
            return Garbage::default();
        }
        drop(few);
        let removed = self.table.wipe(prefix, revision);
        self.leases.detach_prefix(prefix);
        self.hub.compact(prefix, revision);
        for (observed, observer) in &self.observers {
            if observed.starts_with(prefix) || prefix.starts_with(&**observed) {
                observer.reset(&mut self.table.iter_prefix(observed));
            }
        }
        Garbage(Some(Box::new(removed)))
    }
}

/// Records taken out by a wipe. Freeing 100,000 of them takes far longer than a reset may, so that a large one
/// goes to a thread of its own when dropped.
#[derive(Default)]
pub struct Garbage(Option<Box<dyn Send + Sync>>);

impl Drop for Garbage {
    fn drop(&mut self) {
        if let Some(garbage) = self.0.take() {
            let builder = std::thread::Builder::new().name("store-garbage".to_owned());
            // Without a thread the closure is dropped right here, and the garbage with it.
            let _ = builder.spawn(move || drop(garbage));
        }
    }
}
