//! VPC endpoints: ways from a VPC to services of this cloud.

mod names;
mod services;
#[cfg(test)]
mod tests;

pub use names::private_names;
pub use services::{EndpointService, SERVICES, service, service_by_name};

use crate::{Millis, record};
use serde::{Deserialize, Serialize};

/// An endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VpcEndpoint {
    /// `vpce-…`.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// `com.amazonaws.<region>.<service>`.
    pub service_name: String,
    /// `Interface`, otherwise `Gateway`.
    pub interface: bool,
    /// `pending`, `available`, `deleting`, `deleted`, `failed`.
    pub state: String,
    /// Tables a gateway endpoint put its route into.
    #[serde(default)]
    pub route_table_ids: Vec<String>,
    /// Subnets of an interface endpoint.
    #[serde(default)]
    pub subnet_ids: Vec<String>,
    /// Its interfaces (type `vpc_endpoint`, requester-managed), one per subnet.
    #[serde(default)]
    pub network_interface_ids: Vec<String>,
    /// Groups of its interfaces.
    #[serde(default)]
    pub group_ids: Vec<String>,
    /// The service's usual names lead here inside the VPC.
    #[serde(default)]
    pub private_dns: bool,
    /// `ipv4`, `ipv6` or `dualstack`.
    pub ip_address_type: String,
    /// JSON policy.
    pub policy: String,
    /// When it was made.
    pub created: Millis,
}
record!(
    VpcEndpoint,
    "ec2/vpc-endpoint",
    "vpc" => |e| vec![e.vpc_id.clone()],
    "interface" => |e| e.network_interface_ids.clone(),
);
