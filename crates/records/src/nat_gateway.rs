//! NAT gateways and egress-only internet gateways.

use crate::{Millis, record};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// State of a NAT gateway (API reference, `NatGateway`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NatGatewayState {
    /// Recorded; the host makes it.
    Pending,
    /// It translates.
    Available,
    /// Could not be made; shown for an hour, then forgotten.
    Failed,
    /// The host takes it away.
    Deleting,
    /// Gone; shown for an hour, then forgotten.
    Deleted,
}

/// One address of a NAT gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatAddress {
    /// Address inside the VPC, held by the gateway's interface.
    pub private_ip: Ipv4Addr,
    /// `eipalloc-…` of a public gateway's address.
    #[serde(default)]
    pub allocation_id: Option<String>,
    /// The elastic IP's address.
    #[serde(default)]
    pub public_ip: Option<Ipv4Addr>,
    /// `eipassoc-…`.
    #[serde(default)]
    pub association_id: Option<String>,
    /// The first one, which cannot be taken away.
    pub primary: bool,
    /// `assigning`, `unassigning`, `associating`, `disassociating`, `succeeded`, `failed`.
    pub status: String,
}

/// A NAT gateway. Its interface ([`crate::NetworkInterface`], type `nat_gateway`, requester-managed, no groups, no
/// source/destination check) holds the addresses; the host translates in a namespace of its own behind that interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NatGateway {
    /// `nat-…`.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Its subnet.
    pub subnet_id: String,
    /// Connectivity `public`, otherwise `private`.
    pub public: bool,
    /// Its state.
    pub state: NatGatewayState,
    /// Code and message of a failure, such as `InvalidAllocationID.NotFound`.
    #[serde(default)]
    pub failure: Option<(String, String)>,
    /// Its interface.
    pub network_interface_id: String,
    /// Its addresses, the primary one first.
    pub addresses: Vec<NatAddress>,
    /// When it was made.
    pub created: Millis,
    /// When it was gone.
    #[serde(default)]
    pub deleted: Option<Millis>,
}
record!(
    NatGateway,
    "ec2/nat-gateway",
    "vpc" => |g| vec![g.vpc_id.clone()],
    "subnet" => |g| vec![g.subnet_id.clone()],
    "interface" => |g| vec![g.network_interface_id.clone()],
);

impl NatGateway {
    /// Whether the host should have it: pending or available.
    pub fn is_wanted(&self) -> bool {
        matches!(self.state, NatGatewayState::Pending | NatGatewayState::Available)
    }
}

/// An egress-only internet gateway: IPv6 out, answers in, nothing else.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EgressOnlyInternetGateway {
    /// `eigw-…`.
    pub id: String,
    /// Its VPC, for life.
    pub vpc_id: String,
}
record!(EgressOnlyInternetGateway, "ec2/egress-only-internet-gateway", "vpc" => |g| vec![g.vpc_id.clone()]);

/// A virtual private gateway: what propagated routes belong to. It carries no packets by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VpnGateway {
    /// `vgw-…`.
    pub id: String,
    /// The VPC it is attached to.
    pub vpc_id: Option<String>,
    /// Autonomous system number of its side.
    pub asn: i64,
}
record!(VpnGateway, "ec2/vpn-gateway", "vpc" => |g| g.vpc_id.iter().cloned().collect());
