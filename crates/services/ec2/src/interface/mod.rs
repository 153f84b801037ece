//! Network interfaces.

mod addresses;
mod assign_ipv4;
mod assign_ipv6;
mod attach;
mod attributes;
mod create;
mod delete;
mod describe;
mod filter_values;
mod plan;
mod prefixes;
mod primary_ipv6;
mod public_pool;
pub(crate) mod show;
pub(crate) mod tracking;

use crate::{Ec2, faults};
use api_ec2::ops;
use aws_schema::Fault;
use contracts::ServiceTable;
use records::NetworkInterface;
use std::sync::Arc;

pub(crate) use addresses::Addresses;
pub(crate) use plan::{Planner, Wanted};
pub(crate) use prefixes::WantedPrefixes;
pub(crate) use public_pool::claim_public;
pub(crate) use records::transitions::release_interface as release_in_tx;

/// Refuses to change interfaces that belong to a NAT gateway, an endpoint or another service.
///
/// # Errors
/// `OperationNotPermitted`.
fn check_own(interface: &NetworkInterface) -> Result<(), Fault> {
    if !interface.requester_managed {
        return Ok(());
    }
    Err(faults::not_permitted(format!(
        "You do not have permission to modify the network interface '{}': it is managed by a service.",
        interface.id
    )))
}

/// Adds the operations on network interfaces.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateNetworkInterface => create::create_network_interface,
        DeleteNetworkInterface => delete::delete_network_interface,
        DescribeNetworkInterfaces => describe::describe_network_interfaces,
        DescribeNetworkInterfaceAttribute => attributes::describe_network_interface_attribute,
        ModifyNetworkInterfaceAttribute => attributes::modify_network_interface_attribute,
        ResetNetworkInterfaceAttribute => attributes::reset_network_interface_attribute,
        AttachNetworkInterface => attach::attach_network_interface,
        DetachNetworkInterface => attach::detach_network_interface,
        AssignPrivateIpAddresses => assign_ipv4::assign_private_ip_addresses,
        UnassignPrivateIpAddresses => assign_ipv4::unassign_private_ip_addresses,
        AssignIpv6Addresses => assign_ipv6::assign_ipv6_addresses,
        UnassignIpv6Addresses => assign_ipv6::unassign_ipv6_addresses,
    });
}
