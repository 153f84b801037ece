//! What the filters of DescribeNetworkInterfaces look at.

use super::show;
use crate::filters::{flag, one};
use crate::instances::names;
use aws_schema::Timestamp;
use records::{NetworkInterface, PrivateAddress, SecurityGroup, Subnet};
use state_store::typed::{Scope, Store};

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
pub(super) const FILTERS: &[&str] = &[
    "addresses.association.owner-id",
    "addresses.association.public-ip",
    "addresses.primary",
    "addresses.private-ip-address",
    "association.allocation-id",
    "association.association-id",
    "association.ip-owner-id",
    "association.public-dns-name",
    "association.public-ip",
    "attachment.attach-time",
    "attachment.attachment-id",
    "attachment.delete-on-termination",
    "attachment.device-index",
    "attachment.instance-id",
    "attachment.instance-owner-id",
    "attachment.status",
    "availability-zone",
    "availability-zone-id",
    "description",
    "group-id",
    "group-name",
    "interface-type",
    "ipv6-addresses.ipv6-address",
    "mac-address",
    "network-interface-id",
    "operator.managed",
    "operator.principal",
    "owner-id",
    "private-dns-name",
    "private-ip-address",
    "requester-id",
    "requester-managed",
    "source-dest-check",
    "status",
    "subnet-id",
    "vpc-id",
];

/// The values of an interface for a filter.
pub(super) fn values(store: &Store, scope: &Scope, i: &NetworkInterface, filter: &str) -> Vec<String> {
    if let Some(member) = filter.strip_prefix("addresses.") {
        return i.private_addresses.iter().filter_map(|a| of_address(scope, a, member)).collect();
    }
    if let Some(member) = filter.strip_prefix("association.") {
        return i.private_addresses.iter().filter_map(|a| of_association(scope, a, member)).collect();
    }
    if let Some(member) = filter.strip_prefix("attachment.") {
        return of_attachment(scope, i, member);
    }
    match filter {
        "availability-zone" => one(&i.availability_zone),
        "availability-zone-id" => store
            .get::<Subnet>(scope, &i.subnet_id)
            .map_or_else(Vec::new, |subnet| one(&subnet.availability_zone_id)),
        "description" => one(&i.description),
        "group-id" => i.groups.clone(),
        "group-name" => i
            .groups
            .iter()
            .filter_map(|id| store.get::<SecurityGroup>(scope, id).map(|group| group.name.clone()))
            .collect(),
        "interface-type" => one(&i.interface_type),
        "ipv6-addresses.ipv6-address" => i.ipv6_addresses.iter().map(ToString::to_string).collect(),
        "mac-address" => one(&i.mac_address),
        "network-interface-id" => one(&i.id),
        "operator.managed" => flag(false),
        "owner-id" => one(&*scope.account),
        "private-dns-name" => {
            i.private_addresses.iter().map(|a| names::private_dns(a.address, &scope.region)).collect()
        }
        "private-ip-address" => i.private_addresses.iter().map(|a| a.address.to_string()).collect(),
        "requester-id" => show::requester(i).map_or_else(Vec::new, one),
        "requester-managed" => flag(i.requester_managed),
        "source-dest-check" => flag(i.source_dest_check),
        "status" => one(show::status(i)),
        "subnet-id" => one(&i.subnet_id),
        "vpc-id" => one(&i.vpc_id),
        _ => Vec::new(),
    }
}

/// `addresses.*`: every private address of the interface counts.
fn of_address(scope: &Scope, address: &PrivateAddress, member: &str) -> Option<String> {
    match member {
        "private-ip-address" => Some(address.address.to_string()),
        "primary" => Some(address.primary.to_string()),
        "association.public-ip" => address.public.map(|public| public.to_string()),
        "association.owner-id" => address.public.map(|_| show::ip_owner(scope, address)),
        _ => None,
    }
}

/// `association.*`: addresses without a public one have no values.
fn of_association(scope: &Scope, address: &PrivateAddress, member: &str) -> Option<String> {
    let public = address.public?;
    match member {
        "allocation-id" => address.allocation_id.clone(),
        "association-id" => address.association_id.clone(),
        "ip-owner-id" => Some(show::ip_owner(scope, address)),
        "public-dns-name" => Some(names::public_dns(public, &scope.region)),
        "public-ip" => Some(public.to_string()),
        _ => None,
    }
}

/// `attachment.*`: an interface that hangs on nothing has no values.
fn of_attachment(scope: &Scope, interface: &NetworkInterface, member: &str) -> Vec<String> {
    let Some(attachment) = &interface.attachment else { return Vec::new() };
    match member {
        "attach-time" => one(rfc3339(Timestamp::from_millis(attachment.attached))),
        "attachment-id" => one(&attachment.id),
        "delete-on-termination" => flag(attachment.delete_on_termination),
        "device-index" => one(attachment.device_index.to_string()),
        "instance-id" => one(&attachment.instance_id),
        "instance-owner-id" => one(&*scope.account),
        "status" => one(&attachment.status),
        _ => Vec::new(),
    }
}

/// `2026-11-20T10:00:00.000Z`, as times are written in filters.
fn rfc3339(at: Timestamp) -> String {
    let known =
        time::OffsetDateTime::from_unix_timestamp(at.seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let (date, clock) = (known.date(), known.time());
    format!(
        "{date}T{:02}:{:02}:{:02}.{:03}Z",
        clock.hour(),
        clock.minute(),
        clock.second(),
        at.nanos / 1_000_000
    )
}
