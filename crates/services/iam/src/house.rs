//! Housekeeping: writes down when keys were last used, and clears away sessions that ended long ago.

use crate::keys::{Keys, Use, keys_scope};
use records::Millis;
use records::iam::{AccessKey, Role, Session};
use state_store::typed::{Scope, Tx};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often last uses are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// A use this soon after the one on record is not worth a write (AWS's own figures lag by minutes).
const FINE: Millis = 60 * 1000;
/// An ended session is remembered this long, so that its caller hears that it expired rather than that it is unknown.
const MEMORY: Millis = 3600 * 1000;
/// Records changed by one transaction.
const BATCH: usize = 100;
/// Sessions are cleared at every this many looks.
const SWEEP: u32 = 30;

/// Runs until told to stop, then writes down the last uses once more.
pub async fn keep_house(keys: Arc<Keys>, mut stop: watch::Receiver<bool>) {
    let mut looks: u32 = 0;
    loop {
        let stopped = tokio::time::timeout(LOOK, stop.wait_for(|stop| *stop)).await.is_ok();
        keys.flush_uses().await;
        if stopped {
            return;
        }
        looks = looks.wrapping_add(1);
        if looks.is_multiple_of(SWEEP) {
            keys.sweep_sessions().await;
        }
    }
}

impl Keys {
    /// Writes the uses noted since the last time to the records. They may be lost: they are worth no retry.
    pub(crate) async fn flush_uses(&self) {
        let uses: Vec<(String, Use)> = self.take_uses().into_iter().collect();
        for batch in uses.chunks(BATCH) {
            let written = self.platform().transact(|tx| {
                for (id, usage) in batch {
                    note(tx, id, usage);
                }
                Ok(())
            });
            if let Err(fault) = written.await {
                tracing::warn!(%fault, "the last uses of some keys were not written down");
            }
        }
    }

    /// Deletes sessions that ended long ago; tells how many.
    pub(crate) async fn sweep_sessions(&self) -> usize {
        let before = self.platform().clock.now() - MEMORY;
        let sessions = self.platform().store.list::<Session>(&keys_scope());
        let ended: Vec<&Arc<Session>> = sessions.iter().filter(|s| s.expires <= before).collect();
        let mut swept = 0;
        for batch in ended.chunks(BATCH) {
            let done = self.platform().transact(|tx| {
                Ok(batch.iter().filter(|session| tx.delete::<Session>(&keys_scope(), &session.id)).count())
            });
            match done.await {
                Ok(done) => swept += done.value,
                Err(fault) => tracing::warn!(%fault, "ended sessions were not cleared away"),
            }
        }
        swept
    }
}

/// Writes one use to the key's record, or to the role of a role's session.
fn note(tx: &mut Tx<'_>, id: &str, usage: &Use) {
    let fresh = |at: Millis| (0..FINE).contains(&(usage.at - at));
    if let Some(key) = tx.get::<AccessKey>(&keys_scope(), id) {
        let known = key.last_used.as_ref().is_some_and(|(at, service, region)| {
            fresh(*at) && *service == usage.service && *region == usage.region
        });
        if !known {
            let last_used = Some((usage.at, usage.service.clone(), usage.region.clone()));
            tx.put(&keys_scope(), AccessKey { last_used, ..AccessKey::clone(&key) });
        }
        return;
    }
    let Some(session) = tx.get::<Session>(&keys_scope(), id).filter(|s| s.kind == "role") else { return };
    let scope = Scope::global(session.account.as_str());
    let Some(role) = tx.get::<Role>(&scope, &session.name.to_lowercase()) else { return };
    let known = role.last_used.as_ref().is_some_and(|(at, region)| fresh(*at) && *region == usage.region);
    if !known && session.bound_to.as_ref().is_none_or(|bound| *bound == role.role_id) {
        let last_used = Some((usage.at, usage.region.clone()));
        tx.put(&scope, Role { last_used, ..Role::clone(&role) });
    }
}
