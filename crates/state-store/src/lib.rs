//! Revisioned records, compare-and-swap transactions, prefix watch.
//!
//! Two layers live here. The *raw* layer ([`StateStore`]) speaks keys and bytes and mirrors etcd's data
//! model one to one: a global revision, transactions of compare / then / else, prefix ranges, prefix watches
//! that report compaction, and leases. It keeps inside etcd's limits so that etcd can stand behind it.
//! The *typed* layer ([`typed::Store`]) is what services use: records, secondary indexes, optimistic
//! transactions written as ordinary closures, and watches that hand out decoded records.
//!
//! Reads never wait for a disk: every backend answers them from memory.

pub mod clock;
mod error;
mod key_value;
mod lease;
pub mod ledger;
mod memory;
mod store;
mod transaction;
pub mod typed;
mod watch;

#[cfg(feature = "conformance")]
pub mod conformance;

pub use error::StoreError;
pub use key_value::{KeyValue, Stored};
pub use lease::{LeaseId, expire_leases_forever};
pub use memory::MemoryStore;
pub use store::{BoxFuture, Observer, RangeRequest, RangeResult, StateStore, Unsettled};
pub use transaction::{
    Compare, MAX_KEY_BYTES, MAX_OPERATIONS, MAX_REQUEST_BYTES, Operation, OperationResult, Transaction,
    TransactionResult,
};
pub use typed::{Committed, Record, RecordError, Scope, Store, Tx, TypedChanges, TypedEvent, TypedWatch};
pub use watch::{Event, Watch};
