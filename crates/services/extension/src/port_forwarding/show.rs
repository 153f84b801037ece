//! A forwarded port as the API shows it.

use aws_schema::Timestamp;
use records::PortForwarding;

/// `tcp` or `udp`.
pub(super) fn protocol(number: u8) -> &'static str {
    if number == 17 { "udp" } else { "tcp" }
}

/// The forwarding with all members.
pub(super) fn shown(forwarding: &PortForwarding) -> api_allod::PortForwarding {
    api_allod::PortForwarding {
        port_forwarding_id: Some(forwarding.id.clone()),
        gateway_id: Some(forwarding.gateway_id.clone()),
        vpc_id: Some(forwarding.vpc_id.clone()),
        protocol: Some(protocol(forwarding.protocol).into()),
        address: Some(forwarding.public_ip.to_string()),
        allocation_id: forwarding.allocation_id.clone(),
        port: Some(forwarding.port.into()),
        to_address: Some(forwarding.to_address.to_string()),
        to_port: Some(forwarding.to_port.into()),
        masquerade: Some(forwarding.masquerade),
        create_time: Some(Timestamp::from_millis(forwarding.created)),
    }
}
