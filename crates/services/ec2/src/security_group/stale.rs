//! DescribeStaleSecurityGroups.

use super::{peered, protocol, show};
use crate::paging::Paging;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults};
use api_ec2::{
    DescribeStaleSecurityGroupsRequest, DescribeStaleSecurityGroupsResult, StaleIpPermission,
    StaleSecurityGroup,
};
use contracts::{Call, Reply};
use records::{Peer, Rule, SecurityGroup, Vpc};
use state_store::typed::{Scope, Store};

/// The stale rules of one direction, gathered by protocol and ports.
fn permissions(store: &Store, scope: &Scope, group: &SecurityGroup, egress: bool) -> Vec<StaleIpPermission> {
    let mut shown: Vec<(&Rule, StaleIpPermission)> = Vec::new();
    for rule in group.rules.iter().filter(|rule| rule.egress == egress) {
        let Peer::Group { id, account } = &rule.peer else { continue };
        if !peered::is_stale(store, scope, &group.vpc_id, rule) {
            continue;
        }
        let remote = peered::of(store, scope, &group.vpc_id, rule);
        let pair = show::pair(id, account, rule.description.clone(), remote);
        let alike = |(first, _): &(&Rule, StaleIpPermission)| {
            (first.protocol, first.from, first.to) == (rule.protocol, rule.from, rule.to)
        };
        if let Some(at) = shown.iter().position(alike) {
            shown[at].1.user_id_group_pairs.get_or_insert_default().push(pair);
            continue;
        }
        let permission = StaleIpPermission {
            ip_protocol: Some(protocol::name(rule.protocol)),
            from_port: rule.from,
            to_port: rule.to,
            user_id_group_pairs: Some(vec![pair]),
            ..StaleIpPermission::default()
        };
        shown.push((rule, permission));
    }
    shown.into_iter().map(|(_, permission)| permission).collect()
}

/// DescribeStaleSecurityGroups: the groups of a VPC with rules whose group, or the way to it, is gone.
///
/// # Errors
/// `InvalidVpcID.NotFound`, `InvalidNextToken`.
pub(super) async fn describe_stale_security_groups(
    call: Call<Ec2>,
    input: DescribeStaleSecurityGroupsRequest,
) -> Reply<DescribeStaleSecurityGroupsResult> {
    let (scope, store) = (call.scope(), call.store());
    let vpc_id = faults::required(input.vpc_id, "VpcId")?;
    ResourceKind::Vpc.check(&vpc_id)?;
    if store.get::<Vpc>(scope, &vpc_id).is_none() {
        return Err(ResourceKind::Vpc.not_found(&vpc_id));
    }
    let paging = Paging {
        operation: "DescribeStaleSecurityGroups",
        scope,
        filters: vpc_id.clone(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: None,
    };
    paging.check(5..=255)?;
    let mut groups = store.by_index::<SecurityGroup>(scope, "vpc", &vpc_id);
    groups.retain(|group| group.rules.iter().any(|rule| peered::is_stale(store, scope, &vpc_id, rule)));
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    let page = paging.page(&call, groups, |group| group.id.clone())?;
    let shown = page.items.iter().map(|group| StaleSecurityGroup {
        group_id: Some(group.id.clone()),
        group_name: Some(group.name.clone()),
        description: Some(group.description.clone()),
        vpc_id: Some(vpc_id.clone()),
        stale_ip_permissions: Some(permissions(store, scope, group, false)),
        stale_ip_permissions_egress: Some(permissions(store, scope, group, true)),
    });
    Ok(DescribeStaleSecurityGroupsResult {
        stale_security_group_set: Some(shown.collect()),
        next_token: page.next,
    })
}
