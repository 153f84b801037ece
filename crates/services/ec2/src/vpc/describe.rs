//! DescribeVpcs.

use super::show;
use crate::filters::{Filters, flag, one};
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeVpcsRequest, DescribeVpcsResult};
use contracts::{Call, Reply};
use records::Vpc;
use state_store::typed::Scope;

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &[
    "cidr",
    "cidr-block-association.association-id",
    "cidr-block-association.cidr-block",
    "cidr-block-association.state",
    "dhcp-options-id",
    "ipv6-cidr-block-association.association-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.ipv6-pool",
    "ipv6-cidr-block-association.state",
    "is-default",
    "isDefault",
    "owner-id",
    "state",
    "vpc-id",
];

/// DescribeVpcs.
///
/// # Errors
/// `InvalidVpcID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter, `InvalidNextToken`.
pub(super) async fn describe_vpcs(call: Call<Ec2>, input: DescribeVpcsRequest) -> Reply<DescribeVpcsResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.vpc_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeVpcs",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("vpcSet"),
    };
    paging.check(USUAL)?;
    let mut found = lookup::select::<Vpc>(store, scope, ResourceKind::Vpc, &ids)?;
    found.retain(|vpc| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &vpc.id), |name| values(scope, vpc, name))
    });
    let page = paging.page(&call, found, |vpc| vpc.id.clone())?;
    let vpcs = page.items.iter().map(|vpc| show::vpc(store, scope, vpc)).collect();
    Ok(DescribeVpcsResult { vpcs: Some(vpcs), next_token: page.next })
}

/// The item's values for a filter; none when it has no such property.
fn values(scope: &Scope, vpc: &Vpc, filter: &str) -> Vec<String> {
    let v4 = || vpc.cidr_associations.iter();
    let v6 = || vpc.ipv6_associations.iter();
    match filter {
        "cidr" => one(vpc.cidr_block.to_string()),
        "cidr-block-association.association-id" => v4().map(|a| a.association_id.clone()).collect(),
        "cidr-block-association.cidr-block" => v4().map(|a| a.cidr.to_string()).collect(),
        "cidr-block-association.state" => v4().map(|a| a.state.clone()).collect(),
        "dhcp-options-id" => one(&vpc.dhcp_options_id),
        "ipv6-cidr-block-association.association-id" => v6().map(|a| a.association_id.clone()).collect(),
        "ipv6-cidr-block-association.ipv6-cidr-block" => v6().map(|a| a.cidr.to_string()).collect(),
        "ipv6-cidr-block-association.ipv6-pool" => v6().map(|_| "Amazon".to_owned()).collect(),
        "ipv6-cidr-block-association.state" => v6().map(|a| a.state.clone()).collect(),
        "is-default" | "isDefault" => flag(vpc.is_default),
        "owner-id" => one(&*scope.account),
        "state" => one("available"),
        "vpc-id" => one(&vpc.id),
        _ => Vec::new(),
    }
}
