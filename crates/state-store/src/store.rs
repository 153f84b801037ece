//! The interface every backend implements.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::{Event, KeyValue, LeaseId, StoreError, Transaction, TransactionResult, Watch};

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Which keys to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct RangeRequest<'a> {
    /// Only keys that begin with this.
    pub prefix: &'a str,
    /// Only keys greater than this one (for pages).
    pub after: Option<&'a str>,
    /// At most this many; 0 means all.
    pub limit: usize,
}

impl<'a> RangeRequest<'a> {
    /// All keys below a prefix.
    pub fn prefix(prefix: &'a str) -> Self {
        Self { prefix, after: None, limit: 0 }
    }
}

/// Keys in ascending order.
#[derive(Debug, Clone, Default)]
pub struct RangeResult {
    /// The keys and values.
    pub items: Vec<KeyValue>,
    /// Whether more keys follow the last one.
    pub more: bool,
    /// The store's revision at which this is the truth.
    pub revision: u64,
}

/// Changes accepted but not yet durable; see [`StateStore::unsettled`].
#[derive(Debug, Default)]
pub struct Unsettled {
    /// The newest accepted revision.
    pub revision: u64,
    /// The newest accepted state of each key in question; `None` means removed.
    pub changes: Vec<(Arc<str>, Option<KeyValue>)>,
    /// Prefixes whose visible keys are going to vanish, except for those in `changes`.
    pub wiped: Vec<Arc<str>>,
}

/// Somebody who must see changes in the very step in which they become visible, such as an index.
/// Called with the store's lock held: be quick, and never call back into the store.
pub trait Observer: Send + Sync {
    /// Forget everything; these are the records now (called at the start and after a large wipe).
    fn reset(&self, records: &mut dyn Iterator<Item = &KeyValue>);
    /// These changes have just become visible, in order.
    fn apply(&self, events: &[Arc<Event>]);
}

/// Keys and values with one global revision, after etcd's data model.
///
/// Reads are answered from memory and see only what is durable. A key is `/<kind>/<account>/<region>/<id>`.
pub trait StateStore: Send + Sync {
    /// The value of a key.
    fn get(&self, key: &str) -> Option<KeyValue>;

    /// Keys below a prefix in ascending order.
    fn range(&self, request: RangeRequest<'_>) -> RangeResult;

    /// Carries out a transaction. It is handed to the store by the call itself, not by the first poll, so
    /// calls made one after the other are applied in that order, and dropping the future does not undo it.
    ///
    /// # Errors
    /// Limits ([`StoreError::TooLarge`], [`StoreError::TooManyOperations`], [`StoreError::InvalidKey`]),
    /// [`StoreError::LeaseNotFound`], [`StoreError::Overloaded`], [`StoreError::Durability`].
    /// After every error nothing of the transaction is visible.
    fn transaction(
        &self,
        transaction: Transaction,
    ) -> BoxFuture<'static, Result<TransactionResult, StoreError>>;

    /// Changes below a prefix, beginning with revision `from` (inclusive, as in etcd);
    /// 0 means: everything from now on. Too old a revision makes the first `next` fail with
    /// [`StoreError::Compacted`].
    fn watch(&self, prefix: &str, from: u64) -> Watch;

    /// Shows all keys below `prefix` to the observer, and from then on every change, without a gap.
    fn attach(&self, prefix: &str, observer: Arc<dyn Observer>);

    /// The newest visible revision.
    fn revision(&self) -> u64;

    /// Whether no key exists.
    fn is_empty(&self) -> bool;

    /// Removes every key below a prefix (`""` for all) as one revision, however many there are; leases stay.
    /// Returns that revision. Watchers of many removed keys see [`StoreError::Compacted`].
    ///
    /// # Errors
    /// As for [`StateStore::transaction`].
    fn wipe(&self, prefix: &str) -> BoxFuture<'static, Result<u64, StoreError>>;

    /// Grants a lease that ends `ttl` after its last renewal. Leases are durable; opening a store again
    /// counts as a renewal, because nobody could renew while it was closed.
    ///
    /// # Errors
    /// As for [`StateStore::transaction`].
    fn grant_lease(&self, ttl: Duration) -> BoxFuture<'static, Result<LeaseId, StoreError>>;

    /// Renews a lease and returns its time to live.
    ///
    /// # Errors
    /// [`StoreError::LeaseNotFound`].
    fn keep_alive(&self, lease: LeaseId) -> Result<Duration, StoreError>;

    /// Ends a lease now and removes all keys attached to it, as one revision, which is returned.
    ///
    /// # Errors
    /// [`StoreError::LeaseNotFound`], or as for [`StateStore::transaction`].
    fn revoke_lease(&self, lease: LeaseId) -> BoxFuture<'static, Result<u64, StoreError>>;

    /// Ends all leases whose time is over; returns how many. Somebody has to call this now and then:
    /// see [`crate::expire_leases_forever`].
    ///
    /// # Errors
    /// As for [`StateStore::transaction`].
    fn expire_leases(&self) -> BoxFuture<'static, Result<usize, StoreError>>;

    /// The newest accepted revision, durable or not; for optimistic transactions.
    fn latest_revision(&self) -> u64 {
        self.revision()
    }

    /// Like [`StateStore::get`], but sees changes that are accepted and not yet durable. Only for
    /// optimistic transactions, whose compares make their outcome depend on what they read.
    fn get_latest(&self, key: &str) -> Option<KeyValue> {
        self.get(key)
    }

    /// Like [`StateStore::range`], with the caveat of [`StateStore::get_latest`].
    fn range_latest(&self, request: RangeRequest<'_>) -> RangeResult {
        self.range(request)
    }

    /// The accepted changes below a prefix that are not visible yet.
    fn unsettled(&self, _prefix: &str) -> Unsettled {
        Unsettled { revision: self.revision(), ..Unsettled::default() }
    }
}
