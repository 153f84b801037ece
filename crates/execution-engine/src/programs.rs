//! Compiled definitions, shared by all shards.

use crate::{Revision, StartRefusal};
use parking_lot::{RwLock, RwLockReadGuard};
use state_machine::program::Program;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Most programs kept for executions to come; those of open ones are kept by them.
const KEPT: usize = 1_000;

/// Programs by revision.
#[derive(Default)]
pub(crate) struct Programs {
    known: RwLock<HashMap<Arc<str>, Arc<Program>>>,
    /// Revisions that executions of any shard ran since the engine was opened, those that wait in the log included:
    /// their definitions must stay.
    pinned: RwLock<HashSet<Arc<str>>>,
}

impl Programs {
    /// The program of a revision.
    pub(crate) fn get(&self, revision: &Revision) -> Result<Arc<Program>, StartRefusal> {
        self.compiled(&revision.id, &revision.definition).map_err(StartRefusal::Definition)
    }

    /// The program of a revision whose text is at hand.
    pub(crate) fn compiled(&self, id: &Arc<str>, definition: &str) -> Result<Arc<Program>, String> {
        if let Some(program) = self.known(id) {
            return Ok(program);
        }
        let program = Arc::new(Program::compile(definition).map_err(|error| error.to_string())?);
        let mut known = self.known.write();
        if known.len() >= KEPT {
            known.retain(|_, program| Arc::strong_count(program) > 1);
        }
        if known.len() >= KEPT {
            known.clear();
        }
        Ok(known.entry(id.clone()).or_insert(program).clone())
    }

    /// From now on the definition of this revision stays.
    pub(crate) fn pin(&self, id: &Arc<str>) {
        if !self.pinned.read().contains(id) {
            self.pinned.write().insert(id.clone());
        }
    }

    /// Revisions whose definitions stay; none is added while the answer is held.
    pub(crate) fn pinned(&self) -> RwLockReadGuard<'_, HashSet<Arc<str>>> {
        self.pinned.read()
    }

    /// A program that was compiled before.
    pub(crate) fn known(&self, id: &str) -> Option<Arc<Program>> {
        self.known.read().get(id).cloned()
    }
}
