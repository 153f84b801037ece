//! A network interface as the API shows it.

use super::{primary_ipv6, tracking};
use crate::instances::names;
use crate::tags;
use api_ec2::{
    GroupIdentifier, Ipv4PrefixSpecification, Ipv6PrefixSpecification, NetworkInterfaceAssociation,
    NetworkInterfaceAttachment, NetworkInterfaceIpv6Address, NetworkInterfacePrivateIpAddress,
};
use aws_schema::Timestamp;
use records::{Attachment, NetworkInterface, PrivateAddress, SecurityGroup, Subnet, Vpc};
use state_store::typed::{Scope, Store};

/// `available`, or `in-use` while attached; those of services always are.
pub(super) fn status(interface: &NetworkInterface) -> &'static str {
    if interface.attachment.is_some() || interface.requester_managed { "in-use" } else { "available" }
}

/// Who made an interface on the account's behalf.
pub(super) fn requester(interface: &NetworkInterface) -> Option<&'static str> {
    interface.requester_managed.then_some("amazon-aws")
}

/// Groups with their names.
pub(crate) fn groups(store: &Store, scope: &Scope, ids: &[String]) -> Vec<GroupIdentifier> {
    let one = |id: &String| GroupIdentifier {
        group_id: Some(id.clone()),
        group_name: store.get::<SecurityGroup>(scope, id).map(|group| group.name.clone()),
    };
    ids.iter().map(one).collect()
}

/// Who answers for a public address: the account for elastic ones, `amazon` for automatic ones.
pub(super) fn ip_owner(scope: &Scope, address: &PrivateAddress) -> String {
    if address.allocation_id.is_some() { scope.account.to_string() } else { "amazon".to_owned() }
}

/// The public address of a private one. Names are shown only where the VPC gives them (`enableDnsHostnames`).
fn association(
    scope: &Scope,
    address: &PrivateAddress,
    hostnames: bool,
) -> Option<NetworkInterfaceAssociation> {
    let public = address.public?;
    Some(NetworkInterfaceAssociation {
        public_ip: Some(public.to_string()),
        public_dns_name: hostnames.then(|| names::public_dns(public, &scope.region)),
        ip_owner_id: Some(ip_owner(scope, address)),
        allocation_id: address.allocation_id.clone(),
        association_id: address.association_id.clone(),
        ..NetworkInterfaceAssociation::default()
    })
}

/// The attachment to an instance.
pub(super) fn attachment(scope: &Scope, attachment: &Attachment) -> NetworkInterfaceAttachment {
    NetworkInterfaceAttachment {
        attachment_id: Some(attachment.id.clone()),
        attach_time: Some(Timestamp::from_millis(attachment.attached)),
        delete_on_termination: Some(attachment.delete_on_termination),
        device_index: Some(attachment.device_index),
        network_card_index: Some(0),
        instance_id: Some(attachment.instance_id.clone()),
        instance_owner_id: Some(scope.account.to_string()),
        status: Some(attachment.status.clone().into()),
        ..NetworkInterfaceAttachment::default()
    }
}

/// The interface with groups, names and tags.
pub(crate) fn interface(
    store: &Store,
    scope: &Scope,
    interface: &NetworkInterface,
) -> api_ec2::NetworkInterface {
    let vpc = store.get::<Vpc>(scope, &interface.vpc_id);
    let hostnames = vpc.as_ref().is_some_and(|vpc| vpc.enable_dns_hostnames);
    let named =
        |address: &PrivateAddress| hostnames.then(|| names::private_dns(address.address, &scope.region));
    let primary = interface.primary();
    let address = |address: &PrivateAddress| NetworkInterfacePrivateIpAddress {
        private_ip_address: Some(address.address.to_string()),
        private_dns_name: named(address),
        primary: Some(address.primary),
        association: association(scope, address, hostnames),
    };
    let ipv6 = |address: &std::net::Ipv6Addr| NetworkInterfaceIpv6Address {
        ipv6_address: Some(address.to_string()),
        is_primary_ipv6: Some(primary_ipv6::is(interface, address)),
        ..NetworkInterfaceIpv6Address::default()
    };
    let zone_id =
        store.get::<Subnet>(scope, &interface.subnet_id).map(|subnet| subnet.availability_zone_id.clone());
    api_ec2::NetworkInterface {
        network_interface_id: Some(interface.id.clone()),
        subnet_id: Some(interface.subnet_id.clone()),
        vpc_id: Some(interface.vpc_id.clone()),
        availability_zone: Some(interface.availability_zone.clone()),
        availability_zone_id: zone_id,
        description: Some(interface.description.clone()),
        owner_id: Some(scope.account.to_string()),
        requester_managed: Some(interface.requester_managed),
        status: Some(status(interface).into()),
        mac_address: Some(interface.mac_address.clone()),
        private_ip_address: primary.map(|a| a.address.to_string()),
        private_dns_name: primary.and_then(named),
        source_dest_check: Some(interface.source_dest_check),
        groups: Some(groups(store, scope, &interface.groups)),
        attachment: interface.attachment.as_ref().map(|a| attachment(scope, a)),
        association: primary.and_then(|a| association(scope, a, hostnames)),
        private_ip_addresses: Some(interface.private_addresses.iter().map(address).collect()),
        ipv6_addresses: Some(interface.ipv6_addresses.iter().map(ipv6).collect()),
        ipv6_address: interface.ipv6_addresses.first().map(ToString::to_string),
        ipv4_prefixes: Some(
            interface
                .ipv4_prefixes
                .iter()
                .map(|p| Ipv4PrefixSpecification { ipv4_prefix: Some(p.to_string()) })
                .collect(),
        ),
        ipv6_prefixes: Some(
            interface
                .ipv6_prefixes
                .iter()
                .map(|p| Ipv6PrefixSpecification { ipv6_prefix: Some(p.to_string()) })
                .collect(),
        ),
        connection_tracking_configuration: tracking::show(interface.connection_tracking),
        requester_id: requester(interface).map(str::to_owned),
        interface_type: Some(interface.interface_type.clone().into()),
        ipv6_native: Some(false),
        deny_all_igw_traffic: Some(false),
        tag_set: Some(tags::to_api(&tags::of(store, scope, &interface.id))),
        ..api_ec2::NetworkInterface::default()
    }
}
