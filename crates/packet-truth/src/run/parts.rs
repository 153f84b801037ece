//! The parts of a topology, taken away one at a time with everything that needs them.

use reachability::topology::{GroupRule, RouteTarget, RulePeer, Topology};
use reachability::{Direction, Id};
use std::collections::BTreeSet;

/// Something that a smaller network may do without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Vpc(Id),
    Interface(Id),
    Nat(Id),
    InternetGateway(Id),
    EgressOnly(Id),
    Peering(Id),
    Route(Id, usize),
    Entry(Id, Direction, u16),
    Rule(Id, Id),
    Membership(Id, Id),
    Public(Id, usize),
    Subnet(Id),
    Group(Id),
    Nsg(Id),
    NsgRule(Id, Id),
    Forwarding(Id),
    GatewayTable(Id),
}

/// Every part, the big ones first.
pub(super) fn parts(t: &Topology) -> Vec<Part> {
    let mut all: Vec<Part> = t.vpcs.iter().map(|v| Part::Vpc(v.id.clone())).collect();
    all.extend(t.network_interfaces.iter().map(|i| Part::Interface(i.id.clone())));
    all.extend(t.nat_gateways.iter().map(|n| Part::Nat(n.id.clone())));
    all.extend(t.internet_gateways.iter().map(|g| Part::InternetGateway(g.id.clone())));
    all.extend(t.egress_only_gateways.iter().map(|g| Part::EgressOnly(g.id.clone())));
    all.extend(t.peerings.iter().map(|p| Part::Peering(p.id.clone())));
    all.extend(t.nsgs.iter().map(|g| Part::Nsg(g.id.clone())));
    all.extend(t.port_forwardings.iter().map(|f| Part::Forwarding(f.id.clone())));
    all.extend(t.internet_gateways.iter().filter_map(|g| g.route_table.clone()).map(Part::GatewayTable));
    all.extend(t.subnets.iter().map(|s| Part::Subnet(s.id.clone())));
    all.extend(t.security_groups.iter().map(|g| Part::Group(g.id.clone())));
    for interface in &t.network_interfaces {
        all.extend(interface.groups.iter().map(|g| Part::Membership(interface.id.clone(), g.clone())));
        all.extend((0..interface.public.len()).map(|n| Part::Public(interface.id.clone(), n)));
    }
    for group in &t.security_groups {
        all.extend(group.rules.iter().map(|r| Part::Rule(group.id.clone(), r.id.clone())));
    }
    for nsg in &t.nsgs {
        all.extend(nsg.rules.iter().map(|r| Part::NsgRule(nsg.id.clone(), r.name.clone())));
    }
    for acl in &t.network_acls {
        all.extend(acl.entries.iter().map(|e| Part::Entry(acl.id.clone(), e.direction, e.number)));
    }
    for table in &t.route_tables {
        // From the end, so that the others keep their places.
        all.extend((0..table.routes.len()).rev().map(|n| Part::Route(table.id.clone(), n)));
    }
    all
}

/// The topology without a part; `None` when nothing sensible is left or nothing changes.
pub(super) fn without(topology: &Topology, part: &Part) -> Option<Topology> {
    let mut t = topology.clone();
    match part {
        Part::Vpc(id) => t.vpcs.retain(|v| v.id != *id),
        Part::Interface(id) => t.network_interfaces.retain(|i| i.id != *id),
        Part::Nat(id) => t.nat_gateways.retain(|n| n.id != *id),
        Part::InternetGateway(id) => {
            let vpc = t.internet_gateways.iter().find(|g| g.id == *id)?.vpc.clone();
            t.internet_gateways.retain(|g| g.id != *id);
            t.network_interfaces
                .iter_mut()
                .filter(|i| Some(&i.vpc) == vpc.as_ref())
                .for_each(|i| i.public.clear());
        }
        Part::EgressOnly(id) => t.egress_only_gateways.retain(|g| g.id != *id),
        Part::Peering(id) => t.peerings.retain(|p| p.id != *id),
        Part::Subnet(id) => t.subnets.retain(|s| s.id != *id),
        Part::Group(id) => t.security_groups.retain(|g| g.id != *id),
        Part::Membership(eni, group) => {
            t.network_interfaces.iter_mut().find(|i| i.id == *eni)?.groups.retain(|g| g != group);
        }
        Part::Public(eni, n) => {
            let public = &mut t.network_interfaces.iter_mut().find(|i| i.id == *eni)?.public;
            if *n < public.len() {
                public.remove(*n);
            }
        }
        Part::Rule(group, rule) => {
            t.security_groups.iter_mut().find(|g| g.id == *group)?.rules.retain(|r| r.id != *rule);
        }
        Part::Nsg(id) => t.nsgs.retain(|g| g.id != *id),
        Part::NsgRule(nsg, rule) => {
            t.nsgs.iter_mut().find(|g| g.id == *nsg)?.rules.retain(|r| r.name != *rule);
        }
        Part::Forwarding(id) => t.port_forwardings.retain(|f| f.id != *id),
        Part::GatewayTable(id) => {
            t.route_tables.retain(|r| r.id != *id);
            t.internet_gateways
                .iter_mut()
                .filter(|g| g.route_table.as_ref() == Some(id))
                .for_each(|g| g.route_table = None);
        }
        Part::Entry(acl, direction, number) => {
            let acl = t.network_acls.iter_mut().find(|a| a.id == *acl)?;
            acl.entries.retain(|e| !(e.direction == *direction && e.number == *number));
        }
        Part::Route(table, n) => {
            let routes = &mut t.route_tables.iter_mut().find(|r| r.id == *table)?.routes;
            let route = routes.get(*n)?;
            if route.origin == reachability::topology::RouteOrigin::Local {
                return None;
            }
            routes.remove(*n);
        }
    }
    tidy(&mut t);
    let whole = t.network_interfaces.iter().all(|i| !i.groups.is_empty());
    (whole && t != *topology).then_some(t)
}

/// Takes away what refers to what is gone.
fn tidy(t: &mut Topology) {
    let vpcs: BTreeSet<Id> = t.vpcs.iter().map(|v| v.id.clone()).collect();
    t.subnets.retain(|s| vpcs.contains(&s.vpc));
    t.route_tables.retain(|r| vpcs.contains(&r.vpc));
    t.network_acls.retain(|a| vpcs.contains(&a.vpc));
    t.security_groups.retain(|g| vpcs.contains(&g.vpc));
    t.internet_gateways.retain(|g| g.vpc.as_ref().is_none_or(|v| vpcs.contains(v)));
    t.egress_only_gateways.retain(|g| vpcs.contains(&g.vpc));
    t.peerings.retain(|p| vpcs.contains(&p.requester_vpc) && vpcs.contains(&p.accepter_vpc));
    let subnets: BTreeSet<Id> = t.subnets.iter().map(|s| s.id.clone()).collect();
    t.network_interfaces.retain(|i| subnets.contains(&i.subnet));
    t.nat_gateways.retain(|n| subnets.contains(&n.subnet));
    // A port cannot lead where no subnet is, and goes with its gateway.
    let gateways: BTreeSet<Id> = t
        .nat_gateways
        .iter()
        .map(|n| n.id.clone())
        .chain(t.internet_gateways.iter().filter(|g| g.vpc.is_some()).map(|g| g.id.clone()))
        .collect();
    let blocks: Vec<_> = t.subnets.iter().flat_map(|s| s.cidrs.clone()).collect();
    let inside: Vec<_> = t.vpcs.iter().flat_map(|v| v.cidrs.clone()).collect();
    t.port_forwardings.retain(|f| {
        let lost = inside.iter().any(|c| c.contains(&f.inner_address))
            && !blocks.iter().any(|c| c.contains(&f.inner_address));
        gateways.contains(&f.gateway) && !lost
    });
    let nsgs: BTreeSet<Id> = t.nsgs.iter().map(|g| g.id.clone()).collect();
    t.subnets.iter_mut().for_each(|s| s.nsg = s.nsg.take().filter(|id| nsgs.contains(id)));
    t.network_interfaces.iter_mut().for_each(|i| i.nsg = i.nsg.take().filter(|id| nsgs.contains(id)));
    // The table of a gateway that is gone is nobody's.
    let tables: BTreeSet<Id> = t
        .vpcs
        .iter()
        .map(|v| v.main_route_table.clone())
        .chain(t.subnets.iter().filter_map(|s| s.route_table.clone()))
        .chain(t.internet_gateways.iter().filter_map(|g| g.route_table.clone()))
        .collect();
    t.route_tables.retain(|r| tables.contains(&r.id));
    t.internet_gateways.iter_mut().for_each(|g| {
        g.route_table = g.route_table.take().filter(|id| t.route_tables.iter().any(|r| r.id == *id));
    });
    let groups: BTreeSet<Id> = t.security_groups.iter().map(|g| g.id.clone()).collect();
    t.network_interfaces.iter_mut().for_each(|i| i.groups.retain(|g| groups.contains(g)));
    let known = |rule: &GroupRule| !matches!(&rule.peer, RulePeer::Group(id) if !groups.contains(id));
    t.security_groups.iter_mut().for_each(|g| g.rules.retain(known));
    let mut targets: BTreeSet<Id> = t.network_interfaces.iter().map(|i| i.id.clone()).collect();
    targets.extend(t.nat_gateways.iter().map(|n| n.id.clone()));
    targets.extend(t.internet_gateways.iter().map(|g| g.id.clone()));
    targets.extend(t.egress_only_gateways.iter().map(|g| g.id.clone()));
    targets.extend(t.peerings.iter().map(|p| p.id.clone()));
    for table in &mut t.route_tables {
        let made = |target: &RouteTarget| matches!(target, RouteTarget::VirtualPrivateGateway(_));
        table.routes.retain(|r| made(&r.target) || r.target.id().is_none_or(|id| targets.contains(id)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_can_go_and_nothing_dangles() {
        for seed in 0..20 {
            let topology = crate::generate::topology(seed);
            for part in parts(&topology) {
                let Some(smaller) = without(&topology, &part) else { continue };
                assert!(parts(&smaller).len() < parts(&topology).len(), "{part:?}");
                let mut tidied = smaller.clone();
                tidy(&mut tidied);
                assert_eq!(tidied, smaller, "{part:?}");
            }
        }
    }
}
