//! IPv6 addresses of an interface.

use super::addresses::Addresses;
use super::create::count;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, cidr, faults, limits, lookup};
use api_ec2::{
    AssignIpv6AddressesRequest, AssignIpv6AddressesResult, UnassignIpv6AddressesRequest,
    UnassignIpv6AddressesResult,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{NetworkInterface, Subnet};
use std::net::Ipv6Addr;

/// The addresses named.
fn parse(addresses: Option<Vec<String>>) -> Result<Vec<Ipv6Addr>, Fault> {
    let texts = addresses.unwrap_or_default();
    texts.iter().map(|text| cidr::address_v6("ipv6Address", text)).collect()
}

/// AssignIpv6Addresses: by address or by number.
///
/// # Errors
/// `InvalidIPAddress.InUse`, `InvalidParameterValue` outside of the subnet's block or without one,
/// `PrivateIpAddressLimitExceeded`.
pub(super) async fn assign_ipv6_addresses(
    call: Call<Ec2>,
    input: AssignIpv6AddressesRequest,
) -> Reply<AssignIpv6AddressesResult> {
    if input.ipv6_prefixes.is_some() || input.ipv6_prefix_count.is_some() {
        return Err(faults::unsupported_parameter("Ipv6Prefixes"));
    }
    let id = faults::required(input.network_interface_id, "networkInterfaceId")?;
    let named = parse(input.ipv6_addresses)?;
    let number = count("ipv6AddressCount", input.ipv6_address_count)?;
    match (named.is_empty(), number) {
        (true, 0) => return Err(faults::missing_parameter("ipv6Addresses or ipv6AddressCount")),
        (true, _) | (false, 0) => {}
        (false, _) => {
            return Err(faults::invalid_combination(
                "The parameters ipv6Addresses and ipv6AddressCount cannot be used together",
            ));
        }
    }
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut interface =
            lookup::find_mut::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, &id)?;
        let subnet = lookup::find::<Subnet>(tx, scope, ResourceKind::Subnet, &interface.subnet_id)?;
        let mut addresses = Addresses::default();
        let mut given = Vec::new();
        for wanted in &named {
            addresses.take_v6(tx, scope, &subnet, *wanted)?;
            given.push(*wanted);
        }
        for _ in 0..number.min(limits::ADDRESSES_PER_INTERFACE + 1) {
            given.push(addresses.take_any_v6(tx, scope, &subnet)?);
        }
        interface.ipv6_addresses.extend(&given);
        if interface.ipv6_addresses.len() > limits::ADDRESSES_PER_INTERFACE {
            return Err(faults::address_limit());
        }
        let vpc_id = interface.vpc_id.clone();
        tx.put(scope, interface);
        Ok((vpc_id, given))
    });
    let done = changed.await?;
    let (vpc_id, given) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    Ok(AssignIpv6AddressesResult {
        network_interface_id: Some(id),
        assigned_ipv6_addresses: Some(given.iter().map(ToString::to_string).collect()),
        assigned_ipv6_prefixes: None,
    })
}

/// UnassignIpv6Addresses.
///
/// # Errors
/// `InvalidParameterValue` for addresses the interface does not have.
pub(super) async fn unassign_ipv6_addresses(
    call: Call<Ec2>,
    input: UnassignIpv6AddressesRequest,
) -> Reply<UnassignIpv6AddressesResult> {
    if input.ipv6_prefixes.is_some() {
        return Err(faults::unsupported_parameter("Ipv6Prefixes"));
    }
    let id = faults::required(input.network_interface_id, "networkInterfaceId")?;
    let named = parse(input.ipv6_addresses)?;
    if named.is_empty() {
        return Err(faults::missing_parameter("ipv6Addresses"));
    }
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut interface =
            lookup::find_mut::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, &id)?;
        if let Some(unknown) = named.iter().find(|a| !interface.ipv6_addresses.contains(a)) {
            return Err(faults::invalid_parameter_value(format!(
                "Some of [{unknown}] are not assigned to interface {id}"
            )));
        }
        interface.ipv6_addresses.retain(|a| !named.contains(a));
        let vpc_id = interface.vpc_id.clone();
        tx.put(scope, interface);
        Ok(vpc_id)
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(UnassignIpv6AddressesResult {
        network_interface_id: Some(id),
        unassigned_ipv6_addresses: Some(named.iter().map(ToString::to_string).collect()),
        unassigned_ipv6_prefixes: None,
    })
}
