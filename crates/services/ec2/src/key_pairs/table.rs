//! The operations on key pairs.

use super::{create, delete, describe, import};
use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds them.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    contracts::operations!(table, service, {
        CreateKeyPair => create::create_key_pair,
        ImportKeyPair => import::import_key_pair,
        DeleteKeyPair => delete::delete_key_pair,
        DescribeKeyPairs => describe::describe_key_pairs,
    });
}
