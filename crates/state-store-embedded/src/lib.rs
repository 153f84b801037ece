//! The durable store: memory for reads, a fjall log for durability.
//!
//! All reads, lists and watches are answered by the [`Ledger`](state_store::ledger::Ledger) in memory. A
//! transaction is judged there and queued; one committer thread takes everything queued, writes it as one
//! batch, syncs once, makes it visible and answers all who wait (group commit). An answer therefore means: it
//! survives `kill -9` and, as far as the disk keeps its word, a power cut.

mod committer;
mod digest;
mod durable;
mod fjall_log;
mod format;
mod journal;
mod lock;
mod store;

pub use durable::{Batch, Durable, Loaded, LogError};
pub use fjall_log::FjallLog;
pub use journal::drop_torn_tail;
pub use lock::DirectoryLock;
pub use store::EmbeddedStore;
