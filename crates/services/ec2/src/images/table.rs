//! The operations on images.

use super::describe;
use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds them.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    contracts::operations!(table, service, {
        DescribeImages => describe::describe_images,
    });
}
