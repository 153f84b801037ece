//! Security groups and their rules.

mod authorize;
mod create;
mod delete;
mod describe;
mod describe_rules;
mod descriptions;
mod find;
mod for_vpc;
mod modify_rules;
mod peered;
mod permission;
mod protocol;
mod quota;
mod references;
mod revoke;
mod show;
mod stale;

use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

pub(crate) use find::{default_group, resolve_groups};
pub(crate) use peered::forget_all as forget_rules;
pub(crate) use quota::prefix_list_grows;

/// Adds the operations on security groups.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateSecurityGroup => create::create_security_group,
        DeleteSecurityGroup => delete::delete_security_group,
        DescribeSecurityGroups => describe::describe_security_groups,
        DescribeSecurityGroupReferences => references::describe_security_group_references,
        DescribeStaleSecurityGroups => stale::describe_stale_security_groups,
        GetSecurityGroupsForVpc => for_vpc::get_security_groups_for_vpc,
        DescribeSecurityGroupRules => describe_rules::describe_security_group_rules,
        AuthorizeSecurityGroupIngress => authorize::authorize_ingress,
        AuthorizeSecurityGroupEgress => authorize::authorize_egress,
        RevokeSecurityGroupIngress => revoke::revoke_ingress,
        RevokeSecurityGroupEgress => revoke::revoke_egress,
        ModifySecurityGroupRules => modify_rules::modify_security_group_rules,
        UpdateSecurityGroupRuleDescriptionsIngress => descriptions::update_ingress,
        UpdateSecurityGroupRuleDescriptionsEgress => descriptions::update_egress,
    });
}
