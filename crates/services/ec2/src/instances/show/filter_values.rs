//! What each documented filter of DescribeInstances looks at (API reference, "DescribeInstances").

use super::view::View;
use crate::filters::{flag, one};
use crate::instances::names;
use crate::instances::time_text::iso;
use records::image::HOST_ARCHITECTURE;
use records::{InstanceState, NetworkInterface, PrivateAddress};

/// Documented names.
#[rustfmt::skip]
pub(in crate::instances) const NAMES: &[&str] = &[
    "affinity", "architecture", "availability-zone", "availability-zone-id",
    "block-device-mapping.attach-time", "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name", "block-device-mapping.status", "block-device-mapping.volume-id",
    "boot-mode", "capacity-reservation-id",
    "capacity-reservation-specification.capacity-reservation-preference",
    "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id",
    "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
    "client-token", "current-instance-boot-mode", "dns-name", "ebs-optimized", "ena-support",
    "enclave-options.enabled", "hibernation-options.configured", "host-id", "hypervisor",
    "iam-instance-profile.arn", "iam-instance-profile.id", "image-id", "instance-id", "instance-lifecycle",
    "instance-state-code", "instance-state-name", "instance-type", "instance.group-id", "instance.group-name",
    "ip-address", "ipv6-address", "kernel-id", "key-name", "launch-index", "launch-time",
    "maintenance-options.auto-recovery", "metadata-options.http-endpoint", "metadata-options.http-protocol-ipv4",
    "metadata-options.http-protocol-ipv6", "metadata-options.http-put-response-hop-limit",
    "metadata-options.http-tokens", "metadata-options.instance-metadata-tags", "metadata-options.state",
    "monitoring-state", "network-interface.addresses.association.allocation-id",
    "network-interface.addresses.association.association-id",
    "network-interface.addresses.association.carrier-ip",
    "network-interface.addresses.association.customer-owned-ip",
    "network-interface.addresses.association.ip-owner-id",
    "network-interface.addresses.association.public-dns-name",
    "network-interface.addresses.association.public-ip", "network-interface.addresses.primary",
    "network-interface.addresses.private-dns-name", "network-interface.addresses.private-ip-address",
    "network-interface.association.allocation-id", "network-interface.association.association-id",
    "network-interface.association.carrier-ip", "network-interface.association.customer-owned-ip",
    "network-interface.association.ip-owner-id", "network-interface.association.public-dns-name",
    "network-interface.association.public-ip", "network-interface.attachment.attach-time",
    "network-interface.attachment.attachment-id", "network-interface.attachment.delete-on-termination",
    "network-interface.attachment.device-index", "network-interface.attachment.instance-id",
    "network-interface.attachment.instance-owner-id", "network-interface.attachment.network-card-index",
    "network-interface.attachment.status", "network-interface.availability-zone",
    "network-interface.deny-all-igw-traffic", "network-interface.description", "network-interface.group-id",
    "network-interface.group-name", "network-interface.ipv4-prefixes.ipv4-prefix",
    "network-interface.ipv6-address", "network-interface.ipv6-addresses.ipv6-address",
    "network-interface.ipv6-addresses.is-primary-ipv6", "network-interface.ipv6-native",
    "network-interface.ipv6-prefixes.ipv6-prefix", "network-interface.mac-address",
    "network-interface.network-interface-id", "network-interface.outpost-arn", "network-interface.owner-id",
    "network-interface.private-dns-name", "network-interface.private-ip-address",
    "network-interface.public-dns-name", "network-interface.requester-id",
    "network-interface.requester-managed", "network-interface.source-dest-check", "network-interface.status",
    "network-interface.subnet-id", "network-interface.tag-key", "network-interface.tag-value",
    "network-interface.vpc-id", "network-performance-options.bandwidth-weighting", "operator.managed",
    "operator.principal", "outpost-arn", "owner-id", "placement-group-name", "placement-partition-number",
    "platform", "platform-details", "private-dns-name",
    "private-dns-name-options.enable-resource-name-dns-a-record",
    "private-dns-name-options.enable-resource-name-dns-aaaa-record", "private-dns-name-options.hostname-type",
    "private-ip-address", "product-code", "product-code.type", "ramdisk-id", "reason", "requester-id",
    "reservation-id", "root-device-name", "root-device-type", "source-dest-check", "spot-instance-request-id",
    "state-reason-code", "state-reason-message", "subnet-id", "tag-value", "tenancy", "tpm-support",
    "usage-operation", "usage-operation-update-time", "virtualization-type", "vpc-id",
];

impl View {
    /// The values a filter compares with; none when the instance has nothing there.
    pub(in crate::instances) fn filter_values(&self, name: &str) -> Vec<String> {
        if let Some(rest) = name.strip_prefix("network-interface.") {
            return self.interfaces.iter().flat_map(|i| interface_values(i, self, rest)).collect();
        }
        if let Some(rest) = name.strip_prefix("block-device-mapping.") {
            return self.device_values(rest);
        }
        if let Some(rest) = name.strip_prefix("metadata-options.") {
            return self.metadata_values(rest);
        }
        let instance = &*self.instance;
        let gone = instance.state == InstanceState::Terminated;
        let address = self.primary().and_then(NetworkInterface::primary);
        match name {
            "architecture" => one(HOST_ARCHITECTURE),
            "availability-zone" => one(&instance.availability_zone),
            "availability-zone-id" => one(&instance.availability_zone_id),
            "capacity-reservation-specification.capacity-reservation-preference" => one("open"),
            "client-token" => all(instance.client_token.as_ref()),
            "current-instance-boot-mode" => {
                all(crate::instance_types::find(&instance.instance_type).map(|t| t.boot_mode()))
            }
            "dns-name" => address.and_then(|a| public_dns(a, &instance.vpc_id, self)).into_iter().collect(),
            "ebs-optimized" => flag(instance.ebs_optimized),
            "ena-support" => flag(true),
            "enclave-options.enabled" | "hibernation-options.configured" | "operator.managed" => flag(false),
            "hypervisor" => one("xen"),
            "iam-instance-profile.arn" => all(instance.iam_instance_profile.as_ref().map(|(arn, _)| arn)),
            "iam-instance-profile.id" => all(instance.iam_instance_profile.as_ref().map(|(_, id)| id)),
            "image-id" => one(&instance.image_id),
            "instance-id" => one(&instance.id),
            "instance-state-code" => one(instance.state.code().to_string()),
            "instance-state-name" => one(instance.state.name()),
            "instance-type" => one(&instance.instance_type),
            "instance.group-id" => self.primary().map(|i| i.groups.clone()).unwrap_or_default(),
            "instance.group-name" => {
                all(self.primary().into_iter().flat_map(|i| i.groups.iter().map(|id| self.group_name(id))))
            }
            "ip-address" => all(address.and_then(|a| a.public)),
            "ipv6-address" => all(self.primary().into_iter().flat_map(|i| &i.ipv6_addresses)),
            "key-name" => all(instance.key_name.as_ref()),
            "launch-index" => one(instance.launch_index.to_string()),
            "launch-time" => one(iso(instance.launch_time)),
            "maintenance-options.auto-recovery" => {
                one(instance.options.auto_recovery.as_deref().unwrap_or("default"))
            }
            "monitoring-state" => one(if instance.monitoring { "enabled" } else { "disabled" }),
            "owner-id" => one(&*self.scope.account),
            "platform-details" => one("Linux/UNIX"),
            "private-dns-name" => all(address.map(|a| {
                if instance.options.hostname_type.as_deref() == Some("resource-name") {
                    format!("{}.{}", instance.id, names::private_domain(&self.scope.region))
                } else {
                    names::private_dns(a.address, &self.scope.region)
                }
            })),
            "private-dns-name-options.enable-resource-name-dns-a-record" => {
                flag(instance.options.resource_name_a)
            }
            "private-dns-name-options.enable-resource-name-dns-aaaa-record" => {
                flag(instance.options.resource_name_aaaa)
            }
            "private-dns-name-options.hostname-type" => {
                one(instance.options.hostname_type.as_deref().unwrap_or("ip-name"))
            }
            "private-ip-address" => all(address.map(|a| a.address)),
            "reason" => one(&instance.transition_reason),
            "reservation-id" => one(&instance.reservation_id),
            "root-device-name" => one(instance.root_device()),
            "root-device-type" => one("ebs"),
            "source-dest-check" => all(self.primary().map(|i| i.source_dest_check)),
            "state-reason-code" => all(instance.state_reason.as_ref().map(|r| &r.code)),
            "state-reason-message" => all(instance.state_reason.as_ref().map(|r| &r.message)),
            "subnet-id" => all((!gone).then_some(&instance.subnet_id)),
            "tag-value" => self.tags().values().cloned().collect(),
            "tenancy" => one("default"),
            "usage-operation" => one("RunInstances"),
            "virtualization-type" => one("hvm"),
            "vpc-id" => all((!gone).then_some(&instance.vpc_id)),
            _ => Vec::new(),
        }
    }

    fn device_values(&self, name: &str) -> Vec<String> {
        let devices = self.instance.block_devices.iter();
        match name {
            "attach-time" => devices.map(|d| iso(d.attached)).collect(),
            "delete-on-termination" => all(devices.map(|d| d.delete_on_termination)),
            "device-name" => all(devices.map(|d| &d.device_name)),
            "status" => all(devices.map(|_| "attached")),
            _ => all(devices.map(|d| &d.volume_id)),
        }
    }

    fn metadata_values(&self, name: &str) -> Vec<String> {
        let options = &self.instance.metadata_options;
        match name {
            "http-endpoint" => one(&options.http_endpoint),
            "http-protocol-ipv4" => one("enabled"),
            "http-protocol-ipv6" => one(&options.http_protocol_ipv6),
            "http-put-response-hop-limit" => one(options.http_put_response_hop_limit.to_string()),
            "http-tokens" => one(&options.http_tokens),
            "instance-metadata-tags" => one(&options.instance_metadata_tags),
            _ => one("applied"),
        }
    }
}

fn all<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

fn public_dns(address: &PrivateAddress, vpc_id: &str, view: &View) -> Option<String> {
    let public = address.public.filter(|_| view.has_public_names(vpc_id))?;
    Some(names::public_dns(public, &view.scope.region))
}

fn interface_values(interface: &NetworkInterface, view: &View, name: &str) -> Vec<String> {
    if let Some(rest) = name.strip_prefix("addresses.") {
        let addresses = interface.private_addresses.iter();
        return addresses.flat_map(|a| address_values(a, interface, view, rest)).collect();
    }
    let primary = interface.primary();
    if name.starts_with("association.") {
        return primary.map(|a| address_values(a, interface, view, name)).unwrap_or_default();
    }
    let attachment = interface.attachment.as_ref();
    match name {
        "attachment.attach-time" => attachment.map(|a| iso(a.attached)).into_iter().collect(),
        "attachment.attachment-id" => all(attachment.map(|a| &a.id)),
        "attachment.delete-on-termination" => all(attachment.map(|a| a.delete_on_termination)),
        "attachment.device-index" => all(attachment.map(|a| a.device_index)),
        "attachment.instance-id" => all(attachment.map(|a| &a.instance_id)),
        "attachment.instance-owner-id" | "owner-id" => one(&*view.scope.account),
        "attachment.network-card-index" => one("0"),
        "attachment.status" => all(attachment.map(|a| &a.status)),
        "availability-zone" => one(&interface.availability_zone),
        "description" => one(&interface.description),
        "group-id" => interface.groups.clone(),
        "group-name" => all(interface.groups.iter().map(|id| view.group_name(id))),
        "ipv6-address" | "ipv6-addresses.ipv6-address" => all(&interface.ipv6_addresses),
        "ipv6-addresses.is-primary-ipv6" => all(interface.ipv6_addresses.iter().map(|_| false)),
        "mac-address" => one(&interface.mac_address),
        "network-interface-id" => one(&interface.id),
        "private-dns-name" => all(primary.map(|a| names::private_dns(a.address, &view.scope.region))),
        "private-ip-address" => all(primary.map(|a| a.address)),
        "public-dns-name" => {
            primary.and_then(|a| public_dns(a, &interface.vpc_id, view)).into_iter().collect()
        }
        "requester-managed" => flag(interface.requester_managed),
        "source-dest-check" => flag(interface.source_dest_check),
        "status" => one("in-use"),
        "subnet-id" => one(&interface.subnet_id),
        "vpc-id" => one(&interface.vpc_id),
        _ => Vec::new(),
    }
}

fn address_values(
    address: &PrivateAddress,
    interface: &NetworkInterface,
    view: &View,
    name: &str,
) -> Vec<String> {
    match name {
        "association.allocation-id" => all(address.allocation_id.as_ref()),
        "association.association-id" => all(address.association_id.as_ref()),
        "association.ip-owner-id" => match (address.public, &address.allocation_id) {
            (Some(_), Some(_)) => one(&*view.scope.account),
            (Some(_), None) => one("amazon"),
            (None, _) => Vec::new(),
        },
        "association.public-dns-name" => public_dns(address, &interface.vpc_id, view).into_iter().collect(),
        "association.public-ip" => all(address.public),
        "primary" => flag(address.primary),
        "private-dns-name" => one(names::private_dns(address.address, &view.scope.region)),
        "private-ip-address" => all([address.address]),
        _ => Vec::new(),
    }
}
