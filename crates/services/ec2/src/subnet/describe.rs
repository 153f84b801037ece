//! DescribeSubnets.

use super::show::{self, available};
use crate::filters::{Filters, flag, one};
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeSubnetsRequest, DescribeSubnetsResult};
use contracts::{Call, Reply};
use records::Subnet;
use state_store::typed::Scope;

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &[
    "availability-zone",
    "availabilityZone",
    "availability-zone-id",
    "availabilityZoneId",
    "available-ip-address-count",
    "cidr-block",
    "cidr",
    "cidrBlock",
    "customer-owned-ipv4-pool",
    "default-for-az",
    "defaultForAz",
    "enable-dns64",
    "enable-lni-at-device-index",
    "ipv6-cidr-block-association.association-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.state",
    "ipv6-native",
    "map-customer-owned-ip-on-launch",
    "map-public-ip-on-launch",
    "outpost-arn",
    "owner-id",
    "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
    "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
    "private-dns-name-options-on-launch.hostname-type",
    "state",
    "subnet-arn",
    "subnet-id",
    "vpc-id",
];

/// DescribeSubnets.
///
/// # Errors
/// `InvalidSubnetID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter, `InvalidNextToken`.
pub(super) async fn describe_subnets(
    call: Call<Ec2>,
    input: DescribeSubnetsRequest,
) -> Reply<DescribeSubnetsResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.subnet_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeSubnets",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("subnetSet"),
    };
    paging.check(USUAL)?;
    let mut found = lookup::select::<Subnet>(store, scope, ResourceKind::Subnet, &ids)?;
    found.retain(|subnet| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &subnet.id), |name| match name {
                "available-ip-address-count" => one(available(store, scope, subnet).to_string()),
                _ => values(scope, subnet, name),
            })
    });
    let page = paging.page(&call, found, |subnet| subnet.id.clone())?;
    let subnets = page.items.iter().map(|subnet| show::subnet(store, scope, subnet)).collect();
    Ok(DescribeSubnetsResult { subnets: Some(subnets), next_token: page.next })
}

/// The item's values for a filter; none when it has no such property.
fn values(scope: &Scope, subnet: &Subnet, filter: &str) -> Vec<String> {
    let v6 = || subnet.ipv6_associations.iter();
    match filter {
        "availability-zone" | "availabilityZone" => one(&subnet.availability_zone),
        "availability-zone-id" | "availabilityZoneId" => one(&subnet.availability_zone_id),
        "cidr-block" | "cidr" | "cidrBlock" => one(subnet.cidr_block.to_string()),
        "default-for-az" | "defaultForAz" => flag(subnet.default_for_az),
        "enable-dns64" => flag(subnet.enable_dns64),
        "ipv6-cidr-block-association.association-id" => v6().map(|a| a.association_id.clone()).collect(),
        "ipv6-cidr-block-association.ipv6-cidr-block" => v6().map(|a| a.cidr.to_string()).collect(),
        "ipv6-cidr-block-association.state" => v6().map(|a| a.state.clone()).collect(),
        "ipv6-native" | "map-customer-owned-ip-on-launch" => flag(false),
        "map-public-ip-on-launch" => flag(subnet.map_public_ip_on_launch),
        "owner-id" => one(&*scope.account),
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record" => {
            flag(subnet.resource_name_a_record)
        }
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record" => {
            flag(subnet.resource_name_aaaa_record)
        }
        "private-dns-name-options-on-launch.hostname-type" => one(show::hostname_type(subnet)),
        "state" => one("available"),
        "subnet-arn" => one(show::arn(scope, &subnet.id)),
        "subnet-id" => one(&subnet.id),
        "vpc-id" => one(&subnet.vpc_id),
        _ => Vec::new(),
    }
}
