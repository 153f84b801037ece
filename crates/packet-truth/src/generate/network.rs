//! VPCs, subnets, interfaces, gateways, peerings and routes.

use super::Maker;
use super::pools::{vpc_v4, vpc_v6};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reachability::Id;
use reachability::topology::{
    EgressOnlyInternetGateway, InterfaceKind, InternetGateway, NatAddress, NatGateway, NetworkInterface,
    Peering, PublicAddress, PublicKind, Route, RouteOrigin, RouteTable, RouteTarget, SecurityGroup, Subnet,
    Vpc,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Prefix lengths of subnets.
const LENGTHS: [u8; 3] = [24, 26, 28];

pub(super) fn id(kind: &str, vpc: usize, number: usize) -> Id {
    format!("{kind}-{vpc}{number}").into()
}

/// An address some way into a block.
pub(super) fn address(block: IpNet, offset: u32) -> IpAddr {
    match block {
        IpNet::V4(net) => Ipv4Addr::from(u32::from(net.network()).wrapping_add(offset)).into(),
        IpNet::V6(net) => Ipv6Addr::from(u128::from(net.network()) | u128::from(offset)).into(),
    }
}

impl Maker<'_> {
    /// A VPC with subnets, tables, ACLs, groups and interfaces; without rules and routes.
    pub(super) fn vpc(&mut self, number: usize) {
        let vpc: Id = format!("vpc-{number}").into();
        let v6 = self.random.percent(60);
        let mut cidrs: Vec<IpNet> = vec![vpc_v4(number).into()];
        if v6 {
            cidrs.push(vpc_v6(number).into());
        }
        let tables: Vec<Id> = (0..self.random.between(1, 3)).map(|n| id("rtb", number, n)).collect();
        for table in &tables {
            let local = |c: &IpNet| Route {
                destinations: vec![*c],
                prefix_list: None,
                origin: RouteOrigin::Local,
                target: RouteTarget::Local,
            };
            let routes = cidrs.iter().map(local).collect();
            self.topology.route_tables.push(RouteTable { id: table.clone(), vpc: vpc.clone(), routes });
        }
        let groups = self.random.between(2, 4);
        for n in 0..groups {
            let group = SecurityGroup { id: id("sg", number, n), vpc: vpc.clone(), rules: Vec::new() };
            self.topology.security_groups.push(group);
        }
        self.topology.vpcs.push(Vpc {
            id: vpc.clone(),
            cidrs,
            main_route_table: tables[0].clone(),
            dns_support: true,
        });
        let subnets = self.random.between(1, 3);
        for n in 0..subnets {
            self.subnet(number, n, v6, &tables);
        }
        let acls = self.random.between(1, subnets);
        for n in 0..acls {
            self.acl(&vpc, id("acl", number, n), v6);
        }
        for subnet in self.topology.subnets.iter_mut().filter(|s| s.vpc == vpc) {
            subnet.network_acl = id("acl", number, self.random.below(acls));
        }
        for n in 0..self.random.between(2, 5) {
            self.interface(number, n, groups);
        }
        self.endpoint(number, groups);
    }

    fn subnet(&mut self, vpc: usize, number: usize, v6: bool, tables: &[Id]) {
        let length = self.random.pick(&LENGTHS).copied().unwrap_or(24);
        let third = u8::try_from(number + 1).unwrap_or_default();
        let second = u8::try_from(vpc * 16).unwrap_or_default();
        let v4 = Ipv4Net::new(Ipv4Addr::new(10, second, third, 0), length).unwrap_or_default();
        let mut cidrs: Vec<IpNet> = vec![v4.into()];
        if v6 && self.random.percent(80) {
            let mut segments = vpc_v6(vpc).network().segments();
            segments[3] = u16::from(third);
            cidrs.push(Ipv6Net::new(Ipv6Addr::from(segments), 64).unwrap_or_default().into());
        }
        let table = self.random.pick(tables).cloned().filter(|_| self.random.percent(75));
        self.topology.subnets.push(Subnet {
            id: id("subnet", vpc, number),
            vpc: format!("vpc-{vpc}").into(),
            cidrs,
            zone: "us-east-1a".to_owned(),
            route_table: table,
            network_acl: id("acl", vpc, 0),
            nsg: None,
        });
    }

    fn interface(&mut self, vpc: usize, number: usize, groups: usize) {
        let own: Id = format!("vpc-{vpc}").into();
        let subnets: Vec<Subnet> = self.topology.subnets.iter().filter(|s| s.vpc == own).cloned().collect();
        let Some(subnet) = self.random.pick(&subnets).cloned() else { return };
        // The first four addresses of a subnet are AWS's.
        let offset = u32::try_from(4 + 2 * number).unwrap_or(4);
        let mut addresses = vec![address(subnet.cidrs[0], offset)];
        // The last one's neighbour is the endpoint's.
        if number < 4 && self.random.percent(15) {
            addresses.push(address(subnet.cidrs[0], offset + 1));
        }
        if let Some(block) = subnet.cidrs.get(1).filter(|_| self.random.percent(85)) {
            addresses.push(address(*block, offset + 0x100));
        }
        let mut chosen: Vec<Id> =
            (0..self.random.between(1, 2)).map(|_| id("sg", vpc, self.random.below(groups))).collect();
        chosen.sort();
        chosen.dedup();
        self.topology.network_interfaces.push(NetworkInterface {
            id: id("eni", vpc, number),
            vpc: own,
            subnet: subnet.id,
            kind: InterfaceKind::Interface,
            addresses,
            prefixes: Vec::new(),
            public: Vec::new(),
            groups: chosen,
            nsg: None,
            source_dest_check: self.random.percent(75),
            // The first one stays, so that every VPC has a machine.
            instance: (number == 0 || self.random.percent(95)).then(|| format!("i-{vpc}").into()),
            running: true,
        });
    }

    /// Peerings between the VPCs, some of them over again.
    pub(super) fn peerings(&mut self) {
        let vpcs: Vec<Id> = self.topology.vpcs.iter().map(|v| v.id.clone()).collect();
        for (n, requester) in vpcs.iter().enumerate() {
            for accepter in &vpcs[n + 1..] {
                if self.random.percent(70) {
                    self.topology.peerings.push(Peering {
                        id: format!("pcx-{}", self.topology.peerings.len()).into(),
                        requester_vpc: requester.clone(),
                        accepter_vpc: accepter.clone(),
                        active: self.random.percent(80),
                    });
                }
            }
        }
    }

    pub(super) fn public_address(&mut self) -> IpAddr {
        self.elastic += 1;
        Ipv4Addr::new(198, 19, 0, self.elastic).into()
    }

    /// Gateways and elastic addresses of a VPC.
    pub(super) fn gateways(&mut self, vpc: usize) {
        let own: Id = format!("vpc-{vpc}").into();
        let internet = self.random.percent(75);
        if internet {
            let gateway = InternetGateway {
                id: format!("igw-{vpc}").into(),
                vpc: Some(own.clone()),
                route_table: None,
            };
            self.topology.internet_gateways.push(gateway);
            for n in 0..self.topology.network_interfaces.len() {
                let interface = &self.topology.network_interfaces[n];
                let machine = interface.kind == InterfaceKind::Interface;
                if interface.vpc == own && machine && self.random.percent(40) {
                    let public = self.public_address();
                    let interface = &mut self.topology.network_interfaces[n];
                    let private = interface.addresses[0];
                    interface.public.push(PublicAddress { private, public, kind: PublicKind::Elastic });
                }
            }
        }
        if self.topology.vpcs[vpc].cidrs.len() > 1 && self.random.percent(40) {
            let gateway = EgressOnlyInternetGateway { id: format!("eigw-{vpc}").into(), vpc: own.clone() };
            self.topology.egress_only_gateways.push(gateway);
        }
        if self.random.percent(35) {
            let subnets: Vec<Subnet> =
                self.topology.subnets.iter().filter(|s| s.vpc == own).cloned().collect();
            let Some(subnet) = self.random.pick(&subnets) else { return };
            let public = (internet && self.random.percent(80)).then(|| self.public_address());
            self.topology.nat_gateways.push(NatGateway {
                id: format!("nat-{vpc}").into(),
                vpc: own,
                subnet: subnet.id.clone(),
                network_interface: format!("eni-of-nat-{vpc}").into(),
                // Fourteen is the last one that a /28 can give.
                addresses: vec![NatAddress { private: address(subnet.cidrs[0], 14), public }],
                available: true,
            });
        }
    }

    /// Targets that routes of a family may have in a VPC.
    fn targets(&self, vpc: &Id, v6: bool) -> Vec<RouteTarget> {
        let topology = &self.topology;
        // A blackhole is the route to an interface that is gone, which must have had an address of the family.
        let six = topology.subnets.iter().any(|s| s.vpc == *vpc && s.cidrs.len() > 1);
        let mut all = if six || !v6 { vec![RouteTarget::Blackhole] } else { Vec::new() };
        let igws = topology.internet_gateways.iter().filter(|g| g.vpc.as_ref() == Some(vpc));
        // Twice, because most traffic to the world goes there.
        for gateway in igws {
            all.extend([(); 3].map(|()| RouteTarget::InternetGateway(gateway.id.clone())));
        }
        if v6 {
            let gateways = topology.egress_only_gateways.iter().filter(|g| g.vpc == *vpc);
            all.extend(gateways.map(|g| RouteTarget::EgressOnlyInternetGateway(g.id.clone())));
        } else {
            let gateways = topology.nat_gateways.iter().filter(|g| g.vpc == *vpc);
            all.extend(gateways.flat_map(|g| [(); 2].map(|()| RouteTarget::NatGateway(g.id.clone()))));
        }
        // A virtual private gateway carries nothing: there are no tunnels.
        all.push(RouteTarget::VirtualPrivateGateway(format!("vgw-{}", &vpc["vpc-".len()..]).into()));
        // The API takes an interface for IPv6 only when it has an address of it.
        all.extend(self.interfaces_of(vpc, v6).into_iter().map(RouteTarget::NetworkInterface));
        all
    }

    /// Routes of the tables of a VPC.
    pub(super) fn routes(&mut self, vpc: usize) {
        let own: Id = format!("vpc-{vpc}").into();
        let v6 = self.topology.vpcs[vpc].cidrs.len() > 1;
        let tables: Vec<usize> = (0..self.topology.route_tables.len())
            .filter(|n| self.topology.route_tables[*n].vpc == own)
            .collect();
        for table in tables {
            let mut routes: Vec<(IpNet, RouteTarget)> = Vec::new();
            for peering in self.topology.peerings.clone() {
                let Some(other) = peering.other_side(&own).cloned() else { continue };
                let found = self.topology.vpcs.iter().find(|v| v.id == other);
                for cidr in found.map(|v| v.cidrs.clone()).unwrap_or_default() {
                    if self.random.percent(80) && (matches!(cidr, IpNet::V4(_)) || v6) {
                        routes.push((cidr, RouteTarget::Peering(peering.id.clone())));
                    }
                }
            }
            let families: &[bool] = if v6 { &[false, true] } else { &[false] };
            for &six in families {
                let targets = self.targets(&own, six);
                let everything: IpNet =
                    if six { Ipv6Net::default().into() } else { Ipv4Net::default().into() };
                if self.random.percent(80)
                    && let Some(target) = self.random.pick(&targets)
                {
                    routes.push((everything, target.clone()));
                }
                for _ in 0..self.random.between(0, 2) {
                    let block = self.block(six);
                    let outside =
                        !self.topology.vpcs.iter().flat_map(|v| &v.cidrs).any(|c| c.contains(&block));
                    if let Some(target) = self.random.pick(&targets).cloned()
                        && (outside || self.may_be_inside(&own, block, &target))
                    {
                        routes.push((block, target));
                    }
                }
            }
            for (destination, target) in routes {
                let there = &mut self.topology.route_tables[table].routes;
                if !there.iter().any(|r| r.destinations.contains(&destination)) {
                    let destinations = vec![destination];
                    there.push(Route {
                        destinations,
                        prefix_list: None,
                        origin: RouteOrigin::Static,
                        target,
                    });
                }
            }
        }
    }

    /// More special than the VPC's own route is only a whole subnet, and only by an interface (AWS "Route tables":
    /// middlebox routing).
    fn may_be_inside(&self, vpc: &Id, block: IpNet, target: &RouteTarget) -> bool {
        matches!(target, RouteTarget::NetworkInterface(_))
            && self.topology.subnets.iter().any(|s| s.vpc == *vpc && s.cidrs.contains(&block))
    }
}
