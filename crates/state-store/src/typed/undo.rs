//! Taking a committed change back.

use std::sync::Arc;

use super::Store;
use crate::{Compare, KeyValue, Operation, StoreError, Transaction};

/// What a committed transaction wrote over, so that it can be taken back. Holds pointers to the old values, no copies.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Undo {
    /// The revision of the change.
    revision: u64,
    /// Every key it wrote.
    written: Vec<Written>,
}

/// A key that a change wrote.
#[derive(Debug, Clone, PartialEq)]
struct Written {
    key: Arc<str>,
    /// Whether it was put; removed otherwise.
    put: bool,
    /// What stood there before.
    old: Option<KeyValue>,
}

/// One key that was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBack {
    /// The key.
    pub key: Arc<str>,
    /// The revision at which the key stands since; 0 when it is absent again.
    pub now: u64,
    /// The revision whose value it has again; 0 when it was absent then.
    pub same_as: u64,
}

impl Undo {
    /// Looks at what a transaction is about to write over.
    pub(super) fn before(store: &Store, then: &[Operation]) -> Self {
        let written = then.iter().filter(|step| !matches!(step, Operation::Get { .. }));
        let written = written.map(|step| Written {
            key: Arc::clone(step.key()),
            put: matches!(step, Operation::Put { .. }),
            old: store.backend().get_latest(step.key()),
        });
        Self { revision: 0, written: written.collect() }
    }

    pub(super) fn at(self, revision: u64) -> Self {
        Self { revision, ..self }
    }

    /// The revision of the change; for a transaction without writes, one at which its reads were true.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether there is nothing to take back.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// Puts back every record of the change in one step, unless one of them was changed since: then nothing happens
    /// and the answer is `None`. `stands_at` may tell of a key that it has again the value of an earlier revision,
    /// because a later change was taken back: given the key and that revision, the one at which it stands now.
    ///
    /// A record that is written without having been read is put back to what stood there just before the commit.
    ///
    /// # Errors
    /// [`StoreError`]: limits, durability.
    pub async fn take_back(
        &self,
        store: &Store,
        stands_at: impl Fn(&str, u64) -> Option<u64> + Send + Sync,
    ) -> Result<Option<Vec<PutBack>>, StoreError> {
        let latest = |key: &str| store.backend().get_latest(key).map_or(0, |found| found.modified_revision);
        let (mut compares, mut steps) = (Vec::new(), Vec::new());
        for Written { key, put, old } in &self.written {
            let (found, left_at) = (latest(key), if *put { self.revision } else { 0 });
            if found != left_at && stands_at(key, left_at) != Some(found) {
                return Ok(None);
            }
            compares.push(Compare::ModifiedAt(Arc::clone(key), found));
            steps.push(match old {
                Some(old) => {
                    Operation::Put { key: Arc::clone(key), value: Arc::clone(&old.value), lease: old.lease }
                }
                None => Operation::Delete { key: Arc::clone(key) },
            });
        }
        let done = store.backend().transaction(Transaction::when(compares, steps)).await?;
        if !done.succeeded {
            return Ok(None);
        }
        let put_back = self.written.iter().map(|Written { key, old, .. }| PutBack {
            key: Arc::clone(key),
            now: if old.is_some() { done.revision } else { 0 },
            same_as: old.as_ref().map_or(0, |old| old.modified_revision),
        });
        Ok(Some(put_back.collect()))
    }
}
