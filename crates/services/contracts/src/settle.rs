//! Answers wait until the kernel enforces what the records say; what it refuses does not stay recorded.

use crate::{Change, Platform};
use state_store::typed::Scope;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Attempts to take a change back on which another stands that may be about to be taken back as well.
const ATTEMPTS: u32 = 10;
/// Between them.
const PAUSE: Duration = Duration::from_millis(20);
/// Most keys remembered as put back.
const MOST_KEYS: usize = 4096;

/// By key: the revision at which it stands now, and the one whose value it has again.
type PutBack = HashMap<Arc<str>, (u64, u64)>;

/// Changes that were taken back, one at a time. Clones are the same.
#[derive(Clone, Default)]
pub struct Refusals(Arc<Mutex<PutBack>>);

impl Platform {
    /// Waits until the data plane enforces the records of a VPC as of `change`. What it refuses is put back, and the data
    /// plane follows that; only if somebody changed one of the records meanwhile they stay.
    ///
    /// # Errors
    /// A sentence for the caller: what became of the change, and the kernel's words.
    pub async fn settle(&self, scope: &Scope, vpc_id: &str, change: Change) -> Result<(), String> {
        change.meets(scope, vpc_id);
        let Err(reason) = self.follow(scope, vpc_id, change.revision()).await else { return Ok(()) };
        tracing::error!(vpc_id, reason, "the data plane refused a network");
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let mut back = self.refusals.0.lock().await;
            // Another call's change may have been the one refused, and be gone by now.
            if self.follow(scope, vpc_id, change.revision()).await.is_ok() {
                return Ok(());
            }
            match self.take_back(&change, &mut back).await {
                Some(revision) => {
                    self.follow_again(&change, revision).await;
                    return Err(format!(
                        "The change to {vpc_id} was not made, because the host's network refused to enforce it: {reason}"
                    ));
                }
                None if change.undo().is_empty() => break,
                None => {}
            }
        }
        Err(format!(
            "The change to {vpc_id} is recorded, but the host's network refuses to enforce it: {reason}"
        ))
    }

    async fn follow(&self, scope: &Scope, vpc_id: &str, revision: u64) -> Result<(), String> {
        self.network.settled(scope.clone(), vpc_id.to_owned(), revision).await
    }

    /// Puts the records back; the store's revision after that, or nothing if they had to stay.
    async fn take_back(&self, change: &Change, back: &mut PutBack) -> Option<u64> {
        if change.undo().is_empty() {
            return None;
        }
        let stands_at = |key: &str, revision: u64| {
            back.get(key).filter(|(_, same_as)| *same_as == revision).map(|(now, _)| *now)
        };
        match change.undo().take_back(&self.store, stands_at).await {
            Ok(put_back) => {
                let put_back = put_back?;
                if back.len() + put_back.len() > MOST_KEYS {
                    back.clear();
                }
                back.extend(put_back.into_iter().map(|one| (one.key, (one.now, one.same_as))));
                Some(self.store.revision())
            }
            Err(error) => {
                tracing::error!(%error, "a refused change could not be taken back");
                None
            }
        }
    }

    /// The kernel follows the records that were put back, in every VPC that was asked to follow the change.
    async fn follow_again(&self, change: &Change, revision: u64) {
        for (scope, vpc_id) in change.met() {
            if let Err(reason) = self.follow(&scope, &vpc_id, revision).await {
                tracing::error!(vpc_id, reason, "the data plane refuses also what was enforced before");
            }
        }
    }
}
