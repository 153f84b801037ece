//! Records instead of bytes: the layer services use.
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
mod record;
mod scope;
mod store;
mod transact;
mod tx;
mod watch;

pub use record::{Record, RecordError};
pub use scope::Scope;
pub use store::Store;
pub use transact::Committed;
pub use tx::Tx;
pub use watch::{TypedChanges, TypedEvent, TypedWatch};
