//! Everything that can go wrong with the store, as values.

use std::sync::Arc;

use crate::LeaseId;

/// An error of the store. Cheap to clone, because one failed disk write answers many waiters.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// The request is larger than etcd accepts (1.5 MiB); nothing was changed.
    #[error("request of {bytes} bytes exceeds the store's limit of {limit} bytes")]
    TooLarge {
        /// Size of keys and values together, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// More compares or operations than etcd accepts in one transaction (128); nothing was changed.
    #[error("transaction with {count} entries exceeds the store's limit of {limit}")]
    TooManyOperations {
        /// Length of the longest of the three lists.
        count: usize,
        /// The limit per list.
        limit: usize,
    },
    /// The key does not begin with `/`, is too long, or is written twice in one transaction.
    #[error("invalid key {key:?}: {reason}")]
    InvalidKey {
        /// The offending key.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The change could not be made durable (for example: disk full). Nothing of it is visible;
    /// reads go on, and the next write tries the disk again.
    #[error("the change could not be made durable: {reason}")]
    Durability {
        /// The disk's or the log's own words.
        reason: Arc<str>,
    },
    /// Too much is waiting for the disk already; nothing was changed.
    #[error("the store has {pending_bytes} bytes waiting for the disk")]
    Overloaded {
        /// Bytes accepted and not yet durable.
        pending_bytes: usize,
    },
    /// The revision asked for is no longer kept, or the watcher fell too far behind. List again.
    #[error("revision {requested} has been compacted; the oldest one kept is {oldest}")]
    Compacted {
        /// The revision the watcher needed next.
        requested: u64,
        /// The oldest revision still kept.
        oldest: u64,
    },
    /// The lease never existed, has expired, or was revoked.
    #[error("lease {0} does not exist")]
    LeaseNotFound(LeaseId),
    /// A record could not be turned into bytes.
    #[error("record {key} cannot be encoded: {reason}")]
    Encode {
        /// Key of the record.
        key: String,
        /// The encoder's words.
        reason: String,
    },
    /// Stored bytes are not a record of the expected kind.
    #[error("record {key} cannot be decoded: {reason}")]
    Decode {
        /// Key of the record.
        key: String,
        /// The decoder's words.
        reason: String,
    },
    /// The record was written by a newer version of this program.
    #[error(
        "record {key} has encoding version {found}, this program knows up to {known}: \
         use the newer program, or restore an older data directory"
    )]
    NewerVersion {
        /// Key of the record.
        key: String,
        /// Version found.
        found: u16,
        /// Highest version this program reads.
        known: u16,
    },
    /// A call left its mark ([`crate::typed::Mark`]) in an earlier run; nothing was changed in this one.
    #[error("the call that leaves {key} was carried out before")]
    AlreadyDone {
        /// Key of the mark.
        key: String,
    },
    /// An optimistic transaction lost against others too often.
    #[error("transaction gave up after {attempts} conflicts")]
    Contention {
        /// Attempts made.
        attempts: u32,
    },
    /// The data directory cannot be opened.
    #[error("cannot open the store in {directory}: {reason}")]
    Open {
        /// The directory.
        directory: String,
        /// What is wrong and what to do about it.
        reason: String,
    },
    /// The store has been shut down.
    #[error("the store is closed")]
    Closed,
}
