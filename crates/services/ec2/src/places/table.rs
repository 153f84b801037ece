//! The operations about places and the account.

use super::{account_attributes, regions, zones};
use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds them.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    contracts::operations!(table, service, {
        DescribeRegions => regions::describe_regions,
        DescribeAvailabilityZones => zones::describe_availability_zones,
        DescribeAccountAttributes => account_attributes::describe_account_attributes,
    });
}
