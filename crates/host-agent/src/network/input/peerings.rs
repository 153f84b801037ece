//! Peering connections: the other VPC's blocks, and the members of its groups that rules here name.

use super::{From, alive, groups};
use crate::network::numbers::Numbers;
use ipnet::IpNet;
use network_plan as plan;
use records::{NetworkInterface, Peer, SecurityGroup, Vpc, VpcPeering};
use state_store::typed::{Scope, Store};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// The active peering connections, in the order of their ids.
pub(super) fn peerings(from: From<'_>, numbers: &mut Numbers) -> Vec<plan::Peering> {
    let mut found = from.store.by_index::<VpcPeering>(from.scope, "vpc", from.vpc_id);
    found.retain(|peering| peering.is_active());
    if found.is_empty() {
        return Vec::new();
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    let named = named_groups(from);
    found.iter().filter_map(|one| peering(from, one, &named, numbers)).collect()
}

fn peering(
    from: From<'_>,
    peering: &Arc<VpcPeering>,
    named: &BTreeSet<String>,
    numbers: &mut Numbers,
) -> Option<plan::Peering> {
    let other = peering.other(from.vpc_id);
    let (scope, store) = (other.scope(), from.store);
    // Blocks added after the connection became active belong to it too (VPC peering guide, "Update route tables").
    let vpc = store.get::<Vpc>(&scope, &other.vpc_id)?;
    let v4 = alive(&vpc.cidr_associations).map(IpNet::V4);
    let v6 = alive(&vpc.ipv6_associations).map(IpNet::V6);
    let remote = named.iter().filter_map(|id| store.get::<SecurityGroup>(&scope, id));
    let remote = remote.filter(|group| group.vpc_id == other.vpc_id);
    let remote_groups = remote.map(|group| plan::RemoteGroup {
        id: group.id.clone(),
        // The group has a number of its own in the VPC it belongs to.
        number: numbers.of(&groups::space(from.vpc_id), &format!("{} in {}", group.id, from.vpc_id)),
        members: members(store, &scope, &group.id),
    });
    let remote_groups = remote_groups.collect();
    Some(plan::Peering {
        id: peering.id.clone(),
        number: numbers.of("peering", &peering.id),
        requester: peering.requester.vpc_id == from.vpc_id,
        remote_vpc: other.vpc_id.clone(),
        remote_blocks: v4.chain(v6).collect(),
        remote_groups,
    })
}

/// Ids of foreign groups that rules of this VPC name.
fn named_groups(from: From<'_>) -> BTreeSet<String> {
    let own = from.store.by_index::<SecurityGroup>(from.scope, "vpc", from.vpc_id);
    let named = own.iter().flat_map(|g| &g.rules).filter_map(|rule| match &rule.peer {
        Peer::Group { id, .. } => Some(id.clone()),
        _ => None,
    });
    named.filter(|id| !own.iter().any(|group| group.id == *id)).collect()
}

/// Private addresses of a group's members, sorted.
fn members(store: &Store, scope: &Scope, group: &str) -> Vec<IpAddr> {
    let found = store.by_index::<NetworkInterface>(scope, "group", group);
    let mut members = Vec::new();
    for interface in found {
        members.extend(interface.private_addresses.iter().map(|a| IpAddr::V4(a.address)));
        members.extend(interface.ipv6_addresses.iter().copied().map(IpAddr::V6));
    }
    members.sort_unstable();
    members
}

/// The other VPCs of all peering connections of a VPC, active or not: one that has just ended changes both sides.
pub(crate) fn neighbours(store: &Store, scope: &Scope, vpc_id: &str) -> Vec<String> {
    let found = store.by_index::<VpcPeering>(scope, "vpc", vpc_id);
    let others: BTreeSet<String> = found.iter().map(|p| p.other(vpc_id).vpc_id.clone()).collect();
    others.into_iter().filter(|other| other != vpc_id).collect()
}
