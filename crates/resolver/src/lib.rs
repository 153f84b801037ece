//! The name server of every VPC (VPC User Guide, "Amazon DNS server").
//!
//! ```text
//! socket in a VPC ─► front (UDP, TCP) ─► engine ─┬─► private zones (a seam: Route 53, interface endpoints)
//!                    limits per interface        ├─► local: instance names and reverse zones, from the records
//!                                                └─► cache ─► upstream (one question at a time, checked)
//! ```
//!
//! What the records say is read from the store at every question, so a change is seen by the next packet; only answers
//! from upstream are cached. One thread per cloud serves all VPCs. Sockets are made by the caller, in the namespaces of
//! the VPCs; this crate neither knows nor enters namespaces.
//!
//! The way of a question is split in two: [`engine`] answers at once whatever needs no waiting, without decoding into
//! records; the rest becomes a [`task`] of its own.
#![forbid(unsafe_code)]

mod cache;
mod config;
mod counters;
mod dns64;
mod engine;
mod facts;
mod front;
mod limit;
mod local;
mod service;
mod task;
mod upstream;
mod wire;
mod zones;

pub use config::ResolverConfig;
pub use counters::Counts;
pub use service::{Listening, Resolver, ResolverError, VpcKey};
pub use upstream::servers::Upstreams;
pub use wire::answer::{Answer, Rcode};
pub use wire::name::{Name, NameError};
pub use wire::record::{Kind, Record};
pub use zones::{PrivateZones, ZoneAnswer};

#[cfg(test)]
mod tests;
