//! Secondary private addresses.

use super::addresses::{Addresses, in_use};
use super::create::count;
use super::plan::private;
use super::{WantedPrefixes, check_own};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, address, cidr, faults, limits, lookup};
use api_ec2::{
    AssignPrivateIpAddressesRequest, AssignPrivateIpAddressesResult, AssignedPrivateIpAddress,
    Ipv4PrefixSpecification, UnassignPrivateIpAddressesRequest,
};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use ipnet::Ipv4Net;
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

/// AssignPrivateIpAddresses: addresses or whole prefixes, by name or by number.
///
/// # Errors
/// `InvalidIPAddress.InUse` without `AllowReassignment` or for a primary address, `InsufficientFreeAddressesInSubnet`,
/// `InsufficientCidrBlocks`, `PrivateIpAddressLimitExceeded`, `OperationNotPermitted` for interfaces of services.
pub(super) async fn assign_private_ip_addresses(
    call: Call<Ec2>,
    input: AssignPrivateIpAddressesRequest,
) -> Reply<AssignPrivateIpAddressesResult> {
    let id = faults::required(input.network_interface_id, "networkInterfaceId")?;
    let named = parse(input.private_ip_addresses)?;
    let number = count("secondaryPrivateIpAddressCount", input.secondary_private_ip_address_count)?;
    let prefixes =
        WantedPrefixes::parse(&input.ipv4_prefixes.unwrap_or_default(), input.ipv4_prefix_count, &[], None)?;
    match (named.is_empty(), number, prefixes.v4_number()) {
        (true, 0, 0) => return Err(faults::missing_parameter("privateIpAddress")),
        (true, _, 0) | (false, 0, 0) | (true, 0, _) => {}
        (false, _, 0) => {
            return Err(faults::invalid_combination(
                "The parameters privateIpAddresses and secondaryPrivateIpAddressCount cannot be used together",
            ));
        }
        _ => {
            return Err(faults::invalid_combination(
                "IPv4 prefixes and secondary private IPv4 addresses cannot be specified together",
            ));
        }
    }
    let reassign = input.allow_reassignment == Some(true);
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut interface =
            lookup::find_mut::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, &id)?;
        check_own(&interface)?;
        let subnet = lookup::find::<Subnet>(tx, scope, ResourceKind::Subnet, &interface.subnet_id)?;
        // Before anything is taken: a number beyond the limit must not search the subnet for nothing.
        if interface.private_addresses.len() + interface.ipv4_prefixes.len() + prefixes.v4_number()
            > limits::ADDRESSES_PER_INTERFACE
        {
            return Err(faults::address_limit());
        }
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
        let blocks = prefixes.take_v4(&mut addresses, tx, scope, &subnet)?;
        interface.ipv4_prefixes.extend(&blocks);
        if interface.private_addresses.len() + interface.ipv4_prefixes.len() > limits::ADDRESSES_PER_INTERFACE
        {
            return Err(faults::address_limit());
        }
        let vpc_id = interface.vpc_id.clone();
        tx.put(scope, interface);
        Ok((vpc_id, given, blocks))
    });
    let done = changed.await?;
    let (vpc_id, given, blocks) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    let shown =
        given.iter().map(|a| AssignedPrivateIpAddress { private_ip_address: Some(a.to_string()) }).collect();
    Ok(AssignPrivateIpAddressesResult {
        network_interface_id: Some(id),
        assigned_private_ip_addresses: Some(shown),
        assigned_ipv4_prefixes: (!blocks.is_empty()).then(|| {
            let one = |block: &Ipv4Net| Ipv4PrefixSpecification { ipv4_prefix: Some(block.to_string()) };
            blocks.iter().map(one).collect()
        }),
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
    let id = faults::required(input.network_interface_id, "networkInterfaceId")?;
    let named = parse(input.private_ip_addresses)?;
    let prefixes = WantedPrefixes::parse(&input.ipv4_prefixes.unwrap_or_default(), None, &[], None)?.v4;
    if named.is_empty() && prefixes.is_empty() {
        return Err(faults::missing_parameter("privateIpAddress"));
    }
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut interface =
            lookup::find_mut::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, &id)?;
        check_own(&interface)?;
        if let Some(unknown) = prefixes.iter().find(|p| !interface.ipv4_prefixes.contains(p)) {
            return Err(faults::invalid_parameter_value(format!(
                "Some of [{unknown}] are not assigned to interface {id}"
            )));
        }
        interface.ipv4_prefixes.retain(|p| !prefixes.contains(p));
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
