//! Transactions: compare, then, else — and etcd's limits on them.

use std::sync::Arc;

use bytes::Bytes;

use crate::{KeyValue, LeaseId, StoreError, Stored};

/// Largest request: etcd's default `--max-request-bytes`.
pub const MAX_REQUEST_BYTES: usize = 1_572_864;
/// Most entries in each list of a transaction: etcd's default `--max-txn-ops`.
pub const MAX_OPERATIONS: usize = 128;
/// Longest key in bytes. etcd has no limit of its own; ours leaves room for parameter names (2,048)
/// and keeps a key well below what the log can hold (65,535).
pub const MAX_KEY_BYTES: usize = 4_096;

/// A condition on the state a transaction meets.
#[derive(Debug, Clone, PartialEq)]
pub enum Compare {
    /// The key's last change happened at exactly this revision; 0 means that the key is absent.
    ModifiedAt(Arc<str>, u64),
    /// The key came into being at exactly this revision; 0 means that the key is absent.
    CreatedAt(Arc<str>, u64),
    /// The key exists and holds exactly these bytes.
    ValueIs(Arc<str>, Bytes),
    /// No key below the prefix was written or removed after revision `since`. May fail without need
    /// when `since` lies far in the past (the store remembers a bounded number of changes) or while a wipe
    /// that meets the prefix is on its way.
    ///
    /// On etcd this is a range compare of `mod_revision` over the prefix and over the prefix's
    /// tombstone keys, which a delete writes in the same transaction under a short lease.
    Unchanged {
        /// The prefix.
        prefix: Arc<str>,
        /// The revision at which the prefix was read.
        since: u64,
    },
}

impl Compare {
    /// The condition that a key is absent.
    pub fn absent(key: impl Into<Arc<str>>) -> Self {
        Self::ModifiedAt(key.into(), 0)
    }

    fn size(&self) -> usize {
        match self {
            Self::ModifiedAt(key, _) | Self::CreatedAt(key, _) => key.len(),
            Self::ValueIs(key, value) => key.len() + value.len(),
            Self::Unchanged { prefix, .. } => prefix.len(),
        }
    }
}

/// One step of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Writes a key.
    Put {
        /// The key.
        key: Arc<str>,
        /// The value.
        value: Arc<Stored>,
        /// A lease whose end removes the key.
        lease: Option<LeaseId>,
    },
    /// Removes a key if it exists.
    Delete {
        /// The key.
        key: Arc<str>,
    },
    /// Reads a key as the transaction sees it.
    Get {
        /// The key.
        key: Arc<str>,
    },
}

impl Operation {
    /// Writes a key without a lease.
    pub fn put(key: impl Into<Arc<str>>, value: impl Into<Bytes>) -> Self {
        Self::Put { key: key.into(), value: Arc::new(Stored::new(value)), lease: None }
    }

    /// Removes a key.
    pub fn delete(key: impl Into<Arc<str>>) -> Self {
        Self::Delete { key: key.into() }
    }

    /// Reads a key.
    pub fn get(key: impl Into<Arc<str>>) -> Self {
        Self::Get { key: key.into() }
    }

    /// The key this step touches.
    pub fn key(&self) -> &Arc<str> {
        match self {
            Self::Put { key, .. } | Self::Delete { key } | Self::Get { key } => key,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Put { key, value, .. } => key.len() + value.bytes().len(),
            Self::Delete { key } | Self::Get { key } => key.len(),
        }
    }
}

/// What a step found.
#[derive(Debug, Clone, PartialEq)]
pub enum OperationResult {
    /// The key was written; here is what stood there before.
    Put(Option<KeyValue>),
    /// The key is gone; here is what stood there before.
    Deleted(Option<KeyValue>),
    /// What the key held.
    Got(Option<KeyValue>),
}

/// If all of `compare` hold, `then` happens as one step, otherwise `otherwise` does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transaction {
    /// The conditions.
    pub compare: Vec<Compare>,
    /// What happens if all of them hold.
    pub then: Vec<Operation>,
    /// What happens if one does not.
    pub otherwise: Vec<Operation>,
}

impl Transaction {
    /// A transaction without conditions.
    pub fn of(then: Vec<Operation>) -> Self {
        Self { then, ..Self::default() }
    }

    /// A transaction with conditions and nothing in its else branch.
    pub fn when(compare: Vec<Compare>, then: Vec<Operation>) -> Self {
        Self { compare, then, otherwise: Vec::new() }
    }

    /// Checks etcd's limits and the shape of keys.
    ///
    /// # Errors
    /// [`StoreError::TooManyOperations`], [`StoreError::TooLarge`] or [`StoreError::InvalidKey`].
    pub fn validate(&self) -> Result<(), StoreError> {
        let count = self.compare.len().max(self.then.len()).max(self.otherwise.len());
        if count > MAX_OPERATIONS {
            return Err(StoreError::TooManyOperations { count, limit: MAX_OPERATIONS });
        }
        let bytes = self.compare.iter().map(Compare::size).sum::<usize>()
            + self.then.iter().chain(&self.otherwise).map(Operation::size).sum::<usize>();
        if bytes > MAX_REQUEST_BYTES {
            return Err(StoreError::TooLarge { bytes, limit: MAX_REQUEST_BYTES });
        }
        validate_branch(&self.then)?;
        validate_branch(&self.otherwise)
    }
}

/// Keys must be well formed, and etcd forbids writing one key twice in a branch.
fn validate_branch(steps: &[Operation]) -> Result<(), StoreError> {
    let mut written: Vec<&str> = Vec::new();
    for step in steps {
        let key = step.key();
        let invalid = |reason| Err(StoreError::InvalidKey { key: key.to_string(), reason });
        if key.len() > MAX_KEY_BYTES {
            return invalid("longer than 4,096 bytes");
        }
        if !key.starts_with('/') || key.len() < 2 {
            return invalid("does not begin with / or is empty");
        }
        if !matches!(step, Operation::Get { .. }) {
            written.push(key);
        }
    }
    written.sort_unstable();
    match written.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(StoreError::InvalidKey {
            key: pair[0].to_owned(),
            reason: "written twice in one transaction",
        }),
        None => Ok(()),
    }
}

/// The outcome of a transaction. When it is handed out, the change is durable and visible.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionResult {
    /// Whether all conditions held, that is: which branch happened.
    pub succeeded: bool,
    /// The revision of the change, or the current one if the branch changed nothing.
    pub revision: u64,
    /// One result per step of the branch that happened.
    pub results: Vec<OperationResult>,
}
