//! A store whose process dies at a chosen write: that write, or only its answer, and everything after it is lost.

use parking_lot::Mutex;
use state_store::{
    BoxFuture, KeyValue, LeaseId, MemoryStore, Observer, RangeRequest, RangeResult, StateStore, StoreError,
    Transaction, TransactionResult, Unsettled, Watch,
};
use std::sync::Arc;
use std::time::Duration;

/// Where it dies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Death {
    /// Transactions that touch a key below this are counted.
    pub(super) prefix: &'static str,
    /// The one at which it dies, from 1.
    pub(super) at: u32,
    /// Whether that one is on disk.
    pub(super) applied: bool,
}

/// The store of one life; the next life has another on the same memory.
pub(super) struct FailingStore {
    memory: Arc<MemoryStore>,
    death: Option<Death>,
    /// Transactions counted so far.
    seen: Mutex<u32>,
}

impl FailingStore {
    pub(super) fn new(memory: Arc<MemoryStore>, death: Option<Death>) -> FailingStore {
        FailingStore { memory, death, seen: Mutex::new(0) }
    }

    /// Whether it died.
    pub(super) fn is_dead(&self) -> bool {
        self.death.is_some_and(|death| *self.seen.lock() >= death.at)
    }
}

impl StateStore for FailingStore {
    fn get(&self, key: &str) -> Option<KeyValue> {
        self.memory.get(key)
    }

    fn range(&self, request: RangeRequest<'_>) -> RangeResult {
        self.memory.range(request)
    }

    fn transaction(
        &self,
        transaction: Transaction,
    ) -> BoxFuture<'static, Result<TransactionResult, StoreError>> {
        let Some(death) = self.death else { return self.memory.transaction(transaction) };
        let mut seen = self.seen.lock();
        if *seen >= death.at {
            return Box::pin(std::future::pending());
        }
        if transaction.then.iter().any(|step| step.key().starts_with(death.prefix)) {
            *seen += 1;
        }
        if *seen < death.at {
            return self.memory.transaction(transaction);
        }
        if death.applied {
            // Applied by the call itself; nobody lives to hear of it.
            drop(self.memory.transaction(transaction));
        }
        Box::pin(std::future::pending())
    }

    fn watch(&self, prefix: &str, from: u64) -> Watch {
        self.memory.watch(prefix, from)
    }

    fn attach(&self, prefix: &str, observer: Arc<dyn Observer>) {
        self.memory.attach(prefix, observer);
    }

    fn revision(&self) -> u64 {
        self.memory.revision()
    }

    fn is_empty(&self) -> bool {
        self.memory.is_empty()
    }

    fn wipe(&self, prefix: &str) -> BoxFuture<'static, Result<u64, StoreError>> {
        self.memory.wipe(prefix)
    }

    fn grant_lease(&self, ttl: Duration) -> BoxFuture<'static, Result<LeaseId, StoreError>> {
        self.memory.grant_lease(ttl)
    }

    fn keep_alive(&self, lease: LeaseId) -> Result<Duration, StoreError> {
        self.memory.keep_alive(lease)
    }

    fn revoke_lease(&self, lease: LeaseId) -> BoxFuture<'static, Result<u64, StoreError>> {
        self.memory.revoke_lease(lease)
    }

    fn expire_leases(&self) -> BoxFuture<'static, Result<usize, StoreError>> {
        self.memory.expire_leases()
    }

    fn unsettled(&self, prefix: &str) -> Unsettled {
        self.memory.unsettled(prefix)
    }
}
