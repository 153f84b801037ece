//! The one thread that writes: takes what is queued, makes it durable, makes it visible, answers.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use parking_lot::RwLock;
use state_store::clock::Clock;
use state_store::ledger::{Commit, Ledger};
use state_store::{KeyValue, StoreError};

use crate::digest::Digest;
use crate::{Batch, Durable};

/// Bytes written with one sync; keeps the first of a long queue from waiting for all of it.
const MAX_BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Called once with the fate of what somebody waits for.
pub(crate) type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send + Sync>;

/// The state shared by callers and the committer.
pub(crate) struct Shared {
    pub(crate) inner: RwLock<Inner>,
    pub(crate) clock: Arc<dyn Clock>,
}

pub(crate) struct Inner {
    pub(crate) ledger: Ledger,
    /// Who waits for which revision; revisions never fall from front to back.
    pub(crate) waiting: VecDeque<(u64, Answer)>,
    /// Nothing new is accepted any more.
    pub(crate) closed: bool,
}

/// Runs until the store is closed and everything accepted before has been written. `digest` is that of the
/// visible state.
pub(crate) fn run(shared: &Shared, mut log: Box<dyn Durable>, mut digest: Digest) {
    let _last_words = LastWords(shared);
    // Keys that a failed batch may have left in the log.
    let mut suspects: BTreeSet<Arc<str>> = BTreeSet::new();
    loop {
        let (commits, repairs, closed) = {
            let inner = shared.inner.read();
            let commits = first_batch(inner.ledger.unsettled_after(inner.ledger.revision()));
            let repairs: Vec<(Arc<str>, Option<KeyValue>)> =
                suspects.iter().map(|key| (Arc::clone(key), inner.ledger.get(key))).collect();
            (commits, repairs, inner.closed)
        };
        if commits.is_empty() {
            if closed {
                return;
            }
            if !log.tidy() {
                // A wake-up between the look above and here is not lost: the token of `unpark` stays.
                std::thread::park();
            }
            continue;
        }
        let next = commits.iter().fold(digest, |digest, commit| digest.after(commit));
        let batch = Batch { commits: &commits, repairs: &repairs, digest: next.0 };
        match log.commit(&batch) {
            Ok(()) => {
                digest = next;
                suspects.clear();
                settle(shared, batch.revision());
            }
            Err(error) => {
                tracing::error!(%error, "changes could not be made durable");
                let keys = commits.iter().flat_map(|commit| &commit.events);
                suspects.extend(keys.map(|event| Arc::clone(&event.key)));
                reject(shared, &error.to_string());
            }
        }
    }
}

fn first_batch(mut commits: Vec<Arc<Commit>>) -> Vec<Arc<Commit>> {
    let mut bytes = 0;
    let end = commits.iter().position(|commit| {
        bytes += commit.size();
        bytes > MAX_BATCH_BYTES
    });
    // A single change above the limit still has to go.
    commits.truncate(end.map_or(commits.len(), |end| end.max(1)));
    commits
}

fn settle(shared: &Shared, revision: u64) {
    let now = shared.clock.now();
    let mut inner = shared.inner.write();
    let garbage = inner.ledger.settle(revision, now);
    let ready = inner.waiting.partition_point(|(after, _)| *after <= revision);
    let ready: Vec<(u64, Answer)> = inner.waiting.drain(..ready).collect();
    drop(inner);
    for (_, answer) in ready {
        answer(Ok(()));
    }
    drop(garbage);
}

/// Everything accepted rests on the batch that failed, so all of it fails.
fn reject(shared: &Shared, reason: &str) {
    let mut inner = shared.inner.write();
    inner.ledger.reject_unsettled();
    let waiting = std::mem::take(&mut inner.waiting);
    drop(inner);
    let error = StoreError::Durability { reason: reason.into() };
    for (_, answer) in waiting {
        answer(Err(error.clone()));
    }
}

/// Whatever ends the thread, a panic included: nobody may be left waiting for ever.
struct LastWords<'a>(&'a Shared);

impl Drop for LastWords<'_> {
    fn drop(&mut self) {
        let mut inner = self.0.inner.write();
        inner.closed = true;
        inner.ledger.reject_unsettled();
        let waiting = std::mem::take(&mut inner.waiting);
        drop(inner);
        for (_, answer) in waiting {
            answer(Err(StoreError::Closed));
        }
    }
}
