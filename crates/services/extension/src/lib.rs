//! Meaning of the `allod` operations: what this cloud's network can do beyond EC2.
//!
//! Port forwarding at gateways (NET-30), the network security groups of a VNet (NET-22) and routes that a virtual
//! private gateway learns (NET-11). The model is our own (`models/allod.json`); manners, names and faults follow EC2.
//! A handler writes records and waits until the kernel follows; the same plan serves both vocabularies.
#![forbid(unsafe_code)]

mod faults;
mod kind;
mod learned_route;
mod limits;
mod listing;
mod port_forwarding;
mod security_group;
mod settle;
#[cfg(test)]
mod tests;
mod text;

use api_allod::ops;
use contracts::{Platform, ServiceTable};
use std::sync::Arc;

/// The extension service: what every handler reaches through its `Call`.
pub struct Extension {
    /// Records, clock, seams.
    pub(crate) platform: Platform,
}

/// The built operations: all of the model.
pub fn table(platform: Platform) -> ServiceTable {
    let service = Arc::new(Extension { platform });
    let mut table = ServiceTable::new(&api_allod::SERVICE);
    contracts::operations!(table, service, {
        CreatePortForwarding => port_forwarding::create::create_port_forwarding,
        DeletePortForwarding => port_forwarding::delete::delete_port_forwarding,
        DescribePortForwardings => port_forwarding::describe::describe_port_forwardings,
        CreateNetworkSecurityGroup => security_group::create::create_network_security_group,
        DeleteNetworkSecurityGroup => security_group::delete::delete_network_security_group,
        DescribeNetworkSecurityGroups => security_group::describe::describe_network_security_groups,
        PutNetworkSecurityGroupRule => security_group::rules::put_network_security_group_rule,
        DeleteNetworkSecurityGroupRule => security_group::rules::delete_network_security_group_rule,
        AssociateNetworkSecurityGroup => security_group::associate::associate_network_security_group,
        DisassociateNetworkSecurityGroup => security_group::associate::disassociate_network_security_group,
        PutLearnedRoutes => learned_route::put::put_learned_routes,
        WithdrawLearnedRoutes => learned_route::withdraw::withdraw_learned_routes,
        DescribeLearnedRoutes => learned_route::describe::describe_learned_routes,
    });
    table
}
