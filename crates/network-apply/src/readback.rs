//! The kernel's state as a plan, so that a new process can adopt a running
//! router: the difference to the wanted plan is applied, nothing else touched.

use std::collections::BTreeMap;

use network_plan::{
    EDGE_INDEX, LinkPlan, NextHop, Route, RouteKind, SetId, TABLE, TableRule, VpcPlan, eni_number,
    peering_number,
};

use crate::ApplyError;
use crate::edge::{Edge, LOOPBACK};
use crate::nft;
use crate::route::{self, Action, LinkInfo, PathRoute};
use crate::router::{Router, vpc_index};

/// What is there. Of links only number and hardware address are known; `wanted`
/// supplies the VPC's identity.
pub(crate) fn observe(router: &mut Router, wanted: &VpcPlan, edge: &mut Edge) -> Result<VpcPlan, ApplyError> {
    let mut plan = VpcPlan { id: wanted.id.clone(), number: wanted.number, ..VpcPlan::default() };
    let socket = &mut router.filter;
    let read = |what: &'static str| move |refusal| ApplyError::refused(what, refusal);
    if nft::tables_are_ours(socket, TABLE).map_err(read("reading the tables"))? {
        for set in SetId::ALL {
            let elements = nft::elements(socket, TABLE, set).map_err(read("reading a set"))?;
            if !elements.is_empty() {
                plan.elements.insert(set, elements);
            }
        }
        plan.chains = nft::chains(socket, TABLE).map_err(read("reading the chains"))?;
    }
    let socket = &mut router.route;
    let routes = route::routes(socket).map_err(read("reading routes"))?;
    plan.routes = routes.iter().filter_map(plan_route).collect();
    let rules = route::rules(socket).map_err(read("reading rules"))?;
    plan.table_rules = rules.into_iter().map(|table| TableRule { table }).collect();
    let addresses = route::addresses(socket, LOOPBACK).map_err(read("reading addresses"))?;
    plan.addresses = addresses.into_iter().filter(|address| !address.is_loopback()).collect();
    plan.links = links(&route::links(socket).map_err(read("reading links"))?, wanted);
    plan.edge_routes = edge.routes(vpc_index(wanted.number))?.into_iter().collect();
    Ok(plan)
}

fn plan_route(route: &PathRoute) -> Option<Route> {
    let kind = match route.action {
        Action::Via { index: EDGE_INDEX, .. } => RouteKind::Via(NextHop::Edge),
        Action::Via { index, .. } => RouteKind::Via(match peering_number(index) {
            Some(number) => NextHop::Peer(number),
            None => NextHop::Eni(eni_number(index)?),
        }),
        Action::Throw => RouteKind::Throw,
        Action::Blackhole => RouteKind::Blackhole,
    };
    let PathRoute { table, destination, metric, .. } = *route;
    Some(Route { table, destination, metric, kind })
}

/// The links as far as a difference looks at them. A link whose alias does not
/// name the wanted hardware address belongs to an earlier ENI of that number.
fn links(found: &[LinkInfo], wanted: &VpcPlan) -> BTreeMap<u32, LinkPlan> {
    let mut links = BTreeMap::new();
    for info in found {
        let Some(number) = eni_number(info.index) else { continue };
        let matching = wanted.links.get(&number).filter(|link| alias(link) == info.alias);
        let link = matching.cloned().unwrap_or_else(|| LinkPlan {
            eni_id: info.alias.clone(),
            number,
            mac: [0; 6],
            address_v4: None,
            prefix_v4: 0,
            gateway_v4: std::net::Ipv4Addr::UNSPECIFIED,
            addresses_v6: Vec::new(),
            kind: network_plan::EniKind::Machine,
        });
        links.insert(number, link);
    }
    links
}

/// What is written on an ENI's link: its id and the machine's hardware address.
pub(crate) fn alias(link: &LinkPlan) -> String {
    let mac: Vec<String> = link.mac.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{} {}", link.eni_id, mac.join(":"))
}
