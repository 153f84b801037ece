//! Virtual private gateways, and the routes that tables take over from them.
//!
//! A gateway carries no packets by itself: what it has learned ([`records::LearnedRoute`]) leads to an appliance.

mod attach;
mod create;
mod delete;
mod describe;
mod propagation;

use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds the operations on virtual private gateways.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateVpnGateway => create::create_vpn_gateway,
        DeleteVpnGateway => delete::delete_vpn_gateway,
        DescribeVpnGateways => describe::describe_vpn_gateways,
        AttachVpnGateway => attach::attach_vpn_gateway,
        DetachVpnGateway => attach::detach_vpn_gateway,
        EnableVgwRoutePropagation => propagation::enable_vgw_route_propagation,
        DisableVgwRoutePropagation => propagation::disable_vgw_route_propagation,
    });
}
