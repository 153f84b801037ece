//! Leases: keys that vanish when nobody renews them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::StateStore;

/// Names a lease within its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeaseId(pub u64);

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Ends leases whose time is over, every `period`, until the future is dropped. Needs a tokio runtime.
pub async fn expire_leases_forever(store: Arc<dyn StateStore>, period: Duration) {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = store.expire_leases().await {
            tracing::warn!(%error, "leases whose time is over could not be ended; trying again");
        }
    }
}
