//! Route tables, the router's own addresses and what the edge sends here.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Draft, Index};
use crate::{
    InputRoute, MAIN_TABLE, NextHop, Route, RouteKind, RouteTable, RouteTarget, SERVICE_ADDRESSES,
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
    if input.internet_gateway.is_some() {
        let blocks = input.cidrs_v6.iter().map(|cidr| IpNet::V6(cidr.trunc()));
        draft.plan.edge_routes.extend(blocks);
    }
}

fn compile_table(input: &VpcInput, table: &RouteTable, index: &Index<'_>, draft: &mut Draft) {
    let number = TABLE_BASE + table.number;
    draft.plan.table_rules.insert(TableRule { table: number });
    for InputRoute { destination, target, origin: _ } in &table.routes {
        let destination = destination.trunc();
        match target {
            RouteTarget::Local => insert(draft, number, destination, FIRST, RouteKind::Throw),
            RouteTarget::Eni(id) => {
                if let Some(eni) = index.enis.get(id.as_str()) {
                    let via = RouteKind::Via(NextHop::Eni(eni.number));
                    insert(draft, number, destination, FIRST, via);
                }
                insert(draft, number, destination, FALLBACK, RouteKind::Blackhole);
            }
            RouteTarget::InternetGateway => {
                if input.internet_gateway.is_some() {
                    insert(draft, number, destination, FIRST, RouteKind::Via(NextHop::Edge));
                }
                insert(draft, number, destination, FALLBACK, RouteKind::Blackhole);
            }
            RouteTarget::Blackhole | RouteTarget::EgressOnlyGateway | RouteTarget::Peering(_) => {
                insert(draft, number, destination, FALLBACK, RouteKind::Blackhole);
            }
        }
    }
    // Every table has a local route for every block of the VPC (VPC guide,
    // "Local route"), unless the user gave that very destination a target.
    let v4 = input.cidrs_v4.iter().map(|cidr| IpNet::V4(cidr.trunc()));
    let v6 = input.cidrs_v6.iter().map(|cidr| IpNet::V6(cidr.trunc()));
    for block in v4.chain(v6) {
        if !table.routes.iter().any(|route| route.destination.trunc() == block) {
            insert(draft, number, block, FIRST, RouteKind::Throw);
        }
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
