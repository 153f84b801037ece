//! AssociateNatGatewayAddress and DisassociateNatGatewayAddress.

use super::addresses::{self, Status};
use super::{request, show};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{
    AssociateNatGatewayAddressRequest, AssociateNatGatewayAddressResult,
    DisassociateNatGatewayAddressRequest, DisassociateNatGatewayAddressResult,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{Address, NatAddress};
use state_store::typed::{Scope, Tx};

/// A free elastic address.
fn free(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> Result<Address, Fault> {
    let address = lookup::find_mut::<Address>(tx, scope, ResourceKind::ElasticIp, id)?;
    crate::address::refuse_forwarding(tx, scope, id)?;
    match &address.association_id {
        None => Ok(address),
        Some(association) => Err(Fault::sender(
            "Resource.AlreadyAssociated",
            format!("resource {id} is already associated with associate-id {association}"),
        )),
    }
}

/// AssociateNatGatewayAddress: more elastic addresses for a public gateway, each with a private one.
///
/// # Errors
/// `NatGatewayNotFound`, `IncorrectState`, `InvalidAllocationID.NotFound`, `Resource.AlreadyAssociated`,
/// `AddressLimitExceeded`, `InvalidIPAddress.InUse`, `InvalidParameterCombination` for uneven lists.
pub(super) async fn associate_nat_gateway_address(
    call: Call<Ec2>,
    input: AssociateNatGatewayAddressRequest,
) -> Reply<AssociateNatGatewayAddressResult> {
    if input.availability_zone.is_some() || input.availability_zone_id.is_some() {
        return Err(faults::unsupported_parameter("AvailabilityZone"));
    }
    let id = faults::required(input.nat_gateway_id, "natGatewayId")?;
    let allocations = faults::required(input.allocation_ids.filter(|ids| !ids.is_empty()), "allocationIds")?;
    let named = request::addresses("privateIpAddresses", input.private_ip_addresses)?;
    if !named.is_empty() && named.len() != allocations.len() {
        return Err(faults::invalid_combination(
            "The number of private IP addresses must equal the number of allocation IDs.",
        ));
    }
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let (mut gateway, mut interface) = addresses::available(tx, scope, &id, true)?;
        let count = if named.is_empty() { allocations.len() } else { 0 };
        let first = addresses::add(tx, scope, &mut interface, &named, count)?;
        for (at, allocation) in (first..).zip(&allocations) {
            // An address given twice is found associated the second time.
            let address = free(tx, scope, allocation)?;
            crate::address::map(tx, scope, &mut interface, at, address);
        }
        let new = addresses::taken_over(&mut gateway, &interface, first);
        let (vpc_id, holder) = addresses::put(tx, scope, gateway, interface);
        Ok((vpc_id, holder, new))
    });
    let done = changed.await?;
    let (vpc_id, holder, new) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    Ok(AssociateNatGatewayAddressResult {
        nat_gateway_id: Some(id),
        nat_gateway_addresses: Some(show::on_the_way(&holder, &new, Status::Associating)),
    })
}

/// DisassociateNatGatewayAddress: connections through the addresses end; the elastic addresses stay allocated.
///
/// # Errors
/// `NatGatewayNotFound`, `IncorrectState`; `InvalidAssociationID.NotFound` for one the gateway does not have;
/// `OperationNotPermitted` for the primary one.
pub(super) async fn disassociate_nat_gateway_address(
    call: Call<Ec2>,
    input: DisassociateNatGatewayAddressRequest,
) -> Reply<DisassociateNatGatewayAddressResult> {
    let id = faults::required(input.nat_gateway_id, "natGatewayId")?;
    addresses::check_drain(input.max_drain_duration_seconds)?;
    let ids = faults::required(input.association_ids.filter(|ids| !ids.is_empty()), "associationIds")?;
    let kind = ResourceKind::AddressAssociation;
    kind.check_all(&ids)?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let (mut gateway, mut interface) = addresses::available(tx, scope, &id, true)?;
        let has =
            |wanted: &String| gateway.addresses.iter().any(|a| a.association_id.as_ref() == Some(wanted));
        if let Some(unknown) = ids.iter().find(|wanted| !has(wanted)) {
            return Err(kind.not_found(unknown));
        }
        let goes = |address: &NatAddress| address.association_id.as_ref().is_some_and(|a| ids.contains(a));
        let gone = addresses::remove(tx, scope, &mut gateway, &mut interface, goes)?;
        let (vpc_id, holder) = addresses::put(tx, scope, gateway, interface);
        Ok((vpc_id, holder, gone))
    });
    let done = changed.await?;
    let (vpc_id, holder, gone) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    Ok(DisassociateNatGatewayAddressResult {
        nat_gateway_id: Some(id),
        nat_gateway_addresses: Some(show::on_the_way(&holder, &gone, Status::Disassociating)),
    })
}
