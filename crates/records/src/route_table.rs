//! Route tables.

use crate::record;
use crate::{
    EgressOnlyInternetGateway, Instance, InstanceState, InternetGateway, NatGateway, NetworkInterface,
    VpcEndpoint, VpcPeering, VpnGateway,
};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use state_store::typed::{Scope, Store};

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
    /// `vpce-…`.
    VpcEndpoint(String),
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
    "instance-or-interface" => |t| t.routes.iter().flat_map(|r| match &r.target {
        RouteTarget::Instance(instance, interface) => vec![instance.clone(), interface.clone()],
        RouteTarget::NetworkInterface(interface) => vec![interface.clone()],
        _ => Vec::new(),
    }).collect(),
    "propagating" => |t| t.propagating.clone(),
    "gateway" => |t| t.associations.iter().filter_map(|a| a.gateway_id.clone()).collect(),
    "prefix-list" => |t| t.routes.iter().filter_map(|r| r.prefix_list.clone()).collect(),
    "association" => |t| t.associations.iter().map(|a| a.id.clone()).collect(),
);

impl RouteTable {
    /// Whether this is its VPC's main table.
    pub fn is_main(&self) -> bool {
        self.associations.iter().any(|a| a.main)
    }
}

impl RouteTarget {
    /// Whether packets can go there now. A route whose target is gone, detached or stopped is a blackhole
    /// (AWS: "Route tables", state `blackhole`): derived whenever it is asked for, so it can never be stale.
    pub fn is_alive(&self, store: &Store, scope: &Scope, vpc_id: &str) -> bool {
        match self {
            RouteTarget::Local => true,
            RouteTarget::InternetGateway(id) => {
                store.get::<InternetGateway>(scope, id).is_some_and(|g| g.vpc_id.as_deref() == Some(vpc_id))
            }
            RouteTarget::NetworkInterface(id) | RouteTarget::Instance(_, id) => {
                let interface = store.get::<NetworkInterface>(scope, id);
                let instance = interface.as_ref().and_then(|i| i.attachment.as_ref()).map(|a| &a.instance_id);
                let instance = instance.and_then(|id| store.get::<Instance>(scope, id));
                instance.is_some_and(|i| matches!(i.state, InstanceState::Pending | InstanceState::Running))
            }
            RouteTarget::EgressOnlyInternetGateway(id) => {
                store.get::<EgressOnlyInternetGateway>(scope, id).is_some_and(|g| g.vpc_id == vpc_id)
            }
            // A gateway that is still pending shows as active: it is on its way.
            RouteTarget::NatGateway(id) => {
                store.get::<NatGateway>(scope, id).is_some_and(|g| g.vpc_id == vpc_id && g.is_wanted())
            }
            RouteTarget::VpcPeering(id) => store.get::<VpcPeering>(scope, id).is_some_and(|p| p.is_active()),
            RouteTarget::VpnGateway(id) => {
                store.get::<VpnGateway>(scope, id).is_some_and(|g| g.vpc_id.as_deref() == Some(vpc_id))
            }
            RouteTarget::VpcEndpoint(id) => store
                .get::<VpcEndpoint>(scope, id)
                .is_some_and(|e| e.vpc_id == vpc_id && e.state == "available"),
        }
    }
}
