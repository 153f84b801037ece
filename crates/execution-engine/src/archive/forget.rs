//! Removes what belongs to a machine that is deleted.

use super::{Archive, Change, keys, sweep};
use crate::Unreadable;

/// Executions removed in one step.
const STEP: usize = 500;

impl Archive {
    /// Removes some closed executions of a machine, with their Map Runs and the children of those; true when none is
    /// left. Whoever is interrupted begins again: an execution goes after what belongs to it.
    pub(crate) fn forget_some(&self, machine: &str) -> Result<bool, Unreadable> {
        self.forget_listed(&keys::list(keys::MACHINE, machine))
    }

    fn forget_listed(&self, prefix: &[u8]) -> Result<bool, Unreadable> {
        let rows = self.rows.scan(prefix, None, STEP)?;
        let mut changes: Vec<Change> = Vec::new();
        for (key, _) in &rows {
            changes.push((key.clone(), None));
            let Some(arn) = keys::listed_arn(prefix, key) else { continue };
            for run in self.map_runs(arn)? {
                while !self.forget_listed(&keys::list(keys::CHILD, &run.arn))? {}
                changes.extend(keys::of_map_run(arn, &run.arn).map(|key| (key, None)));
            }
            let key = keys::execution(arn);
            if let Some(value) = self.rows.get(&key)? {
                changes.extend(sweep::rows_of(&key, &value).into_iter().map(|key| (key, None)));
            }
        }
        if !changes.is_empty() {
            self.rows.write(changes)?;
        }
        Ok(rows.len() < STEP)
    }
}
