//! Dropping NAT gateways that have been gone long enough.

use super::KEEP_TERMINATED;
use crate::{Millis, NatGateway, NatGatewayState, Tags};
use state_store::StoreError;
use state_store::typed::{Scope, Store};

/// Gateways dropped in one transaction: two writes each stay below the store's limit of 128.
const CHUNK: usize = 60;

fn is_due(gateway: &NatGateway, now: Millis) -> bool {
    matches!(gateway.state, NatGatewayState::Deleted | NatGatewayState::Failed)
        && gateway.deleted.is_some_and(|at| now - at >= KEEP_TERMINATED)
}

/// Drops, with their tags, all deleted and failed NAT gateways whose hour is over (VPC user guide: both stay visible for
/// about an hour); call it every minute or so. Answers how many there were.
///
/// # Errors
/// What the store refuses with; gateways dropped before that stay dropped.
pub async fn sweep_nat_gateways(store: &Store, now: Millis) -> Result<usize, StoreError> {
    let due: Vec<(Scope, String)> = store
        .list_all::<NatGateway>()
        .into_iter()
        .filter(|(_, gateway)| is_due(gateway, now))
        .map(|(scope, gateway)| (scope, gateway.id.clone()))
        .collect();
    let mut dropped = 0;
    for chunk in due.chunks(CHUNK) {
        let done = store
            .transact(|tx| {
                let mut count = 0;
                for (scope, id) in chunk {
                    // Looked at again: a transaction may run several times.
                    if tx.get::<NatGateway>(scope, id).is_some_and(|gateway| is_due(&gateway, now)) {
                        tx.delete::<Tags>(scope, id);
                        tx.delete::<NatGateway>(scope, id);
                        count += 1;
                    }
                }
                Ok::<usize, StoreError>(count)
            })
            .await?;
        dropped += done.value;
    }
    Ok(dropped)
}
