//! AssignPrivateNatGatewayAddress and UnassignPrivateNatGatewayAddress.

use super::addresses::{self, Status};
use super::{request, show};
use crate::{Ec2, faults};
use api_ec2::{
    AssignPrivateNatGatewayAddressRequest, AssignPrivateNatGatewayAddressResult,
    UnassignPrivateNatGatewayAddressRequest, UnassignPrivateNatGatewayAddressResult,
};
use contracts::{Call, Reply};
use records::NatAddress;

/// AssignPrivateNatGatewayAddress: more addresses for a private gateway to translate to.
///
/// # Errors
/// `NatGatewayNotFound`, `IncorrectState`, `AddressLimitExceeded`, `InvalidIPAddress.InUse`,
/// `InsufficientFreeAddressesInSubnet`, `InvalidParameterValue`, `InvalidParameterCombination`.
pub(super) async fn assign_private_nat_gateway_address(
    call: Call<Ec2>,
    input: AssignPrivateNatGatewayAddressRequest,
) -> Reply<AssignPrivateNatGatewayAddressResult> {
    let id = faults::required(input.nat_gateway_id, "natGatewayId")?;
    let named = request::addresses("privateIpAddresses", input.private_ip_addresses)?;
    let count = match (input.private_ip_address_count, named.is_empty()) {
        (None, false) => 0,
        (None, true) => return Err(faults::missing_parameter("privateIpAddresses")),
        (Some(_), false) => {
            return Err(faults::invalid_combination(
                "The parameters privateIpAddresses and privateIpAddressCount cannot be used together",
            ));
        }
        (Some(count), true) => usize::try_from(count)
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| faults::invalid_value("privateIpAddressCount", &count.to_string(), ""))?,
    };
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let (mut gateway, mut interface) = addresses::available(tx, scope, &id, false)?;
        let first = addresses::add(tx, scope, &mut interface, &named, count)?;
        let new = addresses::taken_over(&mut gateway, &interface, first);
        let (vpc_id, holder) = addresses::put(tx, scope, gateway, interface);
        Ok((vpc_id, holder, new))
    });
    let done = changed.await?;
    let (vpc_id, holder, new) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    Ok(AssignPrivateNatGatewayAddressResult {
        nat_gateway_id: Some(id),
        nat_gateway_addresses: Some(show::on_the_way(&holder, &new, Status::Assigning)),
    })
}

/// UnassignPrivateNatGatewayAddress: connections through the addresses end.
///
/// # Errors
/// `NatGatewayNotFound`, `IncorrectState`; `InvalidParameterValue` for an address the gateway does not have;
/// `OperationNotPermitted` for the primary one.
pub(super) async fn unassign_private_nat_gateway_address(
    call: Call<Ec2>,
    input: UnassignPrivateNatGatewayAddressRequest,
) -> Reply<UnassignPrivateNatGatewayAddressResult> {
    let id = faults::required(input.nat_gateway_id, "natGatewayId")?;
    addresses::check_drain(input.max_drain_duration_seconds)?;
    let named = request::addresses("privateIpAddresses", input.private_ip_addresses)?;
    if named.is_empty() {
        return Err(faults::missing_parameter("privateIpAddresses"));
    }
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let (mut gateway, mut interface) = addresses::available(tx, scope, &id, false)?;
        let foreign = named.iter().find(|ip| !gateway.addresses.iter().any(|a| a.private_ip == **ip));
        if let Some(address) = foreign {
            let why = format!("It is not assigned to the NAT gateway '{id}'.");
            return Err(faults::invalid_value("privateIpAddresses", &address.to_string(), &why));
        }
        let goes = |address: &NatAddress| named.contains(&address.private_ip);
        let gone = addresses::remove(tx, scope, &mut gateway, &mut interface, goes)?;
        let (vpc_id, holder) = addresses::put(tx, scope, gateway, interface);
        Ok((vpc_id, holder, gone))
    });
    let done = changed.await?;
    let (vpc_id, holder, gone) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    Ok(UnassignPrivateNatGatewayAddressResult {
        nat_gateway_id: Some(id),
        nat_gateway_addresses: Some(show::on_the_way(&holder, &gone, Status::Unassigning)),
    })
}
