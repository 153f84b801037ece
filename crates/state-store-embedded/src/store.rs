//! The store itself: the ledger, the committer's queue, and the directory.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::RwLock;
use state_store::clock::{Clock, MonotonicClock};
use state_store::ledger::{Accepted, Ledger};
use state_store::{
    BoxFuture, KeyValue, LeaseId, Observer, RangeRequest, RangeResult, StateStore, StoreError, Transaction,
    TransactionResult, Unsettled, Watch,
};
use tokio::sync::oneshot;

use crate::committer::{Inner, Shared, run};
use crate::digest::Digest;
use crate::{DirectoryLock, Durable, FjallLog};

/// A [`StateStore`] that survives the end of the process. Dropping it writes what was accepted, then closes.
pub struct EmbeddedStore {
    shared: Arc<Shared>,
    committer: Option<JoinHandle<()>>,
    /// Held, never read.
    #[allow(dead_code, reason = "kept for its drop")]
    lock: Option<DirectoryLock>,
}

impl EmbeddedStore {
    /// Opens the store in a directory, which is created if need be.
    ///
    /// # Errors
    /// [`StoreError::Open`]: the directory is in use, unreadable, damaged, or from a newer program.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        Self::open_with(directory, Arc::new(MonotonicClock::default()), |log| log)
    }

    /// Like [`EmbeddedStore::open`], with a clock for leases and a chance to wrap the log (for fault injection).
    ///
    /// # Errors
    /// As for [`EmbeddedStore::open`].
    pub fn open_with(
        directory: &Path,
        clock: Arc<dyn Clock>,
        wrap: impl FnOnce(Box<dyn Durable>) -> Box<dyn Durable>,
    ) -> Result<Self, StoreError> {
        let lock = DirectoryLock::take(directory)?;
        let log = wrap(Box::new(FjallLog::new(&directory.join("log"))));
        let mut store = Self::over(log, clock).map_err(|error| match error {
            StoreError::Open { reason, .. } => {
                StoreError::Open { directory: directory.display().to_string(), reason }
            }
            other => other,
        })?;
        store.lock = Some(lock);
        Ok(store)
    }

    /// A store over any log.
    ///
    /// # Errors
    /// [`StoreError::Open`] when the log cannot be read or the thread cannot be started.
    pub fn over(mut log: Box<dyn Durable>, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let failed = |reason: String| StoreError::Open { directory: String::new(), reason };
        let loaded = log.load().map_err(|error| failed(error.to_string()))?;
        let digest = Digest::of(&loaded.records);
        let ahead = loaded.records.iter().any(|record| record.modified_revision > loaded.revision);
        if ahead || loaded.digest.is_some_and(|stored| digest != Digest(Some(stored))) {
            return Err(failed(
                "the log is damaged: its records are not those of its last revision; \
                restore a copy"
                    .to_owned(),
            ));
        }
        let ledger = Ledger::restore(loaded.revision, loaded.records, loaded.leases, clock.now());
        let inner = Inner { ledger, waiting: Default::default(), closed: false };
        let shared = Arc::new(Shared { inner: RwLock::new(inner), clock });
        let theirs = Arc::clone(&shared);
        let committer = std::thread::Builder::new()
            .name("store-committer".to_owned())
            .spawn(move || run(&theirs, log, digest))
            .map_err(|error| failed(format!("cannot start a thread: {error}")))?;
        Ok(Self { shared, committer: Some(committer), lock: None })
    }

    /// Accepts a change now and returns its value when it is durable and visible.
    fn submit<T: Send + Sync + 'static>(
        &self,
        accept: impl FnOnce(&mut Ledger) -> Result<Accepted<T>, StoreError>,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let mut inner = self.shared.inner.write();
        if inner.closed {
            return ready(Err(StoreError::Closed));
        }
        let accepted = match accept(&mut inner.ledger) {
            Ok(accepted) => accepted,
            Err(error) => return ready(Err(error)),
        };
        if accepted.after <= inner.ledger.revision() {
            return ready(Ok(accepted.value));
        }
        let (sender, receiver) = oneshot::channel();
        let value = accepted.value;
        // A receiver that has gone away no longer cares.
        inner
            .waiting
            .push_back((accepted.after, Box::new(move |fate| drop(sender.send(fate.map(|()| value))))));
        drop(inner);
        if let Some(committer) = &self.committer {
            committer.thread().unpark();
        }
        Box::pin(async move { receiver.await.unwrap_or(Err(StoreError::Closed)) })
    }
}

fn ready<T: Send + 'static>(value: T) -> BoxFuture<'static, T> {
    Box::pin(std::future::ready(value))
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.shared.inner.write().closed = true;
        if let Some(committer) = self.committer.take() {
            committer.thread().unpark();
            // A panic of the committer has been reported by the panic hook and answered to all waiters.
            let _ = committer.join();
        }
    }
}

impl StateStore for EmbeddedStore {
    fn get(&self, key: &str) -> Option<KeyValue> {
        self.shared.inner.read().ledger.get(key)
    }

    fn range(&self, request: RangeRequest<'_>) -> RangeResult {
        self.shared.inner.read().ledger.range(request)
    }

    fn transaction(
        &self,
        transaction: Transaction,
    ) -> BoxFuture<'static, Result<TransactionResult, StoreError>> {
        self.submit(|ledger| ledger.accept(&transaction))
    }

    fn watch(&self, prefix: &str, from: u64) -> Watch {
        self.shared.inner.write().ledger.watch(prefix, from)
    }

    fn attach(&self, prefix: &str, observer: Arc<dyn Observer>) {
        self.shared.inner.write().ledger.attach(prefix, observer);
    }

    fn revision(&self) -> u64 {
        self.shared.inner.read().ledger.revision()
    }

    fn is_empty(&self) -> bool {
        self.shared.inner.read().ledger.is_empty()
    }

    fn wipe(&self, prefix: &str) -> BoxFuture<'static, Result<u64, StoreError>> {
        self.submit(|ledger| ledger.accept_wipe(prefix))
    }

    fn grant_lease(&self, ttl: Duration) -> BoxFuture<'static, Result<LeaseId, StoreError>> {
        self.submit(|ledger| ledger.accept_grant(ttl))
    }

    fn keep_alive(&self, lease: LeaseId) -> Result<Duration, StoreError> {
        let now = self.shared.clock.now();
        self.shared.inner.write().ledger.keep_alive(lease, now)
    }

    fn revoke_lease(&self, lease: LeaseId) -> BoxFuture<'static, Result<u64, StoreError>> {
        self.submit(|ledger| ledger.accept_end(lease))
    }

    fn expire_leases(&self) -> BoxFuture<'static, Result<usize, StoreError>> {
        let due = self.shared.inner.read().ledger.due_leases(self.shared.clock.now());
        let ends: Vec<_> = due.into_iter().map(|lease| self.revoke_lease(lease)).collect();
        Box::pin(async move {
            let mut ended = 0;
            for end in ends {
                match end.await {
                    Ok(_) => ended += 1,
                    // Somebody else ended it in between.
                    Err(StoreError::LeaseNotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(ended)
        })
    }

    fn latest_revision(&self) -> u64 {
        self.shared.inner.read().ledger.latest_revision()
    }

    fn get_latest(&self, key: &str) -> Option<KeyValue> {
        self.shared.inner.read().ledger.get_latest(key)
    }

    fn range_latest(&self, request: RangeRequest<'_>) -> RangeResult {
        self.shared.inner.read().ledger.range_latest(request)
    }

    fn unsettled(&self, prefix: &str) -> Unsettled {
        self.shared.inner.read().ledger.unsettled(prefix)
    }
}
