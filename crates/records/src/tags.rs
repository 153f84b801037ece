//! Tags of EC2 resources, one record per tagged resource.

use crate::record;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The tags of one resource. Deleted with the resource, in the same transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags {
    /// Id of the resource, such as `i-…`.
    pub id: String,
    /// EC2's name of its type, such as `instance` or `security-group-rule`.
    pub resource_type: String,
    /// The tags.
    pub tags: BTreeMap<String, String>,
}
record!(Tags, "ec2/tags", "tag" => |t| t.tags.iter().map(|(k, v)| format!("{k}={v}")).collect());
