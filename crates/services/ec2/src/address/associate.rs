//! AssociateAddress and DisassociateAddress.

use super::find::{allocated, associated, refuse_forwarding};
use super::{map, unmap};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, cidr, faults, lookup};
use api_ec2::{AssociateAddressRequest, AssociateAddressResult, DisassociateAddressRequest};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::{Instance, InstanceState, InternetGateway, NetworkInterface};
use state_store::typed::{Scope, Tx};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// The interface meant: named, or the only one of the instance.
fn interface(
    tx: &mut Tx<'_>,
    scope: &Scope,
    input: &AssociateAddressRequest,
) -> Result<NetworkInterface, Fault> {
    let kind = ResourceKind::NetworkInterface;
    match (&input.network_interface_id, &input.instance_id) {
        (Some(_), Some(_)) => Err(faults::invalid_combination(
            "You may specify instance id or network interface id, but not both in the same call",
        )),
        (Some(id), None) => lookup::find_mut::<NetworkInterface>(tx, scope, kind, id),
        (None, Some(id)) => {
            let instance = lookup::find::<Instance>(tx, scope, ResourceKind::Instance, id)?;
            if !matches!(
                instance.state,
                InstanceState::Running | InstanceState::Stopped | InstanceState::Stopping
            ) {
                return Err(Fault::sender(
                    "InvalidInstanceID",
                    format!(
                        "The {} instance '{id}' is not in a valid state for this operation.",
                        instance.state.name()
                    ),
                ));
            }
            match instance.network_interfaces.as_slice() {
                [only] => lookup::find_mut::<NetworkInterface>(tx, scope, kind, only),
                _ => Err(Fault::sender(
                    "InvalidInstanceID",
                    format!(
                        "There are multiple interfaces attached to instance '{id}'. \
                         Please specify an interface ID for the operation instead."
                    ),
                )),
            }
        }
        (None, None) => Err(Fault::sender(
            "MissingParameter",
            "Either instance id or network interface id must be specified",
        )),
    }
}

/// Which of the interface's private addresses is meant; the primary one unless named.
fn position(interface: &NetworkInterface, wanted: Option<Ipv4Addr>) -> Result<usize, Fault> {
    let found = interface.private_addresses.iter().position(|a| match wanted {
        Some(address) => a.address == address,
        None => a.primary,
    });
    found.ok_or_else(|| {
        let shown = wanted.map(|a| a.to_string()).unwrap_or_default();
        faults::invalid_parameter_value(format!(
            "Invalid association '[{}, {shown}]': the address is not assigned to the interface",
            interface.id
        ))
    })
}

/// The addresses of a NAT gateway's or endpoint's interface are changed by that service's own operations only.
fn refuse_managed(interface: &NetworkInterface) -> Result<(), Fault> {
    if interface.requester_managed {
        let message = "You do not have permission to access the specified resource.";
        return Err(Fault::sender("AuthFailure", message));
    }
    Ok(())
}

/// Frees the address where it is associated now; answers the VPC in which that can be noticed.
fn free_elsewhere(
    tx: &mut Tx<'_>,
    scope: &Scope,
    interface_id: &str,
    allocation: &str,
) -> Result<Option<String>, Fault> {
    let Some(holder) = tx.get::<NetworkInterface>(scope, interface_id) else { return Ok(None) };
    refuse_managed(&holder)?;
    let mut holder = NetworkInterface::clone(&holder);
    let at = holder.private_addresses.iter().position(|a| a.allocation_id.as_deref() == Some(allocation));
    let Some(at) = at else { return Ok(None) };
    unmap(tx, scope, &mut holder, at);
    let vpc_id = holder.vpc_id.clone();
    tx.put(scope, holder);
    Ok(Some(vpc_id))
}

/// AssociateAddress. An association elsewhere moves here unless `AllowReassociation` is false (the VPC rule), and a
/// public address already there makes room.
///
/// # Errors
/// `Gateway.NotAttached` in a VPC without internet gateway, `Resource.AlreadyAssociated`, `InvalidInstanceID` for a machine
/// that is starting or has several interfaces, `AuthFailure` for interfaces of services, `NotFound` faults.
pub(super) async fn associate_address(
    call: Call<Ec2>,
    input: AssociateAddressRequest,
) -> Reply<AssociateAddressResult> {
    let wanted =
        input.private_ip_address.as_deref().map(|t| cidr::address_v4("privateIpAddress", t)).transpose()?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let address = allocated(tx, scope, input.allocation_id.as_deref(), input.public_ip.as_deref())?;
        refuse_forwarding(tx, scope, &address.id)?;
        let target = interface(tx, scope, &input)?;
        refuse_managed(&target)?;
        let at = position(&target, wanted)?;
        if tx.by_index::<InternetGateway>(scope, "vpc", &target.vpc_id).is_empty() {
            return Err(Fault::sender(
                "Gateway.NotAttached",
                format!("Network {} is not attached to any internet gateway", target.vpc_id),
            ));
        }
        let mut vpcs = BTreeSet::from([target.vpc_id.clone()]);
        if target.private_addresses[at].allocation_id.as_deref() == Some(address.id.as_str()) {
            // Again the same: nothing to do.
            return Ok((address.association_id.clone().unwrap_or_default(), vpcs));
        }
        let refuse = input.allow_reassociation == Some(false);
        if let (true, Some(association)) = (refuse, &address.association_id) {
            return Err(Fault::sender(
                "Resource.AlreadyAssociated",
                format!("resource {} is already associated with associate-id {association}", address.id),
            ));
        }
        if let (true, Some(association)) = (refuse, &target.private_addresses[at].association_id) {
            return Err(Fault::sender(
                "Resource.AlreadyAssociated",
                format!("resource {} is already associated with associate-id {association}", target.id),
            ));
        }
        if let Some(holder) = &address.network_interface_id {
            vpcs.extend(free_elsewhere(tx, scope, holder, &address.id)?);
        }
        // Read again: the holder may have been another address of this very interface.
        let mut target =
            lookup::find_mut::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, &target.id)?;
        unmap(tx, scope, &mut target, at);
        let association = map(tx, scope, &mut target, at, address);
        tx.put(scope, target);
        Ok((association, vpcs))
    });
    let done = changed.await?;
    let (association, vpcs) = done.value;
    for vpc in vpcs {
        call.settled(scope, &vpc, done.revision.clone()).await?;
    }
    Ok(AssociateAddressResult { association_id: Some(association) })
}

/// DisassociateAddress.
///
/// # Errors
/// `InvalidAssociationID.NotFound`, also for an address that is not associated; `AuthFailure` for a NAT gateway's.
pub(super) async fn disassociate_address(call: Call<Ec2>, input: DisassociateAddressRequest) -> Reply<Unit> {
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let address = associated(tx, scope, input.association_id.as_deref(), input.public_ip.as_deref())?;
        let holder = address.network_interface_id.as_deref().unwrap_or_default();
        free_elsewhere(tx, scope, holder, &address.id)
    });
    let done = changed.await?;
    if let Some(vpc) = done.value {
        call.settled(scope, &vpc, done.revision).await?;
    }
    Ok(Unit)
}
