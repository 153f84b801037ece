//! Network ACLs.

mod associations;
mod create;
mod delete;
mod describe;
mod entries;
mod parse;
mod show;
mod vpc_default;

use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

pub(crate) use vpc_default::{
    allow_ipv6, ensure_for_old_vpcs, forget_all, forget_subnet, guard_subnet, has_custom, put_default,
};

/// Adds the operations on network ACLs.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateNetworkAcl => create::create_network_acl,
        DeleteNetworkAcl => delete::delete_network_acl,
        DescribeNetworkAcls => describe::describe_network_acls,
        CreateNetworkAclEntry => entries::create_network_acl_entry,
        ReplaceNetworkAclEntry => entries::replace_network_acl_entry,
        DeleteNetworkAclEntry => entries::delete_network_acl_entry,
        ReplaceNetworkAclAssociation => associations::replace_network_acl_association,
    });
}
