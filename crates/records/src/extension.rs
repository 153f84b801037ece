//! What this cloud's network can do beyond the EC2 API: port forwarding, the network security groups of a VNet and
//! routes learned from an appliance. Made through the `allod` service.

use crate::{Millis, record};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// A port of a gateway that leads to an address inside (NET-30).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortForwarding {
    /// `pfw-…`.
    pub id: String,
    /// `igw-…` or `nat-…`.
    pub gateway_id: String,
    /// The VPC the gateway is in.
    pub vpc_id: String,
    /// 6 or 17.
    pub protocol: u8,
    /// At an internet gateway: the elastic IP's address packets are sent to (it must not be associated). At a NAT
    /// gateway: its primary address, public for public gateways.
    pub public_ip: Ipv4Addr,
    /// `eipalloc-…` of that address at an internet gateway.
    #[serde(default)]
    pub allocation_id: Option<String>,
    /// The port packets are sent to.
    pub port: u16,
    /// Where they are delivered.
    pub to_address: Ipv4Addr,
    /// At which port.
    pub to_port: u16,
    /// The inside sees the gateway as the sender instead of the client.
    pub masquerade: bool,
    /// When it was made.
    pub created: Millis,
}
record!(
    PortForwarding,
    "allod/port-forwarding",
    "vpc" => |p| vec![p.vpc_id.clone()],
    "gateway" => |p| vec![p.gateway_id.clone()],
    "allocation" => |p| p.allocation_id.iter().cloned().collect(),
);

impl PortForwarding {
    /// Most of one gateway: they go with it in one transaction, which has room for little more than twice as many.
    pub const MOST: usize = 50;
}

/// A rule of a network security group; the lowest priority that matches decides (Azure, "Network security groups").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NsgRule {
    /// Unique in the group.
    pub name: String,
    /// 100–4096, unique per direction.
    pub priority: u16,
    /// Outbound, otherwise inbound.
    pub outbound: bool,
    /// Allow, otherwise deny.
    pub allow: bool,
    /// IP protocol number: 6, 17, 1, 50, 51; -1 for `*`.
    pub protocol: i32,
    /// Source blocks; empty for `*`.
    pub sources: Vec<IpNet>,
    /// Source is the VPC's own and peered space (`VirtualNetwork`).
    #[serde(default)]
    pub source_is_vpc: bool,
    /// Source ports; empty for all.
    pub source_ports: Vec<(u16, u16)>,
    /// Destination blocks; empty for `*`.
    pub destinations: Vec<IpNet>,
    /// Destination is the VPC's own and peered space.
    #[serde(default)]
    pub destination_is_vpc: bool,
    /// Destination ports; empty for all.
    pub destination_ports: Vec<(u16, u16)>,
}

/// A network security group (NET-22): stateful, ordered by priority, at subnets and interfaces. Its default rules
/// (65000 within the VPC, 65001 outbound to the internet, 65500 deny) are implied and never stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkSecurityGroup {
    /// `nsg-…`.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Name, unique in the VPC.
    pub name: String,
    /// Rules, sorted by direction and priority.
    pub rules: Vec<NsgRule>,
    /// Subnets it guards; a subnet has at most one.
    pub subnet_ids: Vec<String>,
    /// Interfaces it guards; an interface has at most one.
    pub network_interface_ids: Vec<String>,
}
record!(
    NetworkSecurityGroup,
    "allod/network-security-group",
    "vpc" => |g| vec![g.vpc_id.clone()],
    "attached" => |g| g.subnet_ids.iter().chain(&g.network_interface_ids).cloned().collect(),
);

/// A prefix a virtual private gateway has learned, as a BGP speaker would tell it, with the appliance behind which it lies.
/// Route tables that propagate the gateway carry it as a route of origin `EnableVgwRoutePropagation`; after every change
/// call [`crate::transitions::propagate_gateway`] in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnedRoute {
    /// [`LearnedRoute::id_of`]: a gateway knows one way to a prefix.
    pub id: String,
    /// `vgw-…`.
    pub gateway_id: String,
    /// The prefix, host bits cleared.
    pub destination: IpNet,
    /// `eni-…`, the next hop: an interface of the VPC the gateway is attached to.
    pub network_interface_id: String,
    /// When it was learned.
    pub learned: Millis,
}
record!(
    LearnedRoute,
    "allod/learned-route",
    "gateway" => |r| vec![r.gateway_id.clone()],
    "interface" => |r| vec![r.network_interface_id.clone()],
);

impl LearnedRoute {
    /// Most prefixes of one gateway (AWS: 100 propagated routes in a table).
    pub const MOST: usize = 100;

    /// The id of a gateway's route to a prefix.
    pub fn id_of(gateway_id: &str, destination: &IpNet) -> String {
        // Slashes divide the store's keys.
        format!("{gateway_id} {}-{}", destination.addr(), destination.prefix_len())
    }
}
