//! Interfaces whose link somebody took away, on their way to be plugged again.

use parking_lot::Mutex;
use state_store::typed::Scope;
use std::collections::HashMap;
use tokio::sync::Notify;

/// What the network thread misses and the controller of machines brings back; at most every interface of this host.
#[derive(Default)]
pub(crate) struct Lost {
    interfaces: Mutex<HashMap<String, Scope>>,
    told: Notify,
}

impl Lost {
    /// Tells that an interface of a machine has no link.
    pub(super) fn tell(&self, scope: &Scope, interface: &str) {
        self.interfaces.lock().insert(interface.to_owned(), scope.clone());
        self.told.notify_one();
    }

    /// Waits until there is one, and takes all.
    pub(crate) async fn next(&self) -> HashMap<String, Scope> {
        loop {
            let lost = std::mem::take(&mut *self.interfaces.lock());
            if !lost.is_empty() {
                return lost;
            }
            self.told.notified().await;
        }
    }
}
