//! The measures of the network: what a packet pays for the rules, how fast the kernel follows, what it takes to come back.
//!
//! `path` and `restore` work on `network-apply` itself, in a network namespace of their own in the place of a host;
//! `fleet` works on a cloud through its API.

mod facts;
mod fleet;
mod ground;
mod path;
mod restore;
mod traffic;

pub(super) use fleet::run as fleet;
pub(super) use path::run as path;
pub(super) use restore::run as restore;
