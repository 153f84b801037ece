//! What the store asks of a log. Tests put faults between the store and its log here.

use std::sync::Arc;
use std::time::Duration;

use state_store::ledger::Commit;
use state_store::{KeyValue, LeaseId};

/// Why a log could not do what it was asked, in its own words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LogError(pub String);

/// Everything a log remembers.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The last durable revision; 0 for a new log.
    pub revision: u64,
    /// The records, in any order.
    pub records: Vec<KeyValue>,
    /// The leases with their time to live.
    pub leases: Vec<(LeaseId, Duration)>,
    /// The digest that was stored with the last batch.
    pub digest: Option<u64>,
}

/// What has to become durable in one step: all of it or nothing.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The changes, oldest first; never empty.
    pub commits: &'a [Arc<Commit>],
    /// The visible state of keys (`None`: absent) that an earlier, failed batch may have left in the log. They
    /// come before the changes.
    pub repairs: &'a [(Arc<str>, Option<KeyValue>)],
    /// A number that stands for all records after this batch, to be stored with it and handed back by
    /// [`Durable::load`], which lets the store notice when a damaged log brings an old state back. `None`
    /// when it is not known.
    pub digest: Option<u64>,
}

impl Batch<'_> {
    /// The revision that is durable once the batch is.
    pub fn revision(&self) -> u64 {
        self.commits.last().map_or(0, |commit| commit.revision)
    }
}

/// A log that keeps batches over the end of the process. Used by one thread at a time.
pub trait Durable: Send {
    /// Opens the log and reads all of it; called once, first.
    ///
    /// # Errors
    /// When the log cannot be opened or read.
    fn load(&mut self) -> Result<Loaded, LogError>;

    /// Writes a batch and syncs it. After an error it is unknown whether the batch will be there after a
    /// restart, but never a part of it. The next call tries again from a clean state.
    ///
    /// # Errors
    /// Whatever the disk has against it.
    fn commit(&mut self, batch: &Batch<'_>) -> Result<(), LogError>;

    /// Does a small piece of work that nobody waits for; tells whether there is more. Called when idle.
    fn tidy(&mut self) -> bool {
        false
    }
}
