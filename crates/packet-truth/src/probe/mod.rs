//! Which packets are sent through a topology.

mod choose;
mod key;

pub(crate) use choose::identifier;
pub use choose::choose;
pub use key::Known;
