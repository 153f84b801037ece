//! Meaning of the EC2 operations.
//!
//! A handler parses and checks its input, changes records in one store transaction, waits until the data plane
//! enforces the change where packets could notice it, and answers. It never touches the kernel.
#![forbid(unsafe_code)]

#[macro_use]
mod operations;

mod address;
mod cidr;
mod client_token;
mod dhcp_options;
mod egress_only;
mod faults;
mod filters;
mod flow_log;
mod gateway;
mod images;
mod insights;
mod instance_types;
mod instances;
mod interface;
mod key_pairs;
mod limits;
mod lookup;
mod nat_gateway;
mod network_acl;
mod paging;
mod peering;
mod places;
mod prefix_list;
mod resource_kind;
mod route_table;
mod security_group;
mod settle;
mod subnet;
mod subnet_reservation;
mod tags;
#[cfg(test)]
mod test_world;
#[cfg(test)]
mod tests;
mod vpc;
mod vpc_endpoint;
mod vpn_gateway;

use contracts::{Platform, ServiceTable};
use records::Millis;
use state_store::typed::Store;
use std::sync::Arc;

/// The EC2 service: what every handler reaches through its `Call`.
pub struct Ec2 {
    /// Records, clock, seams.
    pub(crate) platform: Platform,
    /// Descriptions of instances shown before.
    pub(crate) shown_instances: instances::Shown,
    /// Analyses of network paths that are at work.
    pub(crate) analyses: insights::Analyses,
}

impl Ec2 {
    /// Stands on the shared platform.
    pub(crate) fn new(platform: Platform) -> Arc<Ec2> {
        Arc::new(Ec2 {
            platform,
            shown_instances: instances::Shown::default(),
            analyses: insights::Analyses::default(),
        })
    }

    /// The records.
    pub(crate) fn store(&self) -> &Store {
        &self.platform.store
    }

    /// Milliseconds since 1970.
    pub(crate) fn now(&self) -> Millis {
        self.platform.clock.now()
    }
}

/// The built operations of EC2.
pub fn table(platform: Platform) -> ServiceTable {
    let service = Ec2::new(platform);
    let mut table = ServiceTable::new(&api_ec2::SERVICE);
    places::table::add(&mut table, &service);
    tags::table::add(&mut table, &service);
    vpc::add(&mut table, &service);
    subnet::add(&mut table, &service);
    dhcp_options::add(&mut table, &service);
    route_table::add(&mut table, &service);
    gateway::add(&mut table, &service);
    egress_only::add(&mut table, &service);
    vpn_gateway::add(&mut table, &service);
    network_acl::add(&mut table, &service);
    nat_gateway::add(&mut table, &service);
    security_group::add(&mut table, &service);
    prefix_list::add(&mut table, &service);
    interface::add(&mut table, &service);
    peering::add(&mut table, &service);
    flow_log::add(&mut table, &service);
    insights::add(&mut table, &service);
    subnet_reservation::add(&mut table, &service);
    vpc_endpoint::add(&mut table, &service);
    address::add(&mut table, &service);
    instances::table::add(&mut table, &service);
    table
}
