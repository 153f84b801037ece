//! At the edges of a VPC: interface endpoints, the route table of its internet gateway, routes that a virtual private
//! gateway has learned.

use super::Maker;
use super::network::{address, id};
use ipnet::IpNet;
use reachability::Id;
use reachability::topology::{
    InterfaceKind, NetworkInterface, Route, RouteOrigin, RouteTable, RouteTarget, Subnet,
};

/// Where endpoints are in their subnet: behind the interfaces, before the NAT gateway.
const ENDPOINT: u32 = 13;

impl Maker<'_> {
    /// An interface endpoint of a VPC.
    pub(super) fn endpoint(&mut self, vpc: usize, groups: usize) {
        if !self.random.percent(40) {
            return;
        }
        let own: Id = format!("vpc-{vpc}").into();
        let subnets: Vec<Subnet> = self.topology.subnets.iter().filter(|s| s.vpc == own).cloned().collect();
        let Some(subnet) = self.random.pick(&subnets) else { return };
        let mut chosen: Vec<Id> =
            (0..self.random.between(1, 2)).map(|_| id("sg", vpc, self.random.below(groups))).collect();
        chosen.sort();
        chosen.dedup();
        self.topology.network_interfaces.push(NetworkInterface {
            id: format!("eni-of-vpce-{vpc}").into(),
            vpc: own,
            subnet: subnet.id.clone(),
            kind: InterfaceKind::VpcEndpoint,
            addresses: vec![address(subnet.cidrs[0], ENDPOINT)],
            prefixes: Vec::new(),
            public: Vec::new(),
            groups: chosen,
            nsg: None,
            source_dest_check: true,
            instance: None,
            running: true,
        });
    }

    /// The route table of a VPC's internet gateway: some subnets lie behind an appliance.
    pub(super) fn gateway_table(&mut self, vpc: usize) {
        let own: Id = format!("vpc-{vpc}").into();
        let gateway = self.topology.internet_gateways.iter().position(|g| g.vpc.as_ref() == Some(&own));
        let Some(gateway) = gateway.filter(|_| self.random.percent(40)) else { return };
        let local = |c: &IpNet| Route {
            destinations: vec![*c],
            prefix_list: None,
            origin: RouteOrigin::Local,
            target: RouteTarget::Local,
        };
        let mut routes: Vec<Route> = self.topology.vpcs[vpc].cidrs.iter().map(local).collect();
        let blocks: Vec<IpNet> =
            self.topology.subnets.iter().filter(|s| s.vpc == own).flat_map(|s| s.cidrs.clone()).collect();
        for block in blocks {
            if !self.random.percent(45) {
                continue;
            }
            let appliances = self.interfaces_of(&own, matches!(block, IpNet::V6(_)));
            let Some(appliance) = self.random.pick(&appliances) else { continue };
            let target = RouteTarget::NetworkInterface(appliance.clone());
            let destinations = vec![block];
            routes.push(Route { destinations, prefix_list: None, origin: RouteOrigin::Static, target });
        }
        // The number behind those of the subnets' tables.
        let table = id("rtb", vpc, 9);
        self.topology.route_tables.push(RouteTable { id: table.clone(), vpc: own, routes });
        self.topology.internet_gateways[gateway].route_table = Some(table);
    }

    /// Routes that a VPC's virtual private gateway has learned, in the tables that propagate it.
    pub(super) fn learned(&mut self, vpc: usize) {
        if !self.random.percent(40) {
            return;
        }
        let own: Id = format!("vpc-{vpc}").into();
        let v6 = self.topology.vpcs[vpc].cidrs.len() > 1;
        let mut learned: Vec<Route> = Vec::new();
        for _ in 0..self.random.between(1, 3) {
            let six = v6 && self.random.percent(40);
            let block = self.block(six).trunc();
            let appliances = self.interfaces_of(&own, six);
            let Some(appliance) = self.random.pick(&appliances) else { continue };
            let target = RouteTarget::NetworkInterface(appliance.clone());
            let (destinations, origin) = (vec![block], RouteOrigin::Propagated);
            if !learned.iter().any(|r| r.destinations == destinations) {
                learned.push(Route { destinations, prefix_list: None, origin, target });
            }
        }
        for table in &mut self.topology.route_tables {
            if table.vpc == own && self.random.percent(60) {
                table.routes.extend(learned.iter().cloned());
            }
        }
    }

    /// The interfaces of a VPC that can be the target of a route of a family.
    pub(super) fn interfaces_of(&self, vpc: &Id, v6: bool) -> Vec<Id> {
        let able = |i: &&NetworkInterface| {
            i.vpc == *vpc
                && i.kind == InterfaceKind::Interface
                && i.addresses.iter().any(|a| a.is_ipv6() == v6)
        };
        self.topology.network_interfaces.iter().filter(able).map(|i| i.id.clone()).collect()
    }
}
