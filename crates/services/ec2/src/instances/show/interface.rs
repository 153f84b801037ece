//! The interfaces of an instance in the API's form.

use super::view::View;
use crate::instances::names;
use api_ec2::{
    ConnectionTrackingSpecificationResponse, GroupIdentifier, InstanceIpv4Prefix, InstanceIpv6Address,
    InstanceIpv6Prefix, InstanceNetworkInterface, InstanceNetworkInterfaceAssociation,
    InstanceNetworkInterfaceAttachment, InstancePrivateIpAddress,
};
use aws_schema::Timestamp;
use records::{NetworkInterface, PrivateAddress};

/// Groups with their names.
pub(in crate::instances) fn groups(view: &View, ids: &[String]) -> Vec<GroupIdentifier> {
    let one = |id: &String| GroupIdentifier {
        group_id: Some(id.clone()),
        group_name: Some(view.group_name(id).to_owned()),
    };
    ids.iter().map(one).collect()
}

/// What a public address is mapped to. Automatic ones belong to Amazon.
fn association(
    view: &View,
    vpc_id: &str,
    address: &PrivateAddress,
) -> Option<InstanceNetworkInterfaceAssociation> {
    let public = address.public?;
    let elastic = address.allocation_id.is_some();
    Some(InstanceNetworkInterfaceAssociation {
        ip_owner_id: Some(if elastic { view.scope.account.to_string() } else { "amazon".to_owned() }),
        public_dns_name: Some(if view.has_public_names(vpc_id) {
            names::public_dns(public, &view.scope.region)
        } else {
            String::new()
        }),
        public_ip: Some(public.to_string()),
        ..InstanceNetworkInterfaceAssociation::default()
    })
}

/// The interfaces of an instance.
pub(super) fn all(view: &View) -> Vec<InstanceNetworkInterface> {
    view.interfaces.iter().map(|interface| one(view, interface)).collect()
}

fn one(view: &View, interface: &NetworkInterface) -> InstanceNetworkInterface {
    let private_dns =
        |address: &PrivateAddress| Some(names::private_dns(address.address, &view.scope.region));
    let primary = interface.primary();
    InstanceNetworkInterface {
        association: primary.and_then(|a| association(view, &interface.vpc_id, a)),
        attachment: interface.attachment.as_ref().map(|a| InstanceNetworkInterfaceAttachment {
            attach_time: Some(Timestamp::from_millis(a.attached)),
            attachment_id: Some(a.id.clone()),
            delete_on_termination: Some(a.delete_on_termination),
            device_index: Some(a.device_index),
            status: Some(a.status.clone().into()),
            network_card_index: Some(0),
            ..InstanceNetworkInterfaceAttachment::default()
        }),
        description: Some(interface.description.clone()),
        groups: Some(groups(view, &interface.groups)),
        ipv6_addresses: Some(
            interface
                .ipv6_addresses
                .iter()
                .map(|address| InstanceIpv6Address {
                    ipv6_address: Some(address.to_string()),
                    is_primary_ipv6: Some(
                        interface.primary_ipv6 && interface.ipv6_addresses.first() == Some(address),
                    ),
                })
                .collect(),
        ),
        mac_address: Some(interface.mac_address.clone()),
        network_interface_id: Some(interface.id.clone()),
        owner_id: Some(view.scope.account.to_string()),
        private_dns_name: primary.and_then(private_dns),
        private_ip_address: primary.map(|a| a.address.to_string()),
        private_ip_addresses: Some(
            interface
                .private_addresses
                .iter()
                .map(|address| InstancePrivateIpAddress {
                    association: association(view, &interface.vpc_id, address),
                    primary: Some(address.primary),
                    private_dns_name: private_dns(address),
                    private_ip_address: Some(address.address.to_string()),
                })
                .collect(),
        ),
        source_dest_check: Some(interface.source_dest_check),
        status: Some("in-use".into()),
        subnet_id: Some(interface.subnet_id.clone()),
        vpc_id: Some(interface.vpc_id.clone()),
        ipv4_prefixes: (!interface.ipv4_prefixes.is_empty()).then(|| {
            let one = |p: &ipnet::Ipv4Net| InstanceIpv4Prefix { ipv4_prefix: Some(p.to_string()) };
            interface.ipv4_prefixes.iter().map(one).collect()
        }),
        ipv6_prefixes: (!interface.ipv6_prefixes.is_empty()).then(|| {
            let one = |p: &ipnet::Ipv6Net| InstanceIpv6Prefix { ipv6_prefix: Some(p.to_string()) };
            interface.ipv6_prefixes.iter().map(one).collect()
        }),
        connection_tracking_configuration: interface.connection_tracking.map(|set| {
            ConnectionTrackingSpecificationResponse {
                tcp_established_timeout: set.tcp_established,
                udp_stream_timeout: set.udp_stream,
                udp_timeout: set.udp,
            }
        }),
        interface_type: Some(interface.interface_type.clone()),
        ..InstanceNetworkInterface::default()
    }
}
