//! The tag operations.

use super::{describe, operations};
use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds them.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    contracts::operations!(table, service, {
        CreateTags => operations::create_tags,
        DeleteTags => operations::delete_tags,
        DescribeTags => describe::describe_tags,
    });
}
