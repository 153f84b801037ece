//! DescribeAddresses.

use super::find::no_address;
use crate::filters::{Filters, one};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeAddressesRequest, DescribeAddressesResult};
use contracts::{Call, Reply};
use records::{Address, NetworkInterface};
use state_store::typed::{Scope, Store};
use std::sync::Arc;

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &[
    "allocation-id",
    "association-id",
    "domain",
    "instance-id",
    "network-border-group",
    "network-interface-id",
    "network-interface-owner-id",
    "private-ip-address",
    "public-ip",
];

/// The instance behind an address.
fn instance_of(store: &Store, scope: &Scope, address: &Address) -> Option<String> {
    let interface = store.get::<NetworkInterface>(scope, address.network_interface_id.as_ref()?)?;
    interface.attachment.as_ref().map(|attachment| attachment.instance_id.clone())
}

/// The address with what it is mapped to. The instance is looked up, since it may change with the interface.
fn show(store: &Store, scope: &Scope, address: &Address) -> api_ec2::Address {
    api_ec2::Address {
        allocation_id: Some(address.id.clone()),
        public_ip: Some(address.public_ip.to_string()),
        domain: Some("vpc".into()),
        public_ipv4_pool: Some("amazon".to_owned()),
        network_border_group: Some(scope.region.to_string()),
        association_id: address.association_id.clone(),
        network_interface_id: address.network_interface_id.clone(),
        network_interface_owner_id: address.network_interface_id.as_ref().map(|_| scope.account.to_string()),
        private_ip_address: address.private_ip.map(|ip| ip.to_string()),
        instance_id: instance_of(store, scope, address),
        tags: Some(tags::to_api(&tags::of(store, scope, &address.id))),
        ..api_ec2::Address::default()
    }
}

/// DescribeAddresses.
///
/// # Errors
/// `InvalidAllocationID.NotFound`, `InvalidAddress.NotFound`, `InvalidParameterValue` for an unknown filter.
pub(super) async fn describe_addresses(
    call: Call<Ec2>,
    input: DescribeAddressesRequest,
) -> Reply<DescribeAddressesResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.allocation_ids.unwrap_or_default();
    let publics = input.public_ips.unwrap_or_default();
    let mut found: Vec<Arc<Address>> = if publics.is_empty() || !ids.is_empty() {
        lookup::select::<Address>(store, scope, ResourceKind::ElasticIp, &ids)?
    } else {
        Vec::new()
    };
    for public in &publics {
        let address = store.by_index::<Address>(scope, "public", public).into_iter().next();
        found.push(address.ok_or_else(|| no_address(public))?);
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by(|a, b| a.id == b.id);
    found.retain(|address| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &address.id), |name| match name {
                "allocation-id" => one(&address.id),
                "association-id" => address.association_id.iter().cloned().collect(),
                "domain" => one("vpc"),
                "instance-id" => instance_of(store, scope, address).into_iter().collect(),
                "network-border-group" => one(&*scope.region),
                "network-interface-id" => address.network_interface_id.iter().cloned().collect(),
                "network-interface-owner-id" => {
                    address.network_interface_id.iter().map(|_| scope.account.to_string()).collect()
                }
                "private-ip-address" => address.private_ip.iter().map(ToString::to_string).collect(),
                "public-ip" => one(address.public_ip.to_string()),
                _ => Vec::new(),
            })
    });
    let shown = found.iter().map(|address| show(store, scope, address)).collect();
    Ok(DescribeAddressesResult { addresses: Some(shown) })
}
