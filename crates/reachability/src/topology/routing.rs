//! VPCs, subnets and route tables.

use super::Id;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A VPC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// `vpc-…`.
    pub id: Id,
    /// Its blocks, the primary IPv4 block first: the resolver's +2 address is counted from that one.
    pub cidrs: Vec<IpNet>,
    /// The table of every subnet that has none of its own.
    pub main_route_table: Id,
    /// The attribute `enableDnsSupport`: whether the resolver answers in this VPC.
    pub dns_support: bool,
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: Id,
    /// The VPC that it is part of.
    pub vpc: Id,
    /// Its IPv4 block and, if it has one, its IPv6 block.
    pub cidrs: Vec<IpNet>,
    /// The availability zone's name.
    pub zone: String,
    /// The table associated explicitly; without one the VPC's main table counts.
    #[serde(default)]
    pub route_table: Option<Id>,
    /// The network ACL; every subnet has exactly one.
    pub network_acl: Id,
    /// A VNet-style group on the whole subnet.
    #[serde(default)]
    pub nsg: Option<Id>,
}

/// A route table of a subnet or of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    /// `rtb-…`.
    pub id: Id,
    /// The VPC that it is part of.
    pub vpc: Id,
    /// Its routes, in no particular order.
    pub routes: Vec<Route>,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The destination: one block, or every block of the prefix list.
    pub destinations: Vec<IpNet>,
    /// The prefix list that the blocks were expanded from.
    #[serde(default)]
    pub prefix_list: Option<Id>,
    /// Where the route comes from; it decides among routes of equal prefix length.
    pub origin: RouteOrigin,
    /// Where matching packets go.
    pub target: RouteTarget,
}

/// Where a route comes from (specification NET-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteOrigin {
    /// The VPC's own block (`CreateRouteTable`). A propagated route never beats it, not even a longer one (AWS "Route
    /// tables and VPN route priority"; Azure says the same of system routes of the virtual network).
    Local,
    /// Made by a user (`CreateRoute`).
    Static,
    /// Learned from a gateway (`EnableVgwRoutePropagation`).
    Propagated,
    /// A VNet's default route, which everything else of equal length overrides.
    System,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "id")]
pub enum RouteTarget {
    /// To the interface that owns the destination in this VPC.
    Local,
    /// To an internet gateway.
    InternetGateway(Id),
    /// To an egress-only internet gateway.
    EgressOnlyInternetGateway(Id),
    /// To a NAT gateway.
    NatGateway(Id),
    /// To an interface, as a rule an appliance's.
    NetworkInterface(Id),
    /// To a peered VPC.
    Peering(Id),
    /// To a gateway VPC endpoint.
    GatewayEndpoint(Id),
    /// To a virtual private gateway. No tunnel is modelled, so packets end there.
    VirtualPrivateGateway(Id),
    /// Nowhere: the target was deleted or detached.
    Blackhole,
}

impl RouteTarget {
    /// The id of the target; `local` and blackholes have none.
    pub fn id(&self) -> Option<&Id> {
        match self {
            Self::Local | Self::Blackhole => None,
            Self::InternetGateway(id)
            | Self::EgressOnlyInternetGateway(id)
            | Self::NatGateway(id)
            | Self::NetworkInterface(id)
            | Self::Peering(id)
            | Self::GatewayEndpoint(id)
            | Self::VirtualPrivateGateway(id) => Some(id),
        }
    }
}
