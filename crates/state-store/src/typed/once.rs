//! Calls that leave a mark with their effect, so that whoever asks after a crash knows whether they took effect.
//!
//! A call under a mark ([`Mark::cover`]) puts it down in the very step in which its first write becomes durable; no write
//! of the call is ever there without the mark, and none is made where the mark stands already. Calls without a mark pay
//! one look at a task-local.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};

use super::codec::encode;
use super::{Record, Scope, Store};
use crate::{Compare, Operation, StoreError, Stored, Transaction};

tokio::task_local! {
    /// The mark of the call that this task is in.
    static CURRENT: Arc<Mark>;
}

/// A record that the first write of a call brings along.
#[derive(Debug)]
pub struct Mark {
    key: Arc<str>,
    value: Arc<Stored>,
    /// Whether it was put down. Held while a transaction may put it down, so that of two at once one does.
    made: Mutex<bool>,
}

impl Mark {
    /// A mark that is this record.
    ///
    /// # Errors
    /// [`StoreError::Encode`], or [`StoreError::InvalidKey`] for an empty id or a scope that cannot stand in a key.
    pub fn new<R: Record>(scope: &Scope, record: R) -> Result<Arc<Mark>, StoreError> {
        let key: Arc<str> = scope.key(R::KIND, record.id()).into();
        if record.id().is_empty() || !scope.is_valid() {
            let reason = "empty id, or an account or region that is empty or contains /";
            return Err(StoreError::InvalidKey { key: key.to_string(), reason });
        }
        let value = Arc::new(encode(&key, Arc::new(record))?);
        Ok(Arc::new(Mark { key, value, made: Mutex::new(false) }))
    }

    /// Runs a call under this mark: what it writes in its own task. Tasks that it spawns write without.
    pub async fn cover<F: Future>(self: &Arc<Self>, call: F) -> F::Output {
        CURRENT.scope(Arc::clone(self), call).await
    }

    /// Whether the call wrote anything.
    pub async fn is_made(&self) -> bool {
        *self.made.lock().await
    }

    /// The mark of the running call.
    pub(super) fn current() -> Option<Arc<Mark>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// The place where it is put down; `None` when that has happened.
    pub(super) async fn open(&self) -> Option<Open<'_>> {
        let made = self.made.lock().await;
        (!*made).then_some(Open { mark: self, made })
    }
}

/// A mark that the next write brings along.
pub(super) struct Open<'a> {
    mark: &'a Mark,
    made: MutexGuard<'a, bool>,
}

impl Open<'_> {
    /// Adds it to a transaction that has room for one more condition, if that writes.
    ///
    /// # Errors
    /// [`StoreError::AlreadyDone`] when it stands in the store: an earlier run of the same call put it down.
    pub(super) fn join(&self, store: &Store, transaction: &mut Transaction) -> Result<(), StoreError> {
        if transaction.then.is_empty() {
            return Ok(());
        }
        let Mark { key, value, .. } = self.mark;
        if store.backend().get_latest(key).is_some() {
            return Err(StoreError::AlreadyDone { key: key.to_string() });
        }
        transaction.compare.push(Compare::absent(Arc::clone(key)));
        let (key, value) = (Arc::clone(key), Arc::clone(value));
        transaction.then.push(Operation::Put { key, value, lease: None });
        Ok(())
    }

    /// It is durable.
    pub(super) fn made(mut self) {
        *self.made = true;
    }
}
