//! Route tables and what they are associated with.

use super::From;
use crate::network::numbers::Numbers;
use ipnet::IpNet;
use network_plan as plan;
use records::{
    EgressOnlyInternetGateway, NatGateway, PrefixList, Route, RouteOrigin, RouteTable, RouteTarget,
    VpcPeering,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The table of a subnet: its own, or the main one.
pub(super) fn table_of<'a>(subnet: &str, tables: &'a [Arc<RouteTable>]) -> Option<&'a Arc<RouteTable>> {
    let own = tables.iter().find(|t| t.associations.iter().any(|a| a.subnet_id.as_deref() == Some(subnet)));
    own.or_else(|| tables.iter().find(|t| t.is_main()))
}

/// The table that is associated with a gateway.
pub(super) fn edge_table(tables: &[Arc<RouteTable>], gateway: &str) -> Option<String> {
    let found =
        tables.iter().find(|t| t.associations.iter().any(|a| a.gateway_id.as_deref() == Some(gateway)));
    found.map(|table| table.id.clone())
}

/// The tables of the VPC.
pub(super) fn tables(
    from: From<'_>,
    tables: &[Arc<RouteTable>],
    gateway: Option<&str>,
    numbers: &mut Numbers,
) -> Vec<plan::RouteTable> {
    let space = format!("table {}", from.vpc_id);
    let table = |t: &Arc<RouteTable>| plan::RouteTable {
        id: t.id.clone(),
        number: numbers.of(&space, &t.id),
        routes: routes(from, t, gateway),
    };
    tables.iter().map(table).collect()
}

/// One route per destination and origin. A route for a block of its own ranks before one that a prefix list brought
/// (VPC user guide, "Route priority").
fn routes(from: From<'_>, table: &RouteTable, gateway: Option<&str>) -> Vec<plan::InputRoute> {
    let mut taken = BTreeSet::new();
    let mut found = Vec::new();
    let (listed, single): (Vec<&Route>, Vec<&Route>) =
        table.routes.iter().partition(|route| route.prefix_list.is_some());
    for route in single.into_iter().chain(listed) {
        let (target, origin) = (target(from, &route.target, gateway), origin(route.origin));
        for destination in destinations(from, route) {
            if taken.insert((destination.trunc(), origin)) {
                found.push(plan::InputRoute { destination, target: target.clone(), origin });
            }
        }
    }
    found
}

/// A prefix list stands for the entries it has now.
fn destinations(from: From<'_>, route: &Route) -> Vec<IpNet> {
    let list = route.prefix_list.as_ref().and_then(|id| from.store.get::<PrefixList>(from.scope, id));
    list.map_or_else(|| vec![route.destination], |list| list.entries.iter().map(|entry| entry.cidr).collect())
}

const fn origin(origin: RouteOrigin) -> plan::RouteOrigin {
    match origin {
        RouteOrigin::CreateRouteTable => plan::RouteOrigin::System,
        RouteOrigin::EnableVgwRoutePropagation => plan::RouteOrigin::Propagated,
        RouteOrigin::CreateRoute => plan::RouteOrigin::Static,
    }
}

/// A target that is gone, or of a kind that carries no packets, swallows them without an answer.
fn target(from: From<'_>, target: &RouteTarget, gateway: Option<&str>) -> plan::RouteTarget {
    let From { store, scope, vpc_id } = from;
    let found = match target {
        RouteTarget::Local => Some(plan::RouteTarget::Local),
        RouteTarget::InternetGateway(id) => {
            (Some(id.as_str()) == gateway).then_some(plan::RouteTarget::InternetGateway)
        }
        RouteTarget::NetworkInterface(eni) | RouteTarget::Instance(_, eni) => {
            Some(plan::RouteTarget::Eni(eni.clone()))
        }
        RouteTarget::EgressOnlyInternetGateway(id) => store
            .get::<EgressOnlyInternetGateway>(scope, id)
            .filter(|g| g.vpc_id == vpc_id)
            .map(|_| plan::RouteTarget::EgressOnlyGateway),
        RouteTarget::NatGateway(id) => store
            .get::<NatGateway>(scope, id)
            .filter(|g| g.vpc_id == vpc_id && g.is_wanted())
            .map(|g| plan::RouteTarget::Eni(g.network_interface_id.clone())),
        RouteTarget::VpcPeering(id) => {
            let peering = store.get::<VpcPeering>(scope, id).filter(|p| p.is_active());
            peering.map(|_| plan::RouteTarget::Peering(id.clone()))
        }
        RouteTarget::VpnGateway(_) | RouteTarget::VpcEndpoint(_) => None,
    };
    found.unwrap_or(plan::RouteTarget::Blackhole)
}
