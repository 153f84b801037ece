//! Which packets are sent through a topology.

mod beyond;
mod choose;
mod key;

pub use beyond::is_beyond;
pub use choose::choose;
pub(crate) use choose::identifier;
pub use key::Known;
