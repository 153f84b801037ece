//! The operations on instance types.

use super::{describe, offerings};
use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds them.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    contracts::operations!(table, service, {
        DescribeInstanceTypes => describe::describe_instance_types,
        DescribeInstanceTypeOfferings => offerings::describe_instance_type_offerings,
    });
}
