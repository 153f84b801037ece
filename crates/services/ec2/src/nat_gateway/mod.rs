//! NAT gateways.
//!
//! A handler writes the gateway with its interface; the host agent makes and removes what translates packets and moves
//! the state on ([`records::transitions`]).

mod addresses;
mod create;
mod delete;
mod describe;
mod private_addresses;
mod public_addresses;
mod request;
mod show;

use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds the operations on NAT gateways.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateNatGateway => create::create_nat_gateway,
        DeleteNatGateway => delete::delete_nat_gateway,
        DescribeNatGateways => describe::describe_nat_gateways,
        AssignPrivateNatGatewayAddress => private_addresses::assign_private_nat_gateway_address,
        UnassignPrivateNatGatewayAddress => private_addresses::unassign_private_nat_gateway_address,
        AssociateNatGatewayAddress => public_addresses::associate_nat_gateway_address,
        DisassociateNatGatewayAddress => public_addresses::disassociate_nat_gateway_address,
    });
}
