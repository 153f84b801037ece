//! GetSecurityGroupsForVpc.

use crate::filters::{Filters, one};
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, tags};
use api_ec2::{GetSecurityGroupsForVpcRequest, GetSecurityGroupsForVpcResult, SecurityGroupForVpc};
use contracts::{Call, Reply};
use records::{SecurityGroup, Vpc};

/// The filters AWS documents for this operation.
const FILTERS: &[&str] = &["description", "group-id", "group-name", "owner-id", "primary-vpc-id"];

/// GetSecurityGroupsForVpc: the groups that interfaces in a VPC may have.
///
/// # Errors
/// `InvalidVpcID.NotFound`, `InvalidParameterValue` for an unknown filter, `InvalidNextToken`.
pub(super) async fn get_security_groups_for_vpc(
    call: Call<Ec2>,
    input: GetSecurityGroupsForVpcRequest,
) -> Reply<GetSecurityGroupsForVpcResult> {
    let (scope, store) = (call.scope(), call.store());
    let vpc_id = faults::required(input.vpc_id, "VpcId")?;
    ResourceKind::Vpc.check(&vpc_id)?;
    let filters = Filters::parse(input.filters, FILTERS)?;
    let paging = Paging {
        operation: "GetSecurityGroupsForVpc",
        scope,
        filters: format!("{vpc_id} {}", filters.purpose()),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: None,
    };
    paging.check(USUAL)?;
    if store.get::<Vpc>(scope, &vpc_id).is_none() {
        return Err(ResourceKind::Vpc.not_found(&vpc_id));
    }
    let mut groups = store.by_index::<SecurityGroup>(scope, "vpc", &vpc_id);
    groups.retain(|group| {
        filters.matches(&tags::of(store, scope, &group.id), |name| match name {
            "description" => one(&group.description),
            "group-id" => one(&group.id),
            "group-name" => one(&group.name),
            "owner-id" => one(&*scope.account),
            "primary-vpc-id" => one(&group.vpc_id),
            _ => Vec::new(),
        })
    });
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    let page = paging.page(&call, groups, |group| group.id.clone())?;
    let shown = page.items.iter().map(|group| SecurityGroupForVpc {
        group_id: Some(group.id.clone()),
        group_name: Some(group.name.clone()),
        description: Some(group.description.clone()),
        owner_id: Some(scope.account.to_string()),
        primary_vpc_id: Some(group.vpc_id.clone()),
        tags: Some(tags::to_api(&tags::of(store, scope, &group.id))),
    });
    Ok(GetSecurityGroupsForVpcResult {
        security_group_for_vpcs: Some(shown.collect()),
        next_token: page.next,
    })
}
