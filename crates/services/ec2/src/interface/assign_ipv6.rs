//! IPv6 addresses of an interface.

use super::addresses::Addresses;
use super::create::count;
use super::{WantedPrefixes, check_own, primary_ipv6};
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

/// AssignIpv6Addresses: addresses or whole prefixes, by name or by number.
///
/// # Errors
/// `InvalidIPAddress.InUse`, `InvalidParameterValue` outside of the subnet's block or without one,
/// `PrivateIpAddressLimitExceeded`.
pub(super) async fn assign_ipv6_addresses(
    call: Call<Ec2>,
    input: AssignIpv6AddressesRequest,
) -> Reply<AssignIpv6AddressesResult> {
    let id = faults::required(input.network_interface_id, "networkInterfaceId")?;
    let named = parse(input.ipv6_addresses)?;
    let number = count("ipv6AddressCount", input.ipv6_address_count)?;
    let prefixes =
        WantedPrefixes::parse(&[], None, &input.ipv6_prefixes.unwrap_or_default(), input.ipv6_prefix_count)?;
    match (named.is_empty(), number, prefixes.v6_number()) {
        (true, 0, 0) => return Err(faults::missing_parameter("ipv6Addresses or ipv6AddressCount")),
        (true, _, 0) | (false, 0, 0) | (true, 0, _) => {}
        (false, _, 0) => {
            return Err(faults::invalid_combination(
                "The parameters ipv6Addresses and ipv6AddressCount cannot be used together",
            ));
        }
        _ => {
            return Err(faults::invalid_combination(
                "IPv6 prefixes and IPv6 addresses cannot be specified together",
            ));
        }
    }
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut interface =
            lookup::find_mut::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, &id)?;
        check_own(&interface)?;
        let subnet = lookup::find::<Subnet>(tx, scope, ResourceKind::Subnet, &interface.subnet_id)?;
        if interface.ipv6_addresses.len() + interface.ipv6_prefixes.len() + prefixes.v6_number()
            > limits::ADDRESSES_PER_INTERFACE
        {
            return Err(faults::address_limit());
        }
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
        let blocks = prefixes.take_v6(&mut addresses, tx, scope, &subnet)?;
        interface.ipv6_prefixes.extend(&blocks);
        if interface.ipv6_addresses.len() + interface.ipv6_prefixes.len() > limits::ADDRESSES_PER_INTERFACE {
            return Err(faults::address_limit());
        }
        let vpc_id = interface.vpc_id.clone();
        tx.put(scope, interface);
        Ok((vpc_id, given, blocks))
    });
    let done = changed.await?;
    let (vpc_id, given, blocks) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    Ok(AssignIpv6AddressesResult {
        network_interface_id: Some(id),
        assigned_ipv6_addresses: Some(given.iter().map(ToString::to_string).collect()),
        assigned_ipv6_prefixes: (!blocks.is_empty())
            .then(|| blocks.iter().map(ToString::to_string).collect()),
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
    let id = faults::required(input.network_interface_id, "networkInterfaceId")?;
    let named = parse(input.ipv6_addresses)?;
    let prefixes = WantedPrefixes::parse(&[], None, &input.ipv6_prefixes.unwrap_or_default(), None)?.v6;
    if named.is_empty() && prefixes.is_empty() {
        return Err(faults::missing_parameter("ipv6Addresses"));
    }
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut interface =
            lookup::find_mut::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, &id)?;
        check_own(&interface)?;
        if let Some(unknown) = named.iter().find(|a| !interface.ipv6_addresses.contains(a)) {
            return Err(faults::invalid_parameter_value(format!(
                "Some of [{unknown}] are not assigned to interface {id}"
            )));
        }
        if let Some(kept) = named.iter().find(|a| primary_ipv6::is(&interface, a)) {
            return Err(faults::invalid_parameter_value(format!(
                "The primary IPv6 address {kept} of interface {id} cannot be unassigned"
            )));
        }
        if let Some(unknown) = prefixes.iter().find(|p| !interface.ipv6_prefixes.contains(p)) {
            return Err(faults::invalid_parameter_value(format!(
                "Some of [{unknown}] are not assigned to interface {id}"
            )));
        }
        interface.ipv6_prefixes.retain(|p| !prefixes.contains(p));
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
        unassigned_ipv6_prefixes: (!prefixes.is_empty())
            .then(|| prefixes.iter().map(ToString::to_string).collect()),
    })
}
