//! Records instead of bytes: the layer services use.
//!
//! What to know before writing a handler:
//!
//! - [`Store::get`], [`Store::list`], [`Store::by_index`] answer from memory and see what is durable. They
//!   are for answers; decisions belong into [`Store::transact`], whose reads are checked at the commit.
//! - The closure of `transact` may run several times, so it only reads, computes and writes through [`Tx`];
//!   ids, clocks and random numbers are drawn before it. It sees its own writes. Its error aborts everything.
//! - Lists and indexes read inside guard against phantoms: "at most five" and "this name is free" hold.
//! - One transaction holds at most 128 writes and 1.5 MiB (etcd's limits); larger work goes in steps, each of
//!   which leaves a state one can live with.
//! - A call whose effect must be known again after a crash runs under a [`Mark`].
//! - A controller calls [`Store::watch_kind`]: all records first, then every change, never a gap.
//! - Changing a record's fields: new ones need `#[serde(default)]`; when that is not enough, raise
//!   [`Record::VERSION`] and write [`Record::upgrade`]. Call [`Store::check`] for each kind at start.
//!
//! ```
//! # #[derive(Clone, serde::Serialize, serde::Deserialize)] struct Vpc { vpc_id: String, cidr: String }
//! # use state_store::{Record, Scope, Store, StoreError};
//! impl Record for Vpc {
//!     const KIND: &'static str = "ec2/vpc";
//!     fn id(&self) -> &str { &self.vpc_id }
//! }
//! # async fn example() -> Result<(), StoreError> {
//! let store = Store::in_memory();
//! let scope = Scope::new("000000000000", "eu-central-1");
//! let done = store.transact(|tx| {
//!     let vpc = Vpc { vpc_id: "vpc-1".into(), cidr: "10.0.0.0/16".into() };
//!     if !tx.exists::<Vpc>(&scope, &vpc.vpc_id) { tx.put(&scope, vpc); }
//!     Ok::<_, StoreError>(tx.count::<Vpc>(&scope))
//! }).await?;
//! assert_eq!(done.value, 1);
//! assert_eq!(store.get::<Vpc>(&scope, "vpc-1").map(|vpc| vpc.cidr.clone()).as_deref(), Some("10.0.0.0/16"));
//! # Ok(()) }
//! ```

mod codec;
mod index;
mod once;
mod record;
mod scope;
mod store;
mod transact;
mod tx;
mod undo;
mod watch;

pub use once::Mark;
pub use record::{Record, RecordError};
pub use scope::Scope;
pub use store::Store;
pub use transact::Committed;
pub use tx::Tx;
pub use undo::{PutBack, Undo};
pub use watch::{TypedChanges, TypedEvent, TypedWatch};
