//! The store without a disk: for tests and for `--ephemeral`.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;

use crate::clock::{Clock, MonotonicClock};
use crate::ledger::{Accepted, Ledger};
use crate::{
    BoxFuture, KeyValue, LeaseId, Observer, RangeRequest, RangeResult, StateStore, StoreError, Transaction,
    TransactionResult, Watch,
};

/// A store whose contents end with the process. Changes are visible when the call returns.
pub struct MemoryStore {
    ledger: RwLock<Ledger>,
    clock: Arc<dyn Clock>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(Arc::new(MonotonicClock::default()))
    }
}

impl MemoryStore {
    /// An empty store whose leases follow `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let ledger = Ledger::restore(0, Vec::new(), [], clock.now());
        Self { ledger: RwLock::new(ledger), clock }
    }

    /// Accepts and settles in one step, so that nothing is ever unsettled between two calls.
    fn apply<T>(
        &self,
        accept: impl FnOnce(&mut Ledger) -> Result<Accepted<T>, StoreError>,
    ) -> Result<T, StoreError> {
        let mut ledger = self.ledger.write();
        let accepted = accept(&mut ledger)?;
        let garbage = ledger.settle(accepted.after, self.clock.now());
        drop(ledger);
        drop(garbage);
        Ok(accepted.value)
    }
}

impl StateStore for MemoryStore {
    fn get(&self, key: &str) -> Option<KeyValue> {
        self.ledger.read().get(key)
    }

    fn range(&self, request: RangeRequest<'_>) -> RangeResult {
        self.ledger.read().range(request)
    }

    fn transaction(
        &self,
        transaction: Transaction,
    ) -> BoxFuture<'static, Result<TransactionResult, StoreError>> {
        Box::pin(ready(self.apply(|ledger| ledger.accept(&transaction))))
    }

    fn watch(&self, prefix: &str, from: u64) -> Watch {
        self.ledger.write().watch(prefix, from)
    }

    fn attach(&self, prefix: &str, observer: Arc<dyn Observer>) {
        self.ledger.write().attach(prefix, observer);
    }

    fn revision(&self) -> u64 {
        self.ledger.read().revision()
    }

    fn is_empty(&self) -> bool {
        self.ledger.read().is_empty()
    }

    fn wipe(&self, prefix: &str) -> BoxFuture<'static, Result<u64, StoreError>> {
        Box::pin(ready(self.apply(|ledger| ledger.accept_wipe(prefix))))
    }

    fn grant_lease(&self, ttl: Duration) -> BoxFuture<'static, Result<LeaseId, StoreError>> {
        Box::pin(ready(self.apply(|ledger| ledger.accept_grant(ttl))))
    }

    fn keep_alive(&self, lease: LeaseId) -> Result<Duration, StoreError> {
        self.ledger.write().keep_alive(lease, self.clock.now())
    }

    fn revoke_lease(&self, lease: LeaseId) -> BoxFuture<'static, Result<u64, StoreError>> {
        Box::pin(ready(self.apply(|ledger| ledger.accept_end(lease))))
    }

    fn expire_leases(&self) -> BoxFuture<'static, Result<usize, StoreError>> {
        let due = self.ledger.read().due_leases(self.clock.now());
        let mut ended = 0;
        for lease in due {
            match self.apply(|ledger| ledger.accept_end(lease)) {
                Ok(_) => ended += 1,
                // Somebody else ended it in between.
                Err(StoreError::LeaseNotFound(_)) => {}
                Err(error) => return Box::pin(ready(Err(error))),
            }
        }
        Box::pin(ready(Ok(ended)))
    }
}
