//! Elastic IP addresses, and the claim that keeps public addresses unique.

use crate::record;
use serde::{Deserialize, Serialize};
use state_store::typed::Scope;
use std::net::Ipv4Addr;

/// An allocated elastic IP. What it is mapped to stands in the interface ([`crate::PrivateAddress::allocation_id`]).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Address {
    /// `eipalloc-…`.
    pub id: String,
    /// The public address.
    pub public_ip: Ipv4Addr,
    /// The interface it is associated with.
    #[serde(default)]
    pub network_interface_id: Option<String>,
    /// The private address it maps to.
    #[serde(default)]
    pub private_ip: Option<Ipv4Addr>,
    /// `eipassoc-…`.
    #[serde(default)]
    pub association_id: Option<String>,
    /// Its reverse name when the account has given it one: lower case, with the final dot.
    #[serde(default)]
    pub reverse_name: Option<String>,
}
record!(
    Address,
    "ec2/address",
    "public" => |a| vec![a.public_ip.to_string()],
    "interface" => |a| a.network_interface_id.iter().cloned().collect(),
    "association" => |a| a.association_id.iter().cloned().collect(),
);

impl Address {
    /// Forgets what it was mapped to; the allocation stays.
    pub fn free(&mut self) {
        self.network_interface_id = None;
        self.private_ip = None;
        self.association_id = None;
    }
}

/// Where records live that all accounts share, such as claims on the pool of public addresses.
pub fn pool_scope() -> Scope {
    Scope::new("allod", "global")
}

/// A public address taken from the cloud's pool; kept in the scope (`allod`, `global`) so that no two accounts share one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PublicAddressClaim {
    /// The address as text.
    pub id: String,
    /// The interface or allocation that holds it.
    pub holder: String,
    /// Account of the holder.
    pub account: String,
    /// Region of the holder.
    pub region: String,
}
record!(PublicAddressClaim, "allod/public-address");
