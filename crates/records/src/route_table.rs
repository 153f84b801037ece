//! Route tables.

use crate::record;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteTarget {
    /// Inside the VPC.
    Local,
    /// `igw-…`.
    InternetGateway(String),
    /// `eigw-…`.
    EgressOnlyInternetGateway(String),
    /// `nat-…`.
    NatGateway(String),
    /// An instance by its primary interface: instance id, interface id.
    Instance(String, String),
    /// `eni-…`.
    NetworkInterface(String),
    /// `pcx-…`.
    VpcPeering(String),
    /// `vgw-…`.
    VpnGateway(String),
}

/// How a route came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub enum RouteOrigin {
    /// With the table (the local routes).
    CreateRouteTable,
    /// By CreateRoute.
    CreateRoute,
    /// Propagated by a virtual private gateway.
    EnableVgwRoutePropagation,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Destination block of either family.
    pub destination: IpNet,
    /// `pl-…` when the route was given by a prefix list; `destination` is then one of its entries.
    #[serde(default)]
    pub prefix_list: Option<String>,
    /// Target.
    pub target: RouteTarget,
    /// Origin.
    pub origin: RouteOrigin,
}

/// What a table is associated with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableAssociation {
    /// `rtbassoc-…`.
    pub id: String,
    /// The VPC's main table (then neither of the others is set).
    pub main: bool,
    /// An explicitly associated subnet.
    pub subnet_id: Option<String>,
    /// An associated gateway (edge association).
    #[serde(default)]
    pub gateway_id: Option<String>,
}

/// A route table. Whether a route is a blackhole is derived from its target when shown, never stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteTable {
    /// `rtb-…`.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Routes, the local ones first.
    pub routes: Vec<Route>,
    /// Associations.
    pub associations: Vec<TableAssociation>,
    /// Virtual private gateways whose routes propagate here.
    #[serde(default)]
    pub propagating: Vec<String>,
}
record!(
    RouteTable,
    "ec2/route-table",
    "vpc" => |t| vec![t.vpc_id.clone()],
    "subnet" => |t| t.associations.iter().filter_map(|a| a.subnet_id.clone()).collect(),
    "association" => |t| t.associations.iter().map(|a| a.id.clone()).collect(),
);

impl RouteTable {
    /// Whether this is its VPC's main table.
    pub fn is_main(&self) -> bool {
        self.associations.iter().any(|a| a.main)
    }
}
