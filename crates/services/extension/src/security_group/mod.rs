//! The network security groups of a VNet (NET-22; Azure, "Network security groups"): stateful, numbered priorities,
//! allowing and denying, at subnets and interfaces.

pub(crate) mod associate;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod describe;
mod parse;
pub(crate) mod rules;
mod show;
