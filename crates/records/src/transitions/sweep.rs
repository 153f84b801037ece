//! Dropping instances that have been terminated long enough.

use crate::{Instance, InstanceState, LaunchToken, Millis, Tags};
use state_store::StoreError;
use state_store::typed::{Scope, Store, Tx};

/// How long a terminated instance stays visible: one hour, in milliseconds.
pub const KEEP_TERMINATED: Millis = 3_600_000;

/// Instances dropped in one transaction: three writes each stay below the store's limit of 128.
const CHUNK: usize = 40;

fn is_due(instance: &Instance, now: Millis) -> bool {
    instance.state == InstanceState::Terminated
        && instance.terminated_at.is_some_and(|at| now - at >= KEEP_TERMINATED)
}

/// Drops one terminated instance with its tags when its hour is over; tells whether it did.
pub fn forget(tx: &mut Tx<'_>, scope: &Scope, id: &str, now: Millis) -> bool {
    let due = tx.get::<Instance>(scope, id).is_some_and(|instance| is_due(&instance, now));
    if due {
        forget_token(tx, scope, id);
        tx.delete::<Tags>(scope, id);
        tx.delete::<Instance>(scope, id);
    }
    due
}

/// The last instance of a launch takes the client token with it, so that tokens do not pile up.
fn forget_token(tx: &mut Tx<'_>, scope: &Scope, id: &str) {
    let Some(instance) = tx.get::<Instance>(scope, id) else { return };
    let Some(token) = &instance.client_token else { return };
    let left = tx.by_index::<Instance>(scope, "reservation", &instance.reservation_id);
    if left.iter().all(|other| other.id == id) {
        tx.delete::<LaunchToken>(scope, token);
    }
}

/// Drops all terminated instances whose hour is over; call it every minute or so. Answers how many there were.
///
/// # Errors
/// What the store refuses with; instances dropped before that stay dropped.
pub async fn sweep_terminated(store: &Store, now: Millis) -> Result<usize, StoreError> {
    let due: Vec<(Scope, String)> = store
        .list_all::<Instance>()
        .into_iter()
        .filter(|(_, instance)| is_due(instance, now))
        .map(|(scope, instance)| (scope, instance.id.clone()))
        .collect();
    let mut dropped = 0;
    for chunk in due.chunks(CHUNK) {
        let done = store
            .transact(|tx| {
                Ok::<_, StoreError>(chunk.iter().filter(|(scope, id)| forget(tx, scope, id, now)).count())
            })
            .await?;
        dropped += done.value;
    }
    Ok(dropped)
}
