//! Closed executions, definitions and Map Runs: what is looked up by name and not in the log any more.
//!
//! Rows (keys; ARNs hold no zero byte):
//! - `e` ARN → [`Closed`], with the history in it when it is short
//! - `h` ARN, 0, number of the part → a part of a long history
//! - `s` ARN → snapshot of an execution that can be redriven
//! - `m` machine, 0, newest first, ARN → nothing: the list of a machine's executions
//! - `c` Map Run, 0, newest first, ARN → nothing: the list of its children
//! - `d` revision → [`Definition`]
//! - `r` Map Run → [`MapRun`]; `x` execution, 0, Map Run → nothing; `o` Map Run → its children, for its redrive
//!
//! A history is kept as the records of the log that hold it, one behind the other: nothing is coded anew.

mod closed;
mod forget;
mod keys;
mod map_runs;
mod memory;
mod on_disk;
mod parts;
mod sweep;

pub(crate) use closed::{Closed, Definition};
pub(crate) use map_runs::{Ended, Left};
pub(crate) use parts::{Parts, records};
pub(crate) use sweep::Sweep;

pub(crate) use memory::MemoryRows;
pub(crate) use on_disk::FjallRows;

use crate::codec::{Field, Reader, Writer};
use crate::engine::hash;
use crate::listing::{Listed, SCANNED};
use crate::{ListCursor, ListFilter, ListOf, Status, Unreadable};
use parking_lot::RwLock;
use std::collections::HashSet;
use std::sync::Arc;

/// A change of one row: key, and value or removal.
pub(crate) type Change = (Vec<u8>, Option<Vec<u8>>);
/// A row: key and value.
pub(crate) type Row = (Vec<u8>, Vec<u8>);

/// Sorted rows. Behind a trait, so that the simulator can crash them.
pub(crate) trait Rows: Send + Sync {
    /// One row.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Unreadable>;
    /// All changes or none; durable when it returns.
    fn write(&self, changes: Vec<Change>) -> Result<(), Unreadable>;
    /// Up to `limit` rows that begin with `prefix` and come behind the key `after`, in order.
    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Row>, Unreadable>;
}

/// The archive.
pub(crate) struct Archive {
    rows: Arc<dyn Rows>,
    /// Hashes of executions that are here and, redriven, open again: their histories still begin here.
    reopened: RwLock<HashSet<u64>>,
}

/// Rows looked through for one step of a filtered list.
const STEP: usize = 1_000;

impl Archive {
    pub(crate) fn new(rows: Arc<dyn Rows>) -> Archive {
        Archive { rows, reopened: RwLock::default() }
    }

    /// An execution that ended goes on. What is here of it stays until it ends again.
    pub(crate) fn reopen(&self, hash: u64) {
        self.reopened.write().insert(hash);
    }

    /// A closed execution.
    pub(crate) fn execution(&self, arn: &str) -> Result<Option<Closed>, Unreadable> {
        self.row(&keys::execution(arn))
    }

    /// Whether an execution with this ARN ended.
    pub(crate) fn knows(&self, arn: &str) -> Result<bool, Unreadable> {
        Ok(self.rows.get(&keys::execution(arn))?.is_some())
    }

    /// Puts the whole histories of closed executions into parts, since they go on; tells the first events of each.
    pub(crate) fn settle(&self, closed: &[&Closed]) -> Result<Vec<Vec<u64>>, Unreadable> {
        let (mut changes, mut all) = (Vec::new(), Vec::with_capacity(closed.len()));
        for closed in closed {
            let start = &closed.execution.start;
            let mut parts = Parts::after(closed.parts.clone());
            let seeds = crate::record::seeds(start);
            for record in parts::records(&closed.rest) {
                let record = record?;
                parts.push(crate::history::span(record, &seeds)?.0, record);
            }
            all.push(parts.finish(false).0);
            parts.long(&start.arn, &mut changes);
        }
        if !changes.is_empty() {
            self.rows.write(changes)?;
        }
        Ok(all)
    }

    /// Keeps closed executions, all or none, durably.
    pub(crate) fn keep(&self, closed: &[(Arc<Closed>, Parts)]) -> Result<(), Unreadable> {
        let mut changes = Vec::with_capacity(closed.len() * 2);
        for (closed, parts) in closed {
            let start = &closed.execution.start;
            parts.long(&start.arn, &mut changes);
            changes.push((keys::execution(&start.arn), Some(encode(&**closed))));
            if closed.snapshot.is_empty() {
                if closed.execution.redrives.0 > 0 {
                    changes.push((keys::snapshot(&start.arn), None));
                }
            } else {
                changes.push((keys::snapshot(&start.arn), Some(closed.snapshot.to_vec())));
            }
            let list = match &start.map_run {
                Some(run) => keys::listed(keys::CHILD, run, start.at, &start.arn),
                None => keys::listed(keys::MACHINE, &start.machine_arn, start.at, &start.arn),
            };
            changes.push((list, Some(Vec::new())));
        }
        self.rows.write(changes)?;
        let again = closed.iter().filter(|(closed, _)| closed.execution.redrives.0 > 0);
        let again: Vec<u64> = again.map(|(closed, _)| hash(&closed.execution.start.arn)).collect();
        if !again.is_empty() {
            let mut reopened = self.reopened.write();
            for hash in again {
                reopened.remove(&hash);
            }
        }
        Ok(())
    }

    /// Keeps the older part of the history of an execution that goes on.
    pub(crate) fn keep_parts(&self, arn: &str, parts: &Parts) -> Result<(), Unreadable> {
        let mut changes = Vec::new();
        parts.long(arn, &mut changes);
        self.rows.write(changes)
    }

    /// A part of a long history: records with their lengths.
    pub(crate) fn part(&self, arn: &str, number: usize) -> Result<Vec<u8>, Unreadable> {
        let part = self.rows.get(&keys::part(arn, number))?;
        let part = part.ok_or_else(|| Unreadable(format!("a part of the history of {arn} is missing")))?;
        parts::unpack(&part)
    }

    /// Snapshot of an execution that can be redriven.
    pub(crate) fn snapshot(&self, arn: &str) -> Result<Option<Vec<u8>>, Unreadable> {
        self.rows.get(&keys::snapshot(arn))
    }

    /// Closed executions of a list, newest first, behind the place `after`: up to `limit`. `reach`: how far the redrive of
    /// their Map Run has come.
    pub(crate) fn list(
        &self,
        filter: &ListFilter,
        reach: Option<u64>,
        after: Option<&ListCursor>,
        limit: usize,
    ) -> Result<Listed, Unreadable> {
        let mut list = Listed::default();
        if filter.status == Some(Status::Running) {
            return Ok(list);
        }
        let (kind, owner) = match &filter.of {
            ListOf::Machine(arn) => (keys::MACHINE, arn),
            ListOf::MapRun(arn) => (keys::CHILD, arn),
        };
        let prefix = keys::list(kind, owner);
        let mut last = after.map(|after| keys::listed(kind, owner, after.started, &after.arn));
        let mut scanned = 0;
        loop {
            let rows = self.rows.scan(&prefix, last.as_deref(), STEP.min(limit.max(1)))?;
            let Some((key, _)) = rows.last() else { return Ok(list) };
            last = Some(key.clone());
            for (key, _) in &rows {
                let Some((started, arn)) = keys::place(&prefix, key) else { continue };
                scanned += 1;
                if let Some(mut closed) = self.execution(arn)? {
                    closed.execution.pend(reach);
                    if filter.admits(&closed.execution) {
                        list.executions.push(closed.execution.without_data());
                    }
                }
                if list.executions.len() == limit || scanned == SCANNED {
                    list.upto = Some(ListCursor { started, arn: arn.into() });
                    return Ok(list);
                }
            }
        }
    }

    /// The definition of a revision.
    pub(crate) fn definition(&self, revision: &str) -> Result<Option<Definition>, Unreadable> {
        self.row(&keys::definition(revision))
    }

    /// Keeps the definition of a revision; asked for before the first execution of it.
    pub(crate) fn define(&self, revision: &str, definition: &Definition) -> Result<(), Unreadable> {
        self.rows.write(vec![(keys::definition(revision), Some(encode(definition)))])
    }

    fn row<T: Field>(&self, key: &[u8]) -> Result<Option<T>, Unreadable> {
        let Some(bytes) = self.rows.get(key)? else { return Ok(None) };
        let mut reader = Reader::new(&bytes, &[]);
        match reader.take() {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(Unreadable(error.to_string())),
        }
    }
}

fn encode<T: Field>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes, &[]).put(value);
    bytes
}
