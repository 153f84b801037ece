//! Flow logs.

use crate::{Millis, record};
use serde::{Deserialize, Serialize};

/// A flow log: which packets of which interfaces are written down where.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FlowLog {
    /// `fl-…`.
    pub id: String,
    /// The VPC, subnet or interface it watches.
    pub resource_id: String,
    /// `ACCEPT`, `REJECT` or `ALL`.
    pub traffic_type: String,
    /// `cloud-watch-logs`; other destinations come with their services.
    pub destination_type: String,
    /// Name of the log group.
    pub log_group: String,
    /// Role that may deliver.
    pub permission_arn: Option<String>,
    /// Fields in order, such as `${version} ${account-id} …`.
    pub format: String,
    /// Seconds of one aggregation: 60 or 600.
    pub aggregation_seconds: i32,
    /// When it was made.
    pub created: Millis,
    /// Why the last delivery failed, if it did.
    #[serde(default)]
    pub delivery_error: Option<String>,
}
record!(FlowLog, "ec2/flow-log", "resource" => |f| vec![f.resource_id.clone()]);
