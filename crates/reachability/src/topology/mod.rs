//! The explainer's input: a network as plain data, in the words of the EC2 API.
//!
//! Everything refers to everything else by id. Nothing here is checked on construction: an id that leads nowhere is an
//! absent component, and the packet that needed it is dropped there.

mod filters;
mod gateways;
mod interfaces;
mod nsg;
mod routing;

pub use filters::{AclEntry, GroupRule, NetworkAcl, RulePeer, SecurityGroup, Selector};
pub use gateways::{
    EgressOnlyInternetGateway, GatewayEndpoint, InternetGateway, NatAddress, NatGateway, Peering,
    PortForwarding,
};
pub use interfaces::{InterfaceKind, NetworkInterface, PublicAddress, PublicKind};
pub use nsg::{Nsg, NsgAddress, NsgRule};
pub use routing::{Route, RouteOrigin, RouteTable, RouteTarget, Subnet, Vpc};

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The id of a component (`vpc-…`, `eni-…`, `sgr-…`); cheap to clone, because every step of a path carries several.
pub type Id = Arc<str>;

/// An inclusive range of ports, 0–65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortRange {
    /// The lowest port.
    pub from: u16,
    /// The highest port; a range whose `to` is below its `from` holds nothing.
    pub to: u16,
}

impl PortRange {
    /// Every port.
    pub const ALL: Self = Self { from: 0, to: u16::MAX };

    /// The range of one port.
    pub const fn one(port: u16) -> Self {
        Self { from: port, to: port }
    }

    /// Whether the port lies in the range.
    pub const fn contains(self, port: u16) -> bool {
        self.from <= port && port <= self.to
    }
}

impl Default for PortRange {
    fn default() -> Self {
        Self::ALL
    }
}

/// A direction as seen from the interface or subnet that filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into the interface or subnet.
    Ingress,
    /// Out of it.
    Egress,
}

impl Direction {
    /// The word of the EC2 API: `ingress` or `egress`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }

    /// The other direction.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Ingress => Self::Egress,
            Self::Egress => Self::Ingress,
        }
    }
}

/// A whole network: every component a packet may meet, of every VPC that it may cross.
///
/// Any address that no VPC here owns belongs to the internet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Topology {
    /// The VPCs.
    pub vpcs: Vec<Vpc>,
    /// Their subnets.
    pub subnets: Vec<Subnet>,
    /// Route tables, those of gateways included.
    pub route_tables: Vec<RouteTable>,
    /// Network ACLs.
    pub network_acls: Vec<NetworkAcl>,
    /// Security groups.
    pub security_groups: Vec<SecurityGroup>,
    /// VNet-style security groups (specification NET-22).
    pub nsgs: Vec<Nsg>,
    /// Network interfaces.
    pub network_interfaces: Vec<NetworkInterface>,
    /// NAT gateways.
    pub nat_gateways: Vec<NatGateway>,
    /// Internet gateways.
    pub internet_gateways: Vec<InternetGateway>,
    /// Egress-only internet gateways.
    pub egress_only_gateways: Vec<EgressOnlyInternetGateway>,
    /// VPC peering connections.
    pub peerings: Vec<Peering>,
    /// Gateway VPC endpoints.
    pub gateway_endpoints: Vec<GatewayEndpoint>,
    /// Port forwardings (specification NET-30).
    pub port_forwardings: Vec<PortForwarding>,
    /// Whether the outside has private addresses (RFC 1918, RFC 6598). AWS's has none, and its gateways refuse them; the
    /// outside of a private cloud is the local network, whose hosts have little else.
    pub outside_private: bool,
}
