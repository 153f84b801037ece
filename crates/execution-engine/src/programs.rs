//! Compiled definitions, shared by all shards.

use crate::{Revision, StartRefusal};
use parking_lot::RwLock;
use state_machine::program::Program;
use std::collections::HashMap;
use std::sync::Arc;

/// Most programs kept for executions to come; those of open ones are kept by them.
const KEPT: usize = 1_000;

/// Programs by revision.
#[derive(Default)]
pub(crate) struct Programs {
    known: RwLock<HashMap<Arc<str>, Arc<Program>>>,
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

    /// A program that was compiled before.
    pub(crate) fn known(&self, id: &str) -> Option<Arc<Program>> {
        self.known.read().get(id).cloned()
    }
}
