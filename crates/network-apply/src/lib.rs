//! Makes a [`network_plan::VpcPlan`] true in the kernel: nf_tables, routes, veth
//! pairs and namespaces, by netlink and without any helper program.
//!
//! ```text
//!  machine ── veth ── router namespace ── veth ── edge namespace ── veth ── host
//!  (its own)          one per VPC                 one per cloud            uplink
//! ```
//!
//! [`Network`] is the way in. It is synchronous and meant to live on a thread of
//! its own; what it makes outlives it and is found again by the next one.

// Namespaces and netlink have no safe interface in the standard library: entering
// a namespace, opening a netlink socket and pinning a namespace are system calls.
#![allow(unsafe_code)]

mod appliance;
mod attach;
mod config;
mod counters;
mod edge;
mod edge_report;
mod error;
mod filter;
mod guard;
mod listen;
mod memory;
mod mend;
mod netlink;
mod netns;
mod network;
mod nft;
mod peering;
mod probe;
mod readback;
mod route;
mod router;
mod sysctl;
pub mod user_ground;
mod watch;

pub use attach::Attachment;
pub use config::{HostConfig, Uplink};
pub use counters::{Counts, EniCounters, VpcCounters};
pub use error::ApplyError;
pub use network::Network;
pub use probe::{Feature, probe};
pub use watch::{DropListener, DroppedPacket, Flow, FlowListener, FlowTable, Heard, Pressure, Tuple};

#[cfg(test)]
mod tests;
