//! Secondary private addresses.

use super::addresses::{Addresses, in_use};
use super::create::count;
use super::plan::private;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, address, cidr, faults, limits, lookup};
use api_ec2::{
    AssignPrivateIpAddressesRequest, AssignPrivateIpAddressesResult, AssignedPrivateIpAddress,
    UnassignPrivateIpAddressesRequest,
};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::{NetworkInterface, Subnet};
use state_store::typed::{Scope, Tx};
use std::net::{IpAddr, Ipv4Addr};

/// The addresses named, each once: a repeated one would otherwise collide with itself.
fn parse(addresses: Option<Vec<String>>) -> Result<Vec<Ipv4Addr>, Fault> {
    let texts = addresses.unwrap_or_default();
    let mut parsed = Vec::new();
    for text in &texts {
        let address = cidr::address_v4("privateIpAddress", text)?;
        if !parsed.contains(&address) {
            parsed.push(address);
        }
    }
    Ok(parsed)
}

/// Takes a secondary address away from another interface of the subnet (`AllowReassignment`).
fn take_over(tx: &mut Tx<'_>, scope: &Scope, subnet: &Subnet, wanted: Ipv4Addr) -> Result<bool, Fault> {
    let holder = tx.by_index::<NetworkInterface>(scope, "private", &format!("{}/{wanted}", subnet.id));
    let Some(holder) = holder.into_iter().next() else { return Ok(false) };
    let mut holder = NetworkInterface::clone(&holder);
    let Some(at) = holder.private_addresses.iter().position(|a| a.address == wanted) else {
        return Ok(false);
    };
    if holder.private_addresses[at].primary {
        return Err(in_use(IpAddr::V4(wanted)));
    }
    address::unmap(tx, scope, &mut holder, at);
    holder.private_addresses.remove(at);
    tx.put(scope, holder);
    Ok(true)
}

/// AssignPrivateIpAddresses: by address or by number.
///
/// # Errors
/// `InvalidIPAddress.InUse` without `AllowReassignment` or for a primary address, `InsufficientFreeAddressesInSubnet`,
/// `PrivateIpAddressLimitExceeded`.
pub(super) async fn assign_private_ip_addresses(
    call: Call<Ec2>,
    input: AssignPrivateIpAddressesRequest,
) -> Reply<AssignPrivateIpAddressesResult> {
    if input.ipv4_prefixes.is_some() || input.ipv4_prefix_count.is_some() {
        return Err(faults::unsupported_parameter("Ipv4Prefixes"));
    }
    let id = faults::required(input.network_interface_id, "networkInterfaceId")?;
    let named = parse(input.private_ip_addresses)?;
    let number = count("secondaryPrivateIpAddressCount", input.secondary_private_ip_address_count)?;
    match (named.is_empty(), number) {
        (true, 0) => return Err(faults::missing_parameter("privateIpAddress")),
        (true, _) | (false, 0) => {}
        (false, _) => {
            return Err(faults::invalid_combination(
                "The parameters privateIpAddresses and secondaryPrivateIpAddressCount cannot be used together",
            ));
        }
    }
    let reassign = input.allow_reassignment == Some(true);
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut interface =
            lookup::find_mut::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, &id)?;
        let subnet = lookup::find::<Subnet>(tx, scope, ResourceKind::Subnet, &interface.subnet_id)?;
        let mut addresses = Addresses::default();
        let mut given = Vec::new();
        for wanted in &named {
            // Asking again for what the interface has is no error when reassignment is allowed.
            if reassign && interface.private_addresses.iter().any(|a| a.address == *wanted) {
                continue;
            }
            let moved = reassign && take_over(tx, scope, &subnet, *wanted)?;
            if !moved {
                addresses.take(tx, scope, &subnet, *wanted)?;
            }
            given.push(*wanted);
        }
        for _ in 0..number.min(limits::ADDRESSES_PER_INTERFACE + 1) {
            given.push(addresses.take_any(tx, scope, &subnet)?);
        }
        interface.private_addresses.extend(given.iter().map(|address| private(*address, false)));
        if interface.private_addresses.len() > limits::ADDRESSES_PER_INTERFACE {
            return Err(faults::address_limit());
        }
        let vpc_id = interface.vpc_id.clone();
        tx.put(scope, interface);
        Ok((vpc_id, given))
    });
    let done = changed.await?;
    let (vpc_id, given) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    let shown =
        given.iter().map(|a| AssignedPrivateIpAddress { private_ip_address: Some(a.to_string()) }).collect();
    Ok(AssignPrivateIpAddressesResult {
        network_interface_id: Some(id),
        assigned_private_ip_addresses: Some(shown),
        assigned_ipv4_prefixes: None,
    })
}

/// UnassignPrivateIpAddresses: secondary ones; elastic addresses mapped to them are free again.
///
/// # Errors
/// `InvalidParameterValue` for addresses the interface does not have, and for its primary one.
pub(super) async fn unassign_private_ip_addresses(
    call: Call<Ec2>,
    input: UnassignPrivateIpAddressesRequest,
) -> Reply<Unit> {
    if input.ipv4_prefixes.is_some() {
        return Err(faults::unsupported_parameter("Ipv4Prefixes"));
    }
    let id = faults::required(input.network_interface_id, "networkInterfaceId")?;
    let named = parse(input.private_ip_addresses)?;
    if named.is_empty() {
        return Err(faults::missing_parameter("privateIpAddress"));
    }
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut interface =
            lookup::find_mut::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, &id)?;
        for unwanted in &named {
            let at = interface.private_addresses.iter().position(|a| a.address == *unwanted && !a.primary);
            let at = at.ok_or_else(|| {
                faults::invalid_parameter_value(format!(
                    "Some of [{unwanted}] are not assigned to interface {id}, or are its primary address"
                ))
            })?;
            address::unmap(tx, scope, &mut interface, at);
            interface.private_addresses.remove(at);
        }
        let vpc_id = interface.vpc_id.clone();
        tx.put(scope, interface);
        Ok(vpc_id)
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}
