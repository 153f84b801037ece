//! DescribeNetworkSecurityGroups.

use super::show;
use crate::Extension;
use crate::kind::Kind;
use crate::listing::{Listing, check_ids, select};
use api_allod::{DescribeNetworkSecurityGroupsRequest, DescribeNetworkSecurityGroupsResult};
use contracts::{Call, Reply};
use records::NetworkSecurityGroup;

const FILTERS: &[&str] =
    &["network-security-group-id", "vpc-id", "name", "subnet-id", "network-interface-id"];

fn values(group: &NetworkSecurityGroup, filter: &str) -> Vec<String> {
    match filter {
        "network-security-group-id" => vec![group.id.clone()],
        "vpc-id" => vec![group.vpc_id.clone()],
        "name" => vec![group.name.clone()],
        "subnet-id" => group.subnet_ids.clone(),
        "network-interface-id" => group.network_interface_ids.clone(),
        _ => Vec::new(),
    }
}

/// DescribeNetworkSecurityGroups, by id.
///
/// # Errors
/// `InvalidNetworkSecurityGroupID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter,
/// `InvalidNextToken`.
pub(crate) async fn describe_network_security_groups(
    call: Call<Extension>,
    input: DescribeNetworkSecurityGroupsRequest,
) -> Reply<DescribeNetworkSecurityGroupsResult> {
    let scope = call.scope();
    let ids = input.network_security_group_ids.unwrap_or_default();
    let operation = "DescribeNetworkSecurityGroups";
    let listing =
        Listing::new(operation, scope, FILTERS, &ids, input.filters, input.max_results, input.next_token)?;
    let kind = &Kind::SECURITY_GROUP;
    check_ids(&ids, kind)?;
    let all = call.platform.store.list::<NetworkSecurityGroup>(scope);
    let mut found = select(all, &ids, |group| &group.id, |unknown| kind.not_found(unknown))?;
    found.retain(|group| listing.passes(|filter| values(group, filter)));
    let page = listing.page(&call, found, |group| group.id.clone())?;
    Ok(DescribeNetworkSecurityGroupsResult {
        network_security_groups: Some(page.items.iter().map(|group| show::shown(group)).collect()),
        next_token: page.next,
    })
}
