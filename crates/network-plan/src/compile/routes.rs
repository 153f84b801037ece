//! Route tables, the router's own addresses and what the edge sends here.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Draft, Index};
use crate::{
    Eni, MAIN_TABLE, NextHop, Route, RouteKind, RouteOrigin, RouteTable, RouteTarget, SERVICE_ADDRESSES,
    TABLE_BASE, TableRule, VpcInput, subnet_gateway, subnet_resolver,
};

/// The metric of routes that lead somewhere.
const FIRST: u32 = 100;
/// The metric of the blackhole behind them: a device that vanishes takes its
/// routes along, and what is left must drop, not fall to a shorter prefix.
const FALLBACK: u32 = 1000;

pub(super) fn compile(input: &VpcInput, index: &Index<'_>, draft: &mut Draft) {
    // Main table: the ENIs' addresses (see `enis`), and nothing else.
    for default in [IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())] {
        insert(draft, MAIN_TABLE, default, FALLBACK, RouteKind::Blackhole);
    }
    for table in &input.route_tables {
        compile_table(input, table, index, draft);
    }
    for subnet in &input.subnets {
        draft.plan.addresses.insert(subnet_gateway(subnet.cidr_v4).into());
        draft.plan.addresses.insert(subnet_resolver(subnet.cidr_v4).into());
    }
    draft.plan.addresses.extend(SERVICE_ADDRESSES);
    // The resolver stands at the VPC's base + 2 whether a subnet lies there or not.
    draft.plan.addresses.extend(input.cidrs_v4.first().map(|primary| IpAddr::V4(subnet_resolver(*primary))));
    let leads_out = |target: &RouteTarget| *target == RouteTarget::EgressOnlyGateway;
    let egress_only =
        input.route_tables.iter().any(|table| winners(table, input).values().any(|to| leads_out(to)));
    if input.internet_gateway.is_some() || egress_only {
        let blocks = input.cidrs_v6.iter().map(|cidr| IpNet::V6(cidr.trunc()));
        draft.plan.edge_routes.extend(blocks);
    }
}

/// The route that counts for each destination: the one with the greatest origin. What lost has no effect even while
/// the winner leads nowhere. Propagated routes never take traffic from the VPC's own blocks (VPC guide, "Route
/// priority").
pub(super) fn winners<'a>(table: &'a RouteTable, input: &VpcInput) -> BTreeMap<IpNet, &'a RouteTarget> {
    let v4 = input.cidrs_v4.iter().map(|cidr| IpNet::V4(cidr.trunc()));
    let v6 = input.cidrs_v6.iter().map(|cidr| IpNet::V6(cidr.trunc()));
    let own: Vec<IpNet> = v4.chain(v6).collect();
    // Every table has a local route for every block of the VPC (VPC guide, "Local route"), unless the user gave
    // that very destination a target.
    let local = own.iter().map(|block| (*block, (RouteOrigin::System, &RouteTarget::Local)));
    let mut best: BTreeMap<IpNet, (RouteOrigin, &RouteTarget)> = local.collect();
    for route in &table.routes {
        let destination = route.destination.trunc();
        let learned = route.origin == RouteOrigin::Propagated;
        if learned && own.iter().any(|block| block.contains(&destination)) {
            continue;
        }
        let better = best.get(&destination).is_none_or(|(origin, _)| *origin <= route.origin);
        if better {
            best.insert(destination, (route.origin, &route.target));
        }
    }
    best.into_iter().map(|(destination, (_, target))| (destination, target)).collect()
}

fn compile_table(input: &VpcInput, table: &RouteTable, index: &Index<'_>, draft: &mut Draft) {
    let number = TABLE_BASE + table.number;
    draft.plan.table_rules.insert(TableRule { table: number });
    let at_gateway = input.gateway_table.as_deref() == Some(table.id.as_str());
    for (destination, target) in winners(table, input) {
        let destination_v6 = matches!(destination, IpNet::V6(_));
        let hop = match target {
            RouteTarget::Local => {
                insert(draft, number, destination, FIRST, RouteKind::Throw);
                continue;
            }
            RouteTarget::Eni(id) => {
                let eni = index.enis.get(id.as_str());
                // A gateway hands IPv4 only to an appliance that has a public address (Reachability Analyzer,
                // `INGRESS_RTB_NO_PUBLIC_IP`).
                let able = |eni: &&&Eni| !at_gateway || destination_v6 || !eni.public_v4.is_empty();
                eni.filter(able).map(|eni| NextHop::Eni(eni.number))
            }
            RouteTarget::InternetGateway => input.internet_gateway.as_ref().map(|_| NextHop::Edge),
            RouteTarget::EgressOnlyGateway => {
                Some(NextHop::Edge).filter(|_| matches!(destination, IpNet::V6(_)))
            }
            RouteTarget::Peering(id) => {
                index.peerings.get(id.as_str()).map(|peering| NextHop::Peer(peering.number))
            }
            RouteTarget::Blackhole => None,
        };
        if let Some(hop) = hop {
            insert(draft, number, destination, FIRST, RouteKind::Via(hop));
        }
        insert(draft, number, destination, FALLBACK, RouteKind::Blackhole);
    }
}

pub(super) fn insert(draft: &mut Draft, table: u32, destination: IpNet, metric: u32, kind: RouteKind) {
    draft.plan.routes.insert(Route { table, destination, metric, kind });
}

/// The route to an ENI's own address.
pub(super) fn insert_host_route(draft: &mut Draft, destination: IpNet, eni: u32) {
    let via = RouteKind::Via(NextHop::Eni(eni));
    insert(draft, MAIN_TABLE, destination, FIRST, via);
}

/// A route that leads somewhere.
pub(super) fn insert_first(draft: &mut Draft, table: u32, destination: IpNet, kind: RouteKind) {
    insert(draft, table, destination, FIRST, kind);
}
