//! Flow logs: what interfaces sent and received, in AWS's records (VPC guide, "Logging IP traffic using VPC Flow Logs").
//!
//! Accepted traffic comes from the kernel's connection table: what ended is told by events, what lives is read at the
//! end of each aggregation interval. Rejected traffic comes from the packet filter's own reports. Everything between is
//! pure and bounded: what does not fit is left out, and the interval's records say `SKIPDATA`.

mod file_sink;
mod packet;
mod record;
mod sides;
#[cfg(test)]
mod tests;
mod window;
mod writer;

pub(crate) use file_sink::FileLogs;
pub(crate) use packet::Seen;
pub(crate) use sides::Sides;
pub(crate) use window::{Rejection, Window};
pub(crate) use writer::{Delivery, Writer};

use records::FlowLog;
use state_store::typed::{Scope, Store};
use std::sync::Arc;

/// The flow logs that concern a VPC: its own, its subnets', its interfaces'.
pub(crate) fn of_vpc(store: &Store, scope: &Scope, vpc_id: &str) -> Vec<Arc<FlowLog>> {
    let mut found = store.list::<FlowLog>(scope);
    found.retain(|log| vpc_of(store, scope, log).as_deref() == Some(vpc_id));
    found
}

/// The VPC that a flow log watches or watches a part of.
pub(crate) fn vpc_of(store: &Store, scope: &Scope, log: &FlowLog) -> Option<String> {
    let id = &log.resource_id;
    match id.split('-').next()? {
        "vpc" => Some(id.clone()),
        "subnet" => store.get::<records::Subnet>(scope, id).map(|subnet| subnet.vpc_id.clone()),
        "eni" => store.get::<records::NetworkInterface>(scope, id).map(|eni| eni.vpc_id.clone()),
        _ => None,
    }
}
