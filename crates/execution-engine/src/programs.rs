//! Compiled definitions, shared by all shards.

use crate::{Revision, StartRefusal};
use parking_lot::{RwLock, RwLockReadGuard};
use state_machine::program::Program;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Most programs kept for executions to come, and the bytes of their definitions; those that executions in memory run are
/// kept by these.
const KEPT: usize = 1_000;
const KEPT_BYTES: usize = 32 << 20;

/// A program with the length of its definition.
type Measured = (Arc<Program>, usize);

/// Programs by revision.
#[derive(Default)]
pub(crate) struct Programs {
    known: RwLock<HashMap<Arc<str>, Measured>>,
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
        let is_full = |known: &HashMap<_, Measured>| {
            let bytes: usize = known.values().map(|(_, bytes)| bytes).sum();
            known.len() >= KEPT || bytes.saturating_add(definition.len()) > KEPT_BYTES
        };
        if is_full(&known) {
            known.retain(|_, (program, _)| Arc::strong_count(program) > 1);
        }
        if is_full(&known) {
            known.clear();
        }
        Ok(known.entry(id.clone()).or_insert((program, definition.len())).0.clone())
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
        self.known.read().get(id).map(|(program, _)| program.clone())
    }
}
