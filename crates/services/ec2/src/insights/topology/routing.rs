//! VPCs, subnets and route tables.

use super::Reader;
use ipnet::IpNet;
use reachability::topology::{self, Topology};
use records::{NetworkAcl, NetworkSecurityGroup, Route, RouteOrigin, RouteTable, RouteTarget, Subnet, Vpc};
use std::collections::HashMap;

impl Reader<'_> {
    /// VPCs, subnets and tables. What a subnet is associated with stands in the other record, so those are read here too.
    pub(super) fn routing(&self, topology: &mut Topology) {
        let tables = self.of::<RouteTable>(|t| &t.vpc_id);
        let acls = self.of::<NetworkAcl>(|a| &a.vpc_id);
        let nsgs = self.of::<NetworkSecurityGroup>(|g| &g.vpc_id);
        let mut main: HashMap<&str, &str> = HashMap::new();
        let mut explicit: HashMap<&str, &str> = HashMap::new();
        for table in &tables {
            for association in &table.associations {
                if association.main {
                    main.insert(&table.vpc_id, &table.id);
                }
                if let Some(subnet) = &association.subnet_id {
                    explicit.insert(subnet, &table.id);
                }
            }
        }
        let guards: HashMap<&str, &str> =
            acls.iter().flat_map(|a| a.associations.iter().map(|s| (&*s.subnet_id, &*a.id))).collect();
        let groups: HashMap<&str, &str> =
            nsgs.iter().flat_map(|g| g.subnet_ids.iter().map(|s| (&**s, &*g.id))).collect();
        for vpc in self.of::<Vpc>(|v| &v.id) {
            let v4 = vpc.ipv4_blocks().map(IpNet::V4);
            topology.vpcs.push(topology::Vpc {
                id: vpc.id.as_str().into(),
                // The block of the VPC's creation counts as the first one, whatever else it has been given.
                cidrs: std::iter::once(IpNet::V4(vpc.cidr_block))
                    .chain(v4.filter(|block| *block != IpNet::V4(vpc.cidr_block)))
                    .chain(vpc.ipv6_blocks().map(IpNet::V6))
                    .collect(),
                main_route_table: main.get(&*vpc.id).copied().unwrap_or_default().into(),
                dns_support: vpc.enable_dns_support,
            });
        }
        for subnet in self.of::<Subnet>(|s| &s.vpc_id) {
            let v6 = subnet.ipv6_associations.iter().map(|a| IpNet::V6(a.cidr));
            topology.subnets.push(topology::Subnet {
                id: subnet.id.as_str().into(),
                vpc: subnet.vpc_id.as_str().into(),
                cidrs: std::iter::once(IpNet::V4(subnet.cidr_block)).chain(v6).collect(),
                zone: subnet.availability_zone.clone(),
                route_table: explicit.get(&*subnet.id).map(|id| (*id).into()),
                network_acl: guards.get(&*subnet.id).copied().unwrap_or_default().into(),
                nsg: groups.get(&*subnet.id).map(|id| (*id).into()),
            });
        }
        topology.route_tables.extend(tables.iter().map(|table| topology::RouteTable {
            id: table.id.as_str().into(),
            vpc: table.vpc_id.as_str().into(),
            routes: table.routes.iter().map(route).collect(),
        }));
    }
}

fn route(route: &Route) -> topology::Route {
    topology::Route {
        destinations: vec![route.destination],
        prefix_list: route.prefix_list.as_deref().map(Into::into),
        origin: match route.origin {
            RouteOrigin::CreateRouteTable => topology::RouteOrigin::Local,
            RouteOrigin::CreateRoute => topology::RouteOrigin::Static,
            RouteOrigin::EnableVgwRoutePropagation => topology::RouteOrigin::Propagated,
        },
        // Whether the target still exists and works is the explainer's question.
        target: match &route.target {
            RouteTarget::Local => topology::RouteTarget::Local,
            RouteTarget::InternetGateway(id) => topology::RouteTarget::InternetGateway(id.as_str().into()),
            RouteTarget::EgressOnlyInternetGateway(id) => {
                topology::RouteTarget::EgressOnlyInternetGateway(id.as_str().into())
            }
            RouteTarget::NatGateway(id) => topology::RouteTarget::NatGateway(id.as_str().into()),
            RouteTarget::Instance(_, interface) | RouteTarget::NetworkInterface(interface) => {
                topology::RouteTarget::NetworkInterface(interface.as_str().into())
            }
            RouteTarget::VpcPeering(id) => topology::RouteTarget::Peering(id.as_str().into()),
            RouteTarget::VpnGateway(id) => topology::RouteTarget::VirtualPrivateGateway(id.as_str().into()),
            RouteTarget::VpcEndpoint(id) => topology::RouteTarget::GatewayEndpoint(id.as_str().into()),
        },
    }
}
