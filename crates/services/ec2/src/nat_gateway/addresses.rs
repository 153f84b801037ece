//! Addresses of a gateway that is there.

use super::request::check_number;
use crate::interface::Addresses;
use crate::resource_kind::ResourceKind;
use crate::{faults, lookup};
use aws_schema::Fault;
use records::{NatAddress, NatGateway, NatGatewayState, NetworkInterface, PrivateAddress, Subnet};
use state_store::typed::{Scope, Tx};
use std::net::Ipv4Addr;

/// Where an address stands on its way (API reference, `NatGatewayAddress`).
#[derive(Clone, Copy, Debug)]
pub(super) enum Status {
    Assigning,
    Unassigning,
    Associating,
    Disassociating,
    Succeeded,
}

impl Status {
    /// As the API writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Status::Assigning => "assigning",
            Status::Unassigning => "unassigning",
            Status::Associating => "associating",
            Status::Disassociating => "disassociating",
            Status::Succeeded => "succeeded",
        }
    }
}

/// An address of the gateway's interface as the gateway's record has it.
pub(super) fn of(address: &PrivateAddress, status: Status) -> NatAddress {
    NatAddress {
        private_ip: address.address,
        allocation_id: address.allocation_id.clone(),
        public_ip: address.public,
        association_id: address.association_id.clone(),
        primary: address.primary,
        status: status.name().to_owned(),
    }
}

/// A gateway and its interface, to be changed: only an available one may be.
///
/// # Errors
/// `NatGatewayNotFound`, `IncorrectState`; `InvalidParameterCombination` for a gateway of the other kind.
pub(super) fn available(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &str,
    public: bool,
) -> Result<(NatGateway, NetworkInterface), Fault> {
    let gateway = lookup::find_mut::<NatGateway>(tx, scope, ResourceKind::NatGateway, id)?;
    if gateway.state != NatGatewayState::Available {
        return Err(faults::incorrect_state(format!(
            "The NAT gateway '{id}' is not in the available state."
        )));
    }
    if gateway.public != public {
        let kind = if public { "public" } else { "private" };
        let message = format!("The operation is for {kind} NAT gateways; '{id}' is not one.");
        return Err(faults::invalid_combination(message));
    }
    let kind = ResourceKind::NetworkInterface;
    let interface = lookup::find_mut::<NetworkInterface>(tx, scope, kind, &gateway.network_interface_id)?;
    Ok((gateway, interface))
}

/// Adds private addresses to the interface: those named, then as many free ones; answers where they begin in its list.
///
/// # Errors
/// `AddressLimitExceeded`, `InvalidIPAddress.InUse`, `InvalidParameterValue` outside of the subnet,
/// `InsufficientFreeAddressesInSubnet`.
pub(super) fn add(
    tx: &mut Tx<'_>,
    scope: &Scope,
    interface: &mut NetworkInterface,
    named: &[Ipv4Addr],
    count: usize,
) -> Result<usize, Fault> {
    let first = interface.private_addresses.len();
    check_number(first.saturating_add(named.len()).saturating_add(count))?;
    let subnet = lookup::find::<Subnet>(tx, scope, ResourceKind::Subnet, &interface.subnet_id)?;
    let mut free = Addresses::default();
    let mut new = named.to_vec();
    for address in named {
        free.take(tx, scope, &subnet, *address)?;
    }
    for _ in 0..count {
        new.push(free.take_any(tx, scope, &subnet)?);
    }
    let secondary = |address| PrivateAddress {
        address,
        primary: false,
        public: None,
        allocation_id: None,
        association_id: None,
    };
    interface.private_addresses.extend(new.into_iter().map(secondary));
    Ok(first)
}

/// Takes the addresses for which `goes` holds from gateway and interface and answers them; their elastic addresses are free
/// again. The caller writes both.
///
/// # Errors
/// `OperationNotPermitted` for the primary address.
pub(super) fn remove(
    tx: &mut Tx<'_>,
    scope: &Scope,
    gateway: &mut NatGateway,
    interface: &mut NetworkInterface,
    goes: impl Fn(&NatAddress) -> bool,
) -> Result<Vec<NatAddress>, Fault> {
    let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut gateway.addresses).into_iter().partition(&goes);
    gateway.addresses = kept;
    if let Some(primary) = gone.iter().find(|address| address.primary) {
        let message =
            format!("The primary address {} of a NAT gateway cannot be removed.", primary.private_ip);
        return Err(faults::not_permitted(message));
    }
    for address in &gone {
        let at = interface.private_addresses.iter().position(|held| held.address == address.private_ip);
        if let Some(at) = at {
            crate::address::unmap(tx, scope, interface, at);
            interface.private_addresses.remove(at);
        }
    }
    Ok(gone)
}

/// Checks `MaxDrainDurationSeconds`. Connections through an address end with it here; AWS waits for them that long at most.
///
/// # Errors
/// `InvalidParameterValue` outside of 1–4000.
pub(super) fn check_drain(seconds: Option<i32>) -> Result<(), Fault> {
    match seconds {
        Some(seconds) if !(1..=4000).contains(&seconds) => {
            Err(faults::invalid_value("maxDrainDurationSeconds", &seconds.to_string(), ""))
        }
        _ => Ok(()),
    }
}

/// Lists the interface's addresses from `first` on with the gateway, and answers them.
pub(super) fn taken_over(
    gateway: &mut NatGateway,
    interface: &NetworkInterface,
    first: usize,
) -> Vec<NatAddress> {
    let new: Vec<NatAddress> =
        interface.private_addresses[first..].iter().map(|a| of(a, Status::Succeeded)).collect();
    gateway.addresses.extend(new.clone());
    new
}

/// Writes a changed gateway with its interface; answers the ids of its VPC and of the interface.
pub(super) fn put(
    tx: &mut Tx<'_>,
    scope: &Scope,
    gateway: NatGateway,
    interface: NetworkInterface,
) -> (String, String) {
    let ids = (gateway.vpc_id.clone(), interface.id.clone());
    tx.put(scope, interface);
    tx.put(scope, gateway);
    ids
}
