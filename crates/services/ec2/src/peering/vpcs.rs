//! Peering connections as their VPCs see them.

use super::status;
use crate::{cidr, faults, limits};
use aws_schema::Fault;
use ipnet::Ipv4Net;
use records::{Millis, PeeringSide, Vpc, VpcPeering};
use state_store::typed::{Scope, Tx};
use std::sync::Arc;

/// Every connection of a VPC that stands or may come to stand.
pub(super) fn open_of(tx: &mut Tx<'_>, scope: &Scope, vpc_id: &str, now: Millis) -> Vec<Arc<VpcPeering>> {
    let mut found = tx.by_index::<VpcPeering>(scope, "vpc", vpc_id);
    found.retain(|peering| status::is_open(peering, now));
    found
}

/// The active connection between two VPCs.
pub(crate) fn active_between(tx: &mut Tx<'_>, scope: &Scope, a: &str, b: &str) -> Option<Arc<VpcPeering>> {
    let found = tx.by_index::<VpcPeering>(scope, "vpc", a);
    found.into_iter().find(|peering| peering.is_active() && peering.other(a).vpc_id == b)
}

/// Active connections of one VPC may not become more than the quota.
pub(super) fn check_quota(tx: &mut Tx<'_>, side: &PeeringSide) -> Result<(), Fault> {
    let of_vpc = tx.by_index::<VpcPeering>(&side.scope(), "vpc", &side.vpc_id);
    if of_vpc.iter().filter(|peering| peering.is_active()).count() >= limits::PEERINGS_PER_VPC {
        return Err(super::faults::too_many(&side.vpc_id));
    }
    Ok(())
}

/// Whether two VPCs share an address, so that no route could tell them apart.
pub(super) fn overlap(a: &Vpc, b: &Vpc) -> bool {
    a.ipv4_blocks().any(|x| b.ipv4_blocks().any(|y| cidr::overlap(&x, &y)))
        || a.ipv6_blocks().any(|x| b.ipv6_blocks().any(|y| cidr::overlap_v6(&x, &y)))
}

/// A side as its VPC is now.
pub(super) fn side(scope: &Scope, vpc: &Vpc) -> PeeringSide {
    PeeringSide {
        cidrs: vpc.ipv4_blocks().collect(),
        ipv6_cidrs: vpc.ipv6_blocks().collect(),
        ..unknown_side(scope, &vpc.id)
    }
}

/// A side of which nothing is known but the name.
pub(super) fn unknown_side(scope: &Scope, vpc_id: &str) -> PeeringSide {
    PeeringSide {
        account: scope.account.to_string(),
        region: scope.region.to_string(),
        vpc_id: vpc_id.to_owned(),
        cidrs: Vec::new(),
        ipv6_cidrs: Vec::new(),
        allow_remote_dns: false,
    }
}

/// Whether a VPC may get another IPv4 block (AWS: "IPv4 CIDR block association restrictions"): not one of a VPC it is
/// peered with.
///
/// # Errors
/// `InvalidVpc.Range`.
pub(crate) fn check_new_v4_block(
    tx: &mut Tx<'_>,
    scope: &Scope,
    vpc_id: &str,
    block: Ipv4Net,
    now: Millis,
) -> Result<(), Fault> {
    for peering in open_of(tx, scope, vpc_id, now) {
        let other = peering.other(vpc_id);
        let theirs = tx.get::<Vpc>(&other.scope(), &other.vpc_id);
        if theirs.is_some_and(|vpc| vpc.ipv4_blocks().any(|known| cidr::overlap(&known, &block))) {
            let message = format!(
                "The CIDR '{block}' overlaps with a CIDR block of the VPC '{}', which is peered by '{}'.",
                other.vpc_id, peering.id
            );
            return Err(Fault::sender("InvalidVpc.Range", message));
        }
    }
    Ok(())
}

/// Lets active connections follow the blocks of a VPC that change in this transaction.
pub(crate) fn follow_blocks(tx: &mut Tx<'_>, scope: &Scope, vpc: &Vpc) {
    for peering in tx.by_index::<VpcPeering>(scope, "vpc", &vpc.id).iter().filter(|p| p.is_active()) {
        let mut peering = VpcPeering::clone(peering);
        for side in [&mut peering.requester, &mut peering.accepter] {
            if side.vpc_id == vpc.id {
                side.cidrs = vpc.ipv4_blocks().collect();
                side.ipv6_cidrs = vpc.ipv6_blocks().collect();
            }
        }
        peering.put(tx);
    }
}

/// Ends the connections of a VPC that goes away in this transaction. Gives the other ends of those that were active:
/// their VPCs have something to settle.
pub(crate) fn end_with_vpc(tx: &mut Tx<'_>, scope: &Scope, vpc_id: &str, now: Millis) -> Vec<PeeringSide> {
    let mut others = Vec::new();
    for peering in open_of(tx, scope, vpc_id, now) {
        let mut peering = VpcPeering::clone(&peering);
        if peering.is_active() {
            others.push(peering.other(vpc_id).clone());
        }
        status::DELETED.clone_into(&mut peering.status);
        peering.status_message = status::deleted_by(&scope.account);
        peering.changed = now;
        peering.put(tx);
    }
    others
}

/// The VPC a request names in the caller's own scope.
///
/// # Errors
/// `InvalidVpcID.Malformed`, `InvalidVpcID.NotFound`, `MissingParameter`.
pub(super) fn own(tx: &mut Tx<'_>, scope: &Scope, id: Option<&str>, name: &str) -> Result<Arc<Vpc>, Fault> {
    let id = faults::required(id, name)?;
    crate::lookup::find::<Vpc>(tx, scope, crate::resource_kind::ResourceKind::Vpc, id)
}
