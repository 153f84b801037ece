//! DescribeNetworkAcls.

use super::show;
use crate::filters::{Filters, flag, one};
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeNetworkAclsRequest, DescribeNetworkAclsResult};
use contracts::{Call, Reply};
use ipnet::IpNet;
use records::{AclEntry, NetworkAcl};
use state_store::typed::{Scope, Store};

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &[
    "association.association-id",
    "association.network-acl-id",
    "association.subnet-id",
    "default",
    "entry.cidr",
    "entry.egress",
    "entry.icmp.code",
    "entry.icmp.type",
    "entry.ipv6-cidr",
    "entry.port-range.from",
    "entry.port-range.to",
    "entry.protocol",
    "entry.rule-action",
    "entry.rule-number",
    "network-acl-id",
    "owner-id",
    "vpc-id",
];

/// DescribeNetworkAcls.
///
/// # Errors
/// `InvalidNetworkAclID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter,
/// `InvalidNextToken`.
pub(super) async fn describe_network_acls(
    call: Call<Ec2>,
    input: DescribeNetworkAclsRequest,
) -> Reply<DescribeNetworkAclsResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.network_acl_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeNetworkAcls",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("networkAclIds"),
    };
    paging.check(USUAL)?;
    let mut found = lookup::select::<NetworkAcl>(store, scope, ResourceKind::NetworkAcl, &ids)?;
    found.retain(|acl| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &acl.id), |name| values(store, scope, acl, name))
    });
    let page = paging.page(&call, found, |acl| acl.id.clone())?;
    let acls = page.items.iter().map(|acl| show::acl(store, scope, acl)).collect();
    Ok(DescribeNetworkAclsResult { network_acls: Some(acls), next_token: page.next })
}

/// The item's values for a filter; none when it has no such property.
fn values(store: &Store, scope: &Scope, acl: &NetworkAcl, filter: &str) -> Vec<String> {
    match filter {
        "association.association-id" => acl.associations.iter().map(|a| a.id.clone()).collect(),
        "association.network-acl-id" => acl.associations.iter().map(|_| acl.id.clone()).collect(),
        "association.subnet-id" => acl.associations.iter().map(|a| a.subnet_id.clone()).collect(),
        "default" => flag(acl.is_default),
        "network-acl-id" => one(&acl.id),
        "owner-id" => one(&*scope.account),
        "vpc-id" => one(&acl.vpc_id),
        // AWS documents names; numbers are understood as well.
        "entry.protocol" => show::entries(store, scope, acl)
            .iter()
            .flat_map(|e| [protocol_name(e.protocol), e.protocol.to_string()])
            .collect(),
        other => show::entries(store, scope, acl).iter().filter_map(|e| entry_value(e, other)).collect(),
    }
}

/// The value of one entry for an `entry.*` filter.
fn entry_value(entry: &AclEntry, filter: &str) -> Option<String> {
    match (filter, entry.cidr) {
        ("entry.cidr", IpNet::V4(net)) => Some(net.to_string()),
        ("entry.ipv6-cidr", IpNet::V6(net)) => Some(net.to_string()),
        ("entry.egress", _) => Some(entry.egress.to_string()),
        ("entry.icmp.code", _) => entry.icmp.map(|(_, code)| code.to_string()),
        ("entry.icmp.type", _) => entry.icmp.map(|(kind, _)| kind.to_string()),
        ("entry.port-range.from", _) => entry.ports.map(|(from, _)| from.to_string()),
        ("entry.port-range.to", _) => entry.ports.map(|(_, to)| to.to_string()),
        ("entry.rule-action", _) => Some(show::action(entry).to_owned()),
        ("entry.rule-number", _) => Some(entry.number.to_string()),
        _ => None,
    }
}

/// `tcp`, `udp`, `icmp`, otherwise the number.
fn protocol_name(protocol: i32) -> String {
    match protocol {
        6 => "tcp".to_owned(),
        17 => "udp".to_owned(),
        1 => "icmp".to_owned(),
        other => other.to_string(),
    }
}
