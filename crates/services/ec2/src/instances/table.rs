//! The operations on instances, instance types, images and key pairs.

use crate::{Ec2, images, instance_types, key_pairs};
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds them.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    instance_types::table::add(table, service);
    images::table::add(table, service);
    key_pairs::table::add(table, service);
}
