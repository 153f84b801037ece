//! What stands between VPCs and the world.

use super::Id;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// An internet gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternetGateway {
    /// `igw-…`.
    pub id: Id,
    /// The VPC that it is attached to.
    #[serde(default)]
    pub vpc: Option<Id>,
    /// The gateway route table (edge association), which may send arriving packets to an appliance first.
    #[serde(default)]
    pub route_table: Option<Id>,
}

/// An egress-only internet gateway: IPv6 out, and only answers in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EgressOnlyInternetGateway {
    /// `eigw-…`.
    pub id: Id,
    /// The VPC that it is attached to.
    pub vpc: Id,
}

/// A NAT gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatGateway {
    /// `nat-…`.
    pub id: Id,
    /// Its VPC.
    pub vpc: Id,
    /// The subnet that it stands in: that subnet's ACL and routes judge its second leg.
    pub subnet: Id,
    /// Its network interface.
    pub network_interface: Id,
    /// Its addresses, the primary one first.
    pub addresses: Vec<NatAddress>,
    /// Whether it is in the state `available`.
    pub available: bool,
}

/// One address of a NAT gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatAddress {
    /// The address in the subnet, which packets carry as source behind the gateway.
    pub private: IpAddr,
    /// The elastic address; a private NAT gateway has none.
    #[serde(default)]
    pub public: Option<IpAddr>,
}

/// A peering connection between two VPCs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peering {
    /// `pcx-…`.
    pub id: Id,
    /// The VPC that asked.
    pub requester_vpc: Id,
    /// The VPC that accepted.
    pub accepter_vpc: Id,
    /// Whether it is in the state `active`.
    pub active: bool,
}

impl Peering {
    /// The VPC on the other side, if the given one is a side of this connection.
    pub fn other_side(&self, vpc: &str) -> Option<&Id> {
        if *self.requester_vpc == *vpc {
            Some(&self.accepter_vpc)
        } else if *self.accepter_vpc == *vpc {
            Some(&self.requester_vpc)
        } else {
            None
        }
    }
}

/// A gateway VPC endpoint: a route by prefix list into a service of the cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayEndpoint {
    /// `vpce-…`.
    pub id: Id,
    /// Its VPC.
    pub vpc: Id,
    /// Whether it is in the state `available`.
    pub available: bool,
}

/// A forwarded port of a gateway (specification NET-30; an extension, AWS has none).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortForwarding {
    /// The forwarding's id.
    pub id: Id,
    /// The internet gateway or NAT gateway.
    pub gateway: Id,
    /// The IP protocol, 6 or 17.
    pub protocol: u8,
    /// The public address that it holds for; `None` is any public address of the gateway (a NAT gateway's elastic
    /// addresses, or every public address mapped in the VPC of an internet gateway).
    #[serde(default)]
    pub gateway_address: Option<IpAddr>,
    /// The port outside.
    pub gateway_port: u16,
    /// The address inside.
    pub inner_address: IpAddr,
    /// The port inside.
    pub inner_port: u16,
    /// With masquerading, the address that the server sees as source.
    #[serde(default)]
    pub masquerade: Option<IpAddr>,
}
