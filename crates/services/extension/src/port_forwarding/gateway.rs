//! The gateways whose ports can be forwarded.

use crate::faults;
use crate::kind::Kind;
use aws_schema::Fault;
use records::{Address, InternetGateway, NatGateway, NatGatewayState};
use state_store::typed::{Scope, Tx};
use std::net::Ipv4Addr;

/// A gateway that is there, with the address packets for it are sent to.
#[derive(Debug)]
pub(super) struct Gateway {
    pub(super) vpc_id: String,
    pub(super) address: Ipv4Addr,
    /// Set at an internet gateway.
    pub(super) allocation_id: Option<String>,
    /// The gateway's own address in the VPC; set at a NAT gateway.
    pub(super) inside: Option<Ipv4Addr>,
}

/// Finds the gateway by the form of its id. An internet gateway has no address of its own, so an elastic one that stands
/// for nothing else must be named; a NAT gateway answers under its primary address.
///
/// # Errors
/// `NotFound` and `Malformed` faults; `Gateway.NotAttached`; `IncorrectState` for a NAT gateway that is not available;
/// `MissingParameter`, `InvalidParameterCombination` for the allocation; `Resource.AlreadyAssociated`.
pub(super) fn find(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &str,
    allocation: Option<&str>,
) -> Result<Gateway, Fault> {
    if id.starts_with("nat-") {
        return nat_gateway(tx, scope, id, allocation);
    }
    let gateway = Kind::INTERNET_GATEWAY.find::<InternetGateway>(tx, scope, id)?;
    let vpc_id = gateway.vpc_id.clone().ok_or_else(|| faults::not_attached(id))?;
    let allocation = allocation.ok_or_else(|| faults::missing_parameter("AllocationId"))?;
    let address = Kind::ELASTIC_IP.find::<Address>(tx, scope, allocation)?;
    if let Some(association) = &address.association_id {
        return Err(faults::already_associated(allocation, association));
    }
    let allocation_id = Some(allocation.to_owned());
    Ok(Gateway { vpc_id, address: address.public_ip, allocation_id, inside: None })
}

fn nat_gateway(tx: &mut Tx<'_>, scope: &Scope, id: &str, allocation: Option<&str>) -> Result<Gateway, Fault> {
    let gateway = Kind::NAT_GATEWAY.find::<NatGateway>(tx, scope, id)?;
    match gateway.state {
        NatGatewayState::Available => {}
        NatGatewayState::Pending | NatGatewayState::Failed => {
            let message = format!("The NAT gateway '{id}' is not in the available state.");
            return Err(Fault::sender("IncorrectState", message));
        }
        // EC2 takes gateways on their way out for absent ones.
        NatGatewayState::Deleting | NatGatewayState::Deleted => {
            return Err(Kind::NAT_GATEWAY.not_found(&[id.to_owned()]));
        }
    }
    if allocation.is_some() {
        let message = "AllocationId goes with internet gateways; a NAT gateway has addresses of its own.";
        return Err(faults::invalid_combination(message));
    }
    let primary = gateway.addresses.iter().find(|address| address.primary);
    let primary = primary.ok_or_else(|| faults::internal(format!("{id} has no primary address.")))?;
    Ok(Gateway {
        vpc_id: gateway.vpc_id.clone(),
        address: primary.public_ip.unwrap_or(primary.private_ip),
        allocation_id: None,
        inside: Some(primary.private_ip),
    })
}
