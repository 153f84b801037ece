//! DescribeSecurityGroupReferences.

use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{
    DescribeSecurityGroupReferencesRequest, DescribeSecurityGroupReferencesResult, SecurityGroupReference,
};
use contracts::{Call, Reply};
use records::{SecurityGroup, VpcPeering};

/// DescribeSecurityGroupReferences: which VPCs at the other ends of peering connections have rules that name the groups.
///
/// # Errors
/// `MissingParameter`, `InvalidGroupId.Malformed`, `InvalidGroup.NotFound` with every unknown id.
pub(super) async fn describe_security_group_references(
    call: Call<Ec2>,
    input: DescribeSecurityGroupReferencesRequest,
) -> Reply<DescribeSecurityGroupReferencesResult> {
    let (scope, store) = (call.scope(), call.store());
    let ids = faults::required(input.group_id.filter(|ids| !ids.is_empty()), "GroupId")?;
    let mut shown = Vec::new();
    for group in lookup::select::<SecurityGroup>(store, scope, ResourceKind::SecurityGroup, &ids)? {
        let peerings = store.by_index::<VpcPeering>(scope, "vpc", &group.vpc_id);
        for peering in peerings.iter().filter(|peering| peering.is_active()) {
            let other = peering.other(&group.vpc_id);
            let users = store.by_index::<SecurityGroup>(&other.scope(), "referenced-group", &group.id);
            if users.iter().any(|user| user.vpc_id == other.vpc_id) {
                shown.push(SecurityGroupReference {
                    group_id: Some(group.id.clone()),
                    referencing_vpc_id: Some(other.vpc_id.clone()),
                    vpc_peering_connection_id: Some(peering.id.clone()),
                    ..SecurityGroupReference::default()
                });
            }
        }
    }
    Ok(DescribeSecurityGroupReferencesResult { security_group_reference_set: Some(shown) })
}
