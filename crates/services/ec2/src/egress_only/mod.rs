//! Egress-only internet gateways: IPv6 out, answers in (VPC user guide, "Enable outbound IPv6 traffic").

mod create;
mod delete;
mod describe;

use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds the operations on egress-only internet gateways.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateEgressOnlyInternetGateway => create::create_egress_only_internet_gateway,
        DeleteEgressOnlyInternetGateway => delete::delete_egress_only_internet_gateway,
        DescribeEgressOnlyInternetGateways => describe::describe_egress_only_internet_gateways,
    });
}
