//! The operations on instances, images and key pairs.

use crate::Ec2;
use contracts::ServiceTable;
use std::sync::Arc;

/// Adds them.
pub(crate) fn add(_table: &mut ServiceTable, _service: &Arc<Ec2>) {}
