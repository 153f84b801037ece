//! Network interfaces and their addresses.

use super::Reader;
use ipnet::IpNet;
use reachability::topology::{self, InterfaceKind, PublicAddress, PublicKind, Topology};
use records::{Instance, InstanceState, NatGateway, NetworkInterface, NetworkSecurityGroup, VpcEndpoint};
use std::collections::HashMap;
use std::net::IpAddr;

impl Reader<'_> {
    /// Interfaces, whatever stands behind them.
    pub(super) fn addresses(&self, topology: &mut Topology) {
        let nsgs = self.of::<NetworkSecurityGroup>(|g| &g.vpc_id);
        let guards: HashMap<&str, &str> = nsgs
            .iter()
            .flat_map(|g| g.network_interface_ids.iter().map(|interface| (&**interface, &*g.id)))
            .collect();
        for interface in self.of::<NetworkInterface>(|i| &i.vpc_id) {
            let v4 = interface.private_addresses.iter().map(|a| IpAddr::V4(a.address));
            let v6 = interface.ipv6_addresses.iter().copied().map(IpAddr::V6);
            let prefixes = interface.ipv4_prefixes.iter().copied().map(IpNet::V4);
            let kind = kind(&interface);
            topology.network_interfaces.push(topology::NetworkInterface {
                id: interface.id.as_str().into(),
                vpc: interface.vpc_id.as_str().into(),
                subnet: interface.subnet_id.as_str().into(),
                kind,
                addresses: v4.chain(v6).collect(),
                prefixes: prefixes.chain(interface.ipv6_prefixes.iter().copied().map(IpNet::V6)).collect(),
                public: public(&interface),
                groups: interface.groups.iter().map(|id| id.as_str().into()).collect(),
                nsg: guards.get(&*interface.id).map(|id| (*id).into()),
                source_dest_check: interface.source_dest_check,
                instance: interface.attachment.as_ref().map(|a| a.instance_id.as_str().into()),
                running: self.runs(&interface, kind),
            });
        }
    }

    /// Whether packets can come out of the interface and into it now.
    fn runs(&self, interface: &NetworkInterface, kind: InterfaceKind) -> bool {
        match kind {
            InterfaceKind::Interface => interface.attachment.as_ref().is_some_and(|attachment| {
                let instance = self.store.get::<Instance>(self.scope, &attachment.instance_id);
                attachment.status == "attached"
                    && instance.is_some_and(|instance| instance.state == InstanceState::Running)
            }),
            InterfaceKind::NatGateway => {
                let behind = self.store.by_index::<NatGateway>(self.scope, "interface", &interface.id);
                behind.iter().any(|gateway| super::gateways::is_available(gateway))
            }
            InterfaceKind::VpcEndpoint => {
                let behind = self.store.by_index::<VpcEndpoint>(self.scope, "interface", &interface.id);
                behind.iter().any(|endpoint| endpoint.state == "available")
            }
        }
    }
}

fn kind(interface: &NetworkInterface) -> InterfaceKind {
    match &*interface.interface_type {
        "nat_gateway" => InterfaceKind::NatGateway,
        "vpc_endpoint" => InterfaceKind::VpcEndpoint,
        _ => InterfaceKind::Interface,
    }
}

/// The public addresses that are mapped on private ones.
fn public(interface: &NetworkInterface) -> Vec<PublicAddress> {
    let mapped = interface.private_addresses.iter().filter_map(|address| {
        let kind = if address.allocation_id.is_some() { PublicKind::Elastic } else { PublicKind::Auto };
        Some(PublicAddress { private: address.address.into(), public: address.public?.into(), kind })
    });
    mapped.collect()
}
