//! Gateways of a VPC.

use crate::record;
use serde::{Deserialize, Serialize};

/// An internet gateway, attached to at most one VPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InternetGateway {
    /// `igw-…`.
    pub id: String,
    /// The VPC it is attached to.
    pub vpc_id: Option<String>,
}
record!(InternetGateway, "ec2/internet-gateway", "vpc" => |g| g.vpc_id.iter().cloned().collect());
