//! Network Insights: questions about reachability and their answers.

use crate::{Millis, record};
use serde::{Deserialize, Serialize};

/// What a question asks of one end's packets; absent fields are open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathFilter {
    /// Source address.
    #[serde(default)]
    pub source_address: Option<String>,
    /// Source ports.
    #[serde(default)]
    pub source_ports: Option<(u16, u16)>,
    /// Destination address.
    #[serde(default)]
    pub destination_address: Option<String>,
    /// Destination ports.
    #[serde(default)]
    pub destination_ports: Option<(u16, u16)>,
}

/// A path: from where to where, with what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InsightsPath {
    /// `nip-…`.
    pub id: String,
    /// The id of an interface, instance, gateway, peering connection or endpoint.
    pub source: String,
    /// Likewise; absent when only an address is given.
    #[serde(default)]
    pub destination: Option<String>,
    /// Address of a source outside.
    #[serde(default)]
    pub source_ip: Option<String>,
    /// Address of a destination outside.
    #[serde(default)]
    pub destination_ip: Option<String>,
    /// `tcp`, `udp` or `icmp` (echo requests).
    pub protocol: String,
    /// Destination port.
    #[serde(default)]
    pub destination_port: Option<u16>,
    /// Filter at the source.
    #[serde(default)]
    pub filter_at_source: Option<PathFilter>,
    /// Filter at the destination.
    #[serde(default)]
    pub filter_at_destination: Option<PathFilter>,
    /// When it was made.
    pub created: Millis,
}
record!(InsightsPath, "ec2/network-insights-path");

/// One analysis of a path: the topology as it was then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InsightsAnalysis {
    /// `nia-…`.
    pub id: String,
    /// Its path.
    pub path_id: String,
    /// `running`, `succeeded` or `failed`.
    pub status: String,
    /// In words, for a failure.
    #[serde(default)]
    pub status_message: Option<String>,
    /// ARNs of resources the path must pass.
    #[serde(default)]
    pub filter_in: Vec<String>,
    /// ARNs of resources the path must not pass.
    #[serde(default)]
    pub filter_out: Vec<String>,
    /// Whether a packet gets through.
    #[serde(default)]
    pub found: Option<bool>,
    /// The whole answer as the explainer gave it: JSON of the service's own form.
    #[serde(default)]
    pub answer: String,
    /// When it began.
    pub started: Millis,
}
record!(InsightsAnalysis, "ec2/network-insights-analysis", "path" => |a| vec![a.path_id.clone()]);
