//! A committed change on its way to the data plane.

use parking_lot::Mutex;
use state_store::typed::{Scope, Undo};
use std::sync::Arc;

/// What a handler holds of its transaction until the data plane follows. Cheap to clone; all clones are one change.
#[derive(Clone, Debug)]
pub struct Change {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    undo: Undo,
    /// VPCs the data plane was asked to enforce it in.
    met: Mutex<Vec<(Scope, String)>>,
}

impl Change {
    pub(crate) fn new(undo: Undo) -> Change {
        Change { shared: Arc::new(Shared { undo, met: Mutex::new(Vec::new()) }) }
    }

    /// The store's revision of the change.
    pub fn revision(&self) -> u64 {
        self.shared.undo.revision()
    }

    /// Takes it back.
    pub fn undo(&self) -> &Undo {
        &self.shared.undo
    }

    /// Notes that the data plane of a VPC is asked to follow.
    pub fn meets(&self, scope: &Scope, vpc_id: &str) {
        self.shared.met.lock().push((scope.clone(), vpc_id.to_owned()));
    }

    /// The VPCs whose data plane has been asked to follow.
    pub fn met(&self) -> Vec<(Scope, String)> {
        self.shared.met.lock().clone()
    }
}

/// A transaction that was committed.
#[derive(Clone, Debug)]
pub struct Done<T> {
    /// What its closure returned.
    pub value: T,
    /// Its revision, with what it takes to go back.
    pub revision: Change,
}
