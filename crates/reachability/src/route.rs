//! Which route of a table is taken.

use crate::topology::{Route, RouteOrigin, RouteTable, RouteTarget};
use ipnet::IpNet;
use std::net::IpAddr;

/// The route taken, with the block of it that matched.
#[derive(Clone, Copy)]
pub(crate) struct Chosen<'a> {
    pub(crate) destination: IpNet,
    pub(crate) route: &'a Route,
}

/// The longest matching prefix; among equal ones static before prefix list before local before propagated before
/// system. The first of the table where even that is equal (AWS "How route priority works"; NET-11).
pub(crate) fn choose(table: &RouteTable, destination: IpAddr) -> Option<Chosen<'_>> {
    // A propagated route never takes traffic from the VPC's own blocks, however long its prefix is.
    let local = table
        .routes
        .iter()
        .any(|r| r.origin == RouteOrigin::Local && r.destinations.iter().any(|d| d.contains(&destination)));
    let mut best: Option<((u8, u8), Chosen<'_>)> = None;
    for route in &table.routes {
        if local && route.origin == RouteOrigin::Propagated {
            continue;
        }
        for &block in route.destinations.iter().filter(|d| d.contains(&destination)) {
            let rank = (block.prefix_len(), precedence(route));
            if best.as_ref().is_none_or(|(r, _)| rank > *r) {
                best = Some((rank, Chosen { destination: block, route }));
            }
        }
    }
    best.map(|(_, chosen)| chosen)
}

fn precedence(route: &Route) -> u8 {
    match (route.origin, &route.prefix_list) {
        (RouteOrigin::Static, None) => 4,
        (RouteOrigin::Static, Some(_)) => 3,
        (RouteOrigin::Local, _) => 2,
        (RouteOrigin::Propagated, _) => 1,
        (RouteOrigin::System, _) => 0,
    }
}

/// The target in words.
pub(crate) fn name(target: &RouteTarget) -> String {
    match target {
        RouteTarget::Local => "local".to_owned(),
        RouteTarget::Blackhole => "blackhole".to_owned(),
        other => other.id().map_or_else(String::new, |id| id.to_string()),
    }
}
