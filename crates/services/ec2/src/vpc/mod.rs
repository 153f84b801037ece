//! VPCs.

mod attributes;
mod build;
mod cidr_blocks;
mod create;
mod default_vpc;
mod delete;
mod describe;
mod rules;
mod show;

use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

pub(crate) use build::{all_traffic, local_routes};
pub(crate) use default_vpc::{default_vpc_of, ensure_default_vpc};

/// Adds the operations on VPCs.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateVpc => create::create_vpc,
        DeleteVpc => delete::delete_vpc,
        DescribeVpcs => describe::describe_vpcs,
        DescribeVpcAttribute => attributes::describe_vpc_attribute,
        ModifyVpcAttribute => attributes::modify_vpc_attribute,
        ModifyVpcTenancy => attributes::modify_vpc_tenancy,
        CreateDefaultVpc => default_vpc::create_default_vpc,
        CreateDefaultSubnet => default_vpc::create_default_subnet,
        AssociateVpcCidrBlock => cidr_blocks::associate_vpc_cidr_block,
        DisassociateVpcCidrBlock => cidr_blocks::disassociate_vpc_cidr_block,
    });
}
