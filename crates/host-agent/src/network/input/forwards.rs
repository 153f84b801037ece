//! NAT gateways and forwarded ports.

use super::From;
use network_plan as plan;
use records::{NatGateway, PortForwarding};

/// The ports of an internet gateway that lead inside.
pub(super) fn of_internet_gateway(from: From<'_>, gateway: &str) -> Vec<plan::PortForward> {
    let found = from.store.by_index::<PortForwarding>(from.scope, "gateway", gateway);
    found.iter().map(|f| forward(f, f.public_ip)).collect()
}

/// A NAT gateway with the ports that lead inside. Packets meet it under its private address: the internet gateway has
/// translated the public one by then.
pub(super) fn nat_gateway(from: From<'_>, gateway: &NatGateway) -> plan::NatGateway {
    let found = from.store.by_index::<PortForwarding>(from.scope, "gateway", &gateway.id);
    let inside = |f: &PortForwarding| {
        let by_public = gateway.addresses.iter().find(|a| a.public_ip == Some(f.public_ip));
        by_public.map_or(f.public_ip, |a| a.private_ip)
    };
    plan::NatGateway {
        id: gateway.id.clone(),
        eni_id: gateway.network_interface_id.clone(),
        port_forwards: found.iter().map(|f| forward(f, inside(f))).collect(),
    }
}

fn forward(forward: &PortForwarding, address: std::net::Ipv4Addr) -> plan::PortForward {
    plan::PortForward {
        protocol: forward.protocol,
        address,
        port: forward.port,
        to: forward.to_address,
        to_port: forward.to_port,
        masquerade: forward.masquerade,
    }
}
