//! Internet gateways.

mod attach;
mod create;
mod describe;

use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds the operations on internet gateways.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateInternetGateway => create::create_internet_gateway,
        DeleteInternetGateway => create::delete_internet_gateway,
        DescribeInternetGateways => describe::describe_internet_gateways,
        AttachInternetGateway => attach::attach_internet_gateway,
        DetachInternetGateway => attach::detach_internet_gateway,
    });
}
