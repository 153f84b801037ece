//! AllocateAddress and ReleaseAddress.

use super::find::{allocated, is_forwarding};
use crate::interface::claim_public;
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, cidr, faults, limits};
use api_ec2::{AllocateAddressRequest, AllocateAddressResult, ReleaseAddressRequest};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::Address;
use records::address::{PublicAddressClaim, pool_scope};

/// AllocateAddress: any free address of the cloud's pool, or the one named by `Address`.
///
/// # Errors
/// `AddressLimitExceeded`, `InsufficientAddressCapacity` when the pool is used up, `InvalidAddress.NotFound` for a named
/// address that is taken or outside of the pool.
pub(super) async fn allocate_address(
    call: Call<Ec2>,
    input: AllocateAddressRequest,
) -> Reply<AllocateAddressResult> {
    let unbuilt = [
        ("CustomerOwnedIpv4Pool", input.customer_owned_ipv4_pool.is_some()),
        ("IpamPoolId", input.ipam_pool_id.is_some()),
        ("PublicIpv4Pool", input.public_ipv4_pool.as_deref().is_some_and(|pool| pool != "amazon")),
    ];
    if let Some((name, _)) = unbuilt.iter().find(|(_, given)| *given) {
        return Err(faults::unsupported_parameter(name));
    }
    if input.domain.as_ref().is_some_and(|domain| !matches!(domain.as_str(), "vpc" | "standard")) {
        return Err(faults::invalid_value("domain", input.domain.unwrap_or_default().as_str(), ""));
    }
    if input.network_border_group.as_deref().is_some_and(|group| group != call.caller.region()) {
        let group = input.network_border_group.unwrap_or_default();
        return Err(faults::invalid_value("networkBorderGroup", &group, ""));
    }
    let wanted = input.address.map(|text| cidr::address_v4("address", &text)).transpose()?;
    let kind = ResourceKind::ElasticIp;
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    let scope = call.scope();
    let pool = call.platform.config.public_pool;
    let made = call.platform.transact(|tx| {
        if tx.count::<Address>(scope) >= limits::ELASTIC_IPS {
            let message = "The maximum number of addresses has been reached.";
            return Err(Fault::sender("AddressLimitExceeded", message));
        }
        let id = kind.new_id();
        let public_ip = claim_public(tx, pool, scope, &id, wanted)?;
        tags::put(tx, scope, kind, &id, &specified.of(kind));
        let address = Address {
            id,
            public_ip,
            network_interface_id: None,
            private_ip: None,
            association_id: None,
            reverse_name: None,
        };
        tx.put(scope, address.clone());
        Ok(address)
    });
    let address = made.await?.value;
    Ok(AllocateAddressResult {
        allocation_id: Some(address.id),
        public_ip: Some(address.public_ip.to_string()),
        public_ipv4_pool: Some("amazon".to_owned()),
        network_border_group: Some(scope.region.to_string()),
        domain: Some("vpc".into()),
        ..AllocateAddressResult::default()
    })
}

/// ReleaseAddress: refused while associated.
///
/// # Errors
/// `InvalidIPAddress.InUse`, `InvalidAllocationID.NotFound`, `InvalidAddress.NotFound`.
pub(super) async fn release_address(call: Call<Ec2>, input: ReleaseAddressRequest) -> Reply<Unit> {
    let scope = call.scope();
    let released = call.platform.transact(|tx| {
        let address = allocated(tx, scope, input.allocation_id.as_deref(), input.public_ip.as_deref())?;
        if address.association_id.is_some() || is_forwarding(tx, scope, &address.id) {
            return Err(Fault::sender(
                "InvalidIPAddress.InUse",
                format!("Address {} is in use.", address.public_ip),
            ));
        }
        tags::delete(tx, scope, &address.id);
        tx.delete::<PublicAddressClaim>(&pool_scope(), &address.public_ip.to_string());
        tx.delete::<Address>(scope, &address.id);
        Ok(())
    });
    released.await?;
    Ok(Unit)
}
