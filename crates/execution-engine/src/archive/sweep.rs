//! Removes what was closed too long ago.

use super::{Archive, Change, Closed, keys};
use crate::Unreadable;
use crate::codec::Reader;
use crate::engine::hash;
use state_machine::Millis;
use std::collections::HashSet;

/// Executions looked at in one step.
const STEP: usize = 500;

/// The rows of an execution that can be told from its own one; those of its Map Runs are not among them.
pub(super) fn rows_of(key: &[u8], value: &[u8]) -> Vec<Vec<u8>> {
    let mut rows = vec![key.to_vec()];
    if let Ok(closed) = Reader::new(value, &[]).take::<Closed>() {
        let start = &closed.execution.start;
        rows.push(keys::snapshot(&start.arn));
        rows.push(match &start.map_run {
            Some(run) => keys::listed(keys::CHILD, run, start.at, &start.arn),
            None => keys::listed(keys::MACHINE, &start.machine_arn, start.at, &start.arn),
        });
        rows.extend((0..closed.parts.len()).map(|number| keys::part(&start.arn, number)));
    }
    rows
}

/// One walk over all closed executions, in steps.
#[derive(Default)]
pub(crate) struct Sweep {
    last: Option<Vec<u8>>,
    /// Revisions of executions that stay.
    needed: HashSet<Box<str>>,
}

impl Sweep {
    /// Looks at some executions and removes those that ended before `before`. Returns true at the end of the walk; then
    /// definitions that neither a remaining execution nor `open` needs are gone, too.
    pub(crate) fn step(
        &mut self,
        archive: &Archive,
        before: Millis,
        open: &dyn Fn(&str) -> bool,
    ) -> Result<bool, Unreadable> {
        let rows = archive.rows.scan(&[keys::EXECUTION], self.last.as_deref(), STEP)?;
        let mut changes: Vec<Change> = Vec::new();
        let reopened = archive.reopened.read().clone();
        for (key, value) in &rows {
            let Ok(closed) = Reader::new(value, &[]).take::<Closed>() else { continue };
            let arn = &closed.execution.start.arn;
            let old = closed.execution.stopped.is_some_and(|stopped| stopped < before);
            if old && !reopened.contains(&hash(arn)) {
                for run in archive.map_runs(arn)? {
                    changes.extend(keys::of_map_run(arn, &run.arn).map(|key| (key, None)));
                }
                changes.extend(rows_of(key, value).into_iter().map(|key| (key, None)));
            } else {
                self.needed.insert((*closed.execution.revision).into());
            }
        }
        let end = rows.len() < STEP;
        if let Some((key, _)) = rows.last() {
            self.last = Some(key.clone());
        }
        if end {
            for (key, _) in archive.rows.scan(&[keys::DEFINITION], None, usize::MAX)? {
                let name = key.get(1..).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
                if !self.needed.contains(name) && !open(name) {
                    changes.push((key, None));
                }
            }
        }
        if !changes.is_empty() {
            archive.rows.write(changes)?;
        }
        Ok(end)
    }
}
