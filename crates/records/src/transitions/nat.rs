//! The steps of a NAT gateway's life that the host agent takes (VPC user guide, "NAT gateway states").

use super::release_interface;
use crate::{Millis, NatGateway, NatGatewayState, NetworkInterface};
use state_store::typed::{Scope, Tx};

fn change(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &str,
    from: NatGatewayState,
    step: impl FnOnce(&mut NatGateway),
) -> Option<NatGateway> {
    let mut gateway = (*tx.get::<NatGateway>(scope, id).filter(|g| g.state == from)?).clone();
    step(&mut gateway);
    tx.put(scope, gateway.clone());
    Some(gateway)
}

/// `pending` → `available`: the host translates.
pub fn mark_nat_available(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> Option<NatGateway> {
    change(tx, scope, id, NatGatewayState::Pending, |gateway| {
        gateway.state = NatGatewayState::Available;
        for address in &mut gateway.addresses {
            "succeeded".clone_into(&mut address.status);
        }
    })
}

/// `pending` → `failed`: the host could not make it. Its interface goes, its elastic addresses are free again.
pub fn mark_nat_failed(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &str,
    code: &str,
    why: &str,
    now: Millis,
) -> Option<NatGateway> {
    let failed = change(tx, scope, id, NatGatewayState::Pending, |gateway| {
        gateway.state = NatGatewayState::Failed;
        gateway.failure = Some((code.to_owned(), why.to_owned()));
        gateway.deleted = Some(now);
    })?;
    drop_interface(tx, scope, &failed);
    Some(failed)
}

/// `deleting` → `deleted`: the host has taken it away. Its interface goes, its elastic addresses are free again.
pub fn mark_nat_deleted(tx: &mut Tx<'_>, scope: &Scope, id: &str, now: Millis) -> Option<NatGateway> {
    let deleted = change(tx, scope, id, NatGatewayState::Deleting, |gateway| {
        gateway.state = NatGatewayState::Deleted;
        gateway.deleted = Some(now);
    })?;
    drop_interface(tx, scope, &deleted);
    Some(deleted)
}

fn drop_interface(tx: &mut Tx<'_>, scope: &Scope, gateway: &NatGateway) {
    if let Some(interface) = tx.get::<NetworkInterface>(scope, &gateway.network_interface_id) {
        release_interface(tx, scope, &interface);
    }
}
