//! Network interfaces: of machines, of NAT gateways, of endpoints.

use super::From;
use crate::network::numbers::Numbers;
use ipnet::IpNet;
use network_plan as plan;
use records::{NatAddress, NatGateway, NetworkInterface, NetworkSecurityGroup, VpcEndpoint};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// The gateways the host should have, in the order of their ids.
pub(super) fn nat_gateways(from: From<'_>) -> Vec<Arc<NatGateway>> {
    let mut found = from.store.by_index::<NatGateway>(from.scope, "vpc", from.vpc_id);
    found.retain(|gateway| gateway.is_wanted());
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

/// The interfaces with something behind them on this host.
pub(super) fn enis(
    from: From<'_>,
    attached: &BTreeSet<String>,
    gateways: &[Arc<NatGateway>],
    nsgs: &[Arc<NetworkSecurityGroup>],
    numbers: &mut Numbers,
) -> Vec<plan::Eni> {
    let find = |id: &String| from.store.get::<NetworkInterface>(from.scope, id);
    let mut enis: Vec<plan::Eni> = attached
        .iter()
        .filter_map(find)
        // An interface whose subnet is being taken away may be in its last moment; it is not another VPC's.
        .filter(|interface| interface.vpc_id == from.vpc_id)
        .filter_map(|i| machine(&i, nsgs, numbers))
        .collect();
    for gateway in gateways {
        let interface = find(&gateway.network_interface_id);
        enis.extend(interface.and_then(|i| nat(&i, gateway, nsgs, numbers)));
    }
    for id in endpoint_interfaces(from) {
        let interface = find(&id).and_then(|i| machine(&i, nsgs, numbers));
        enis.extend(interface.map(|eni| plan::Eni { kind: plan::EniKind::Endpoint, ..eni }));
    }
    enis
}

/// Interfaces of the endpoints that are there or on their way.
fn endpoint_interfaces(from: From<'_>) -> Vec<String> {
    let endpoints = from.store.by_index::<VpcEndpoint>(from.scope, "vpc", from.vpc_id);
    let wanted = endpoints.iter().filter(|e| e.interface && is_wanted(e));
    wanted.flat_map(|e| e.network_interface_ids.iter().cloned()).collect()
}

/// Whether the host should have an endpoint.
pub(crate) fn is_wanted(endpoint: &VpcEndpoint) -> bool {
    matches!(endpoint.state.as_str(), "pending" | "available")
}

fn machine(
    interface: &NetworkInterface,
    nsgs: &[Arc<NetworkSecurityGroup>],
    numbers: &mut Numbers,
) -> Option<plan::Eni> {
    let public = interface
        .private_addresses
        .iter()
        .filter_map(|a| Some(plan::PublicAddress { private: a.address, public: a.public? }));
    let v4 = interface.ipv4_prefixes.iter().copied().map(IpNet::V4);
    let v6 = interface.ipv6_prefixes.iter().copied().map(IpNet::V6);
    Some(plan::Eni {
        id: interface.id.clone(),
        number: numbers.of("eni", &interface.id),
        subnet_id: interface.subnet_id.clone(),
        mac: mac(&interface.mac_address)?,
        private_v4: interface.private_addresses.iter().map(|a| a.address).collect(),
        v6: interface.ipv6_addresses.clone(),
        public_v4: public.collect(),
        source_dest_check: interface.source_dest_check,
        groups: interface.groups.clone(),
        kind: plan::EniKind::Machine,
        nsg_id: nsgs.iter().find(|g| g.network_interface_ids.contains(&interface.id)).map(|g| g.id.clone()),
        prefixes: v4.chain(v6).collect(),
    })
}

/// A NAT gateway's interface: an appliance with the gateway's addresses, which no group judges.
fn nat(
    interface: &NetworkInterface,
    gateway: &NatGateway,
    nsgs: &[Arc<NetworkSecurityGroup>],
    numbers: &mut Numbers,
) -> Option<plan::Eni> {
    let eni = machine(interface, nsgs, numbers)?;
    // The gateway's record decides which addresses work: one that is on its way out no longer does.
    let alive: Vec<&NatAddress> = gateway.addresses.iter().filter(|a| translates(a)).collect();
    let mut private: Vec<Ipv4Addr> = alive.iter().map(|a| a.private_ip).collect();
    private.sort_by_key(|address| !alive.iter().any(|a| a.primary && a.private_ip == *address));
    let public = alive
        .iter()
        .filter_map(|a| Some(plan::PublicAddress { private: a.private_ip, public: a.public_ip? }));
    Some(plan::Eni {
        public_v4: public.collect(),
        private_v4: private,
        source_dest_check: false,
        groups: Vec::new(),
        kind: plan::EniKind::NatGateway,
        ..eni
    })
}

fn translates(address: &NatAddress) -> bool {
    !matches!(address.status.as_str(), "unassigning" | "disassociating" | "failed")
}

/// `0a:1b:…` as bytes.
fn mac(text: &str) -> Option<[u8; 6]> {
    let mut bytes = [0u8; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}

#[cfg(test)]
#[test]
fn hardware_addresses() {
    assert_eq!(mac("0a:1b:2c:3d:4e:5f"), Some([0x0a, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f]));
    for bad in ["", "0a:1b", "0a:1b:2c:3d:4e:5f:60", "zz:1b:2c:3d:4e:5f"] {
        assert_eq!(mac(bad), None);
    }
}
