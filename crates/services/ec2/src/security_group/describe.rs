//! DescribeSecurityGroups.

use super::{protocol, show};
use crate::filters::{Filters, one};
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeSecurityGroupsRequest, DescribeSecurityGroupsResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use ipnet::IpNet;
use records::{Peer, Rule, SecurityGroup, Vpc};
use state_store::typed::{Scope, Store};
use std::sync::Arc;

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &[
    "description",
    "egress.ip-permission.cidr",
    "egress.ip-permission.from-port",
    "egress.ip-permission.group-id",
    "egress.ip-permission.group-name",
    "egress.ip-permission.ipv6-cidr",
    "egress.ip-permission.prefix-list-id",
    "egress.ip-permission.protocol",
    "egress.ip-permission.to-port",
    "egress.ip-permission.user-id",
    "group-id",
    "group-name",
    "ip-permission.cidr",
    "ip-permission.from-port",
    "ip-permission.group-id",
    "ip-permission.group-name",
    "ip-permission.ipv6-cidr",
    "ip-permission.prefix-list-id",
    "ip-permission.protocol",
    "ip-permission.to-port",
    "ip-permission.user-id",
    "owner-id",
    "vpc-id",
];

/// Groups by id, and by name in the default VPC.
fn named(
    store: &Store,
    scope: &Scope,
    ids: &[String],
    names: &[String],
) -> Result<Vec<Arc<SecurityGroup>>, Fault> {
    if names.is_empty() {
        return lookup::select(store, scope, ResourceKind::SecurityGroup, ids);
    }
    let mut found = if ids.is_empty() {
        Vec::new()
    } else {
        lookup::select(store, scope, ResourceKind::SecurityGroup, ids)?
    };
    let default_vpc = store.list::<Vpc>(scope).into_iter().find(|vpc| vpc.is_default);
    let vpc_id = default_vpc.map(|vpc| vpc.id.clone()).unwrap_or_default();
    for name in names {
        let group = store.by_index::<SecurityGroup>(scope, "name", &format!("{vpc_id}/{name}"));
        found.push(group.into_iter().next().ok_or_else(|| ResourceKind::SecurityGroup.not_found(name))?);
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by(|a, b| a.id == b.id);
    Ok(found)
}

/// DescribeSecurityGroups.
///
/// # Errors
/// `InvalidGroup.NotFound`, `InvalidParameterValue` for an unknown filter, `InvalidParameterCombination` for `MaxResults`
/// beside ids.
pub(super) async fn describe_security_groups(
    call: Call<Ec2>,
    input: DescribeSecurityGroupsRequest,
) -> Reply<DescribeSecurityGroupsResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, FILTERS)?;
    let (ids, names) = (input.group_ids.unwrap_or_default(), input.group_names.unwrap_or_default());
    let paging = Paging {
        operation: "DescribeSecurityGroups",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("groupIds").or((!names.is_empty()).then_some("groupNames")),
    };
    paging.check(USUAL)?;
    let mut found = named(store, scope, &ids, &names)?;
    found.retain(|group| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &group.id), |name| values(store, scope, group, name))
    });
    let page = paging.page(&call, found, |group| group.id.clone())?;
    let groups = page.items.iter().map(|group| show::group(store, scope, group)).collect();
    Ok(DescribeSecurityGroupsResult { security_groups: Some(groups), next_token: page.next })
}

/// The item's values for a filter; none when it has no such property.
fn values(store: &Store, scope: &Scope, group: &SecurityGroup, filter: &str) -> Vec<String> {
    let of_rules = |egress: bool, member: &str| {
        let rules = group.rules.iter().filter(|rule| rule.egress == egress);
        rules.filter_map(|rule| rule_value(store, scope, rule, member)).collect()
    };
    match filter {
        "description" => one(&group.description),
        "group-id" => one(&group.id),
        "group-name" => one(&group.name),
        "owner-id" => one(&*scope.account),
        "vpc-id" => one(&group.vpc_id),
        other => match other.strip_prefix("egress.ip-permission.") {
            Some(member) => of_rules(true, member),
            None => other.strip_prefix("ip-permission.").map_or_else(Vec::new, |m| of_rules(false, m)),
        },
    }
}

/// The value of one rule for an `ip-permission.*` filter.
fn rule_value(store: &Store, scope: &Scope, rule: &Rule, member: &str) -> Option<String> {
    match (member, &rule.peer) {
        ("protocol", _) => Some(protocol::name(rule.protocol)),
        ("from-port", _) => rule.from.map(|port| port.to_string()),
        ("to-port", _) => rule.to.map(|port| port.to_string()),
        ("cidr", Peer::Cidr(IpNet::V4(net))) => Some(net.to_string()),
        ("ipv6-cidr", Peer::Cidr(IpNet::V6(net))) => Some(net.to_string()),
        ("prefix-list-id", Peer::PrefixList(id)) => Some(id.clone()),
        ("group-id", Peer::Group { id, .. }) => Some(id.clone()),
        ("user-id", Peer::Group { account, .. }) => Some(account.clone()),
        ("group-name", Peer::Group { id, .. }) => {
            store.get::<SecurityGroup>(scope, id).map(|group| group.name.clone())
        }
        _ => None,
    }
}
