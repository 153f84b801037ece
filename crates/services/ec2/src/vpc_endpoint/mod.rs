//! VPC endpoints: ways from a VPC to services of this cloud (AWS PrivateLink guide).
//!
//! Interface endpoints only: the services that AWS gives gateway endpoints to do not exist here yet.

mod create;
mod delete;
mod describe;
mod faults;
mod interfaces;
mod modify;
mod options;
mod policy;
mod services;
mod show;

use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds the operations on endpoints.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateVpcEndpoint => create::create_vpc_endpoint,
        ModifyVpcEndpoint => modify::modify_vpc_endpoint,
        DeleteVpcEndpoints => delete::delete_vpc_endpoints,
        DescribeVpcEndpoints => describe::describe_vpc_endpoints,
        DescribeVpcEndpointServices => services::describe_vpc_endpoint_services,
    });
}
