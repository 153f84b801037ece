//! What stands between VPCs and the world.

use super::Reader;
use reachability::topology::{self, Topology};
use records::{
    EgressOnlyInternetGateway, InternetGateway, NatGateway, NatGatewayState, RouteTable, VpcEndpoint,
    VpcPeering,
};

impl Reader<'_> {
    /// Gateways and endpoints. Gateways that are not attached are nobody's.
    pub(super) fn gateways(&self, topology: &mut Topology) {
        for gateway in self.store.list::<InternetGateway>(self.scope) {
            if !gateway.vpc_id.as_deref().map_or(self.only.is_none(), |vpc| self.means(vpc)) {
                continue;
            }
            let tables = self.store.by_index::<RouteTable>(self.scope, "gateway", &gateway.id);
            topology.internet_gateways.push(topology::InternetGateway {
                id: gateway.id.as_str().into(),
                vpc: gateway.vpc_id.as_deref().map(Into::into),
                route_table: tables.first().map(|table| table.id.as_str().into()),
            });
        }
        for gateway in self.of::<EgressOnlyInternetGateway>(|g| &g.vpc_id) {
            topology.egress_only_gateways.push(topology::EgressOnlyInternetGateway {
                id: gateway.id.as_str().into(),
                vpc: gateway.vpc_id.as_str().into(),
            });
        }
        for gateway in self.of::<NatGateway>(|g| &g.vpc_id) {
            // One that is gone stays on record for a while; its addresses are somebody else's by then.
            if matches!(gateway.state, NatGatewayState::Deleted | NatGatewayState::Failed) {
                continue;
            }
            topology.nat_gateways.push(nat(&gateway));
        }
        for endpoint in self.of::<VpcEndpoint>(|e| &e.vpc_id).iter().filter(|e| !e.interface) {
            topology.gateway_endpoints.push(topology::GatewayEndpoint {
                id: endpoint.id.as_str().into(),
                vpc: endpoint.vpc_id.as_str().into(),
                available: endpoint.state == "available",
            });
        }
    }
}

/// Whether a NAT gateway translates.
pub(super) fn is_available(gateway: &NatGateway) -> bool {
    gateway.state == NatGatewayState::Available
}

fn nat(gateway: &NatGateway) -> topology::NatGateway {
    let addresses = gateway.addresses.iter().map(|address| topology::NatAddress {
        private: address.private_ip.into(),
        public: address.public_ip.map(Into::into),
    });
    topology::NatGateway {
        id: gateway.id.as_str().into(),
        vpc: gateway.vpc_id.as_str().into(),
        subnet: gateway.subnet_id.as_str().into(),
        network_interface: gateway.network_interface_id.as_str().into(),
        addresses: addresses.collect(),
        available: is_available(gateway),
    }
}

/// A peering connection; it lies in both sides' scopes and is read from the asking one.
pub(super) fn peering(peering: &VpcPeering) -> topology::Peering {
    topology::Peering {
        id: peering.id.as_str().into(),
        requester_vpc: peering.requester.vpc_id.as_str().into(),
        accepter_vpc: peering.accepter.vpc_id.as_str().into(),
        active: peering.is_active(),
    }
}
