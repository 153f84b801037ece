//! CIDR reservations inside subnets.

use crate::record;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A part of a subnet that is not given out automatically.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubnetCidrReservation {
    /// `scr-…`.
    pub id: String,
    /// The subnet.
    pub subnet_id: String,
    /// The reserved block.
    pub cidr: IpNet,
    /// For single addresses (`explicit`), otherwise for prefixes of interfaces (`prefix`).
    pub explicit: bool,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
}
record!(SubnetCidrReservation, "ec2/subnet-cidr-reservation", "subnet" => |r| vec![r.subnet_id.clone()]);
