//! Rows in memory, for ephemeral clouds: within a limit of bytes, beyond which the executions that were put in first go.

use super::{Change, Row, Rows, keys};
use crate::Unreadable;
use parking_lot::RwLock;
use std::collections::{BTreeMap, HashSet, VecDeque};

/// Nothing of it outlives the process.
pub(crate) struct MemoryRows {
    state: RwLock<State>,
    limit: usize,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    bytes: usize,
    /// Keys of executions in the order in which they came.
    oldest: VecDeque<Vec<u8>>,
    /// How many of these were removed since.
    stale: usize,
    /// Something was dropped; said once.
    dropped: bool,
}

/// What a row costs beside its bytes.
const OVERHEAD: usize = 64;
/// Keys of removed executions worth clearing away.
const STALE: usize = 1_000;

impl MemoryRows {
    /// No rows yet; about `limit` bytes at most, definitions not counted off.
    pub(crate) fn new(limit: usize) -> MemoryRows {
        MemoryRows { state: RwLock::default(), limit }
    }
}

impl State {
    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.bytes += key.len() + value.len() + OVERHEAD;
        if key.first() == Some(&keys::EXECUTION) && !self.rows.contains_key(&key) {
            self.oldest.push_back(key.clone());
        }
        let length = key.len();
        if let Some(before) = self.rows.insert(key, value) {
            self.bytes -= length + before.len() + OVERHEAD;
        }
    }

    fn remove(&mut self, key: &[u8]) {
        if let Some(value) = self.rows.remove(key) {
            self.bytes -= key.len() + value.len() + OVERHEAD;
            self.stale += usize::from(key.first() == Some(&keys::EXECUTION));
        }
    }

    /// Clears the order of keys that are gone, or that came once more, when they are many.
    fn tidy(&mut self) {
        if self.stale < STALE || self.stale < self.oldest.len() / 2 {
            return;
        }
        self.stale = 0;
        let mut seen = HashSet::new();
        let mut kept = VecDeque::new();
        for key in std::mem::take(&mut self.oldest).into_iter().rev() {
            if self.rows.contains_key(&key) && seen.insert(key.clone()) {
                kept.push_front(key);
            }
        }
        self.oldest = kept;
    }

    /// Drops an execution with everything about it.
    fn forget(&mut self, key: &[u8]) {
        let value = self.rows.get(key).cloned().unwrap_or_default();
        for key in super::sweep::rows_of(key, &value) {
            self.remove(&key);
        }
        let Some(arn) = key.get(1..).and_then(|arn| std::str::from_utf8(arn).ok()) else { return };
        for part in self.keys(&keys::parts(arn)) {
            self.remove(&part);
        }
        let runs = keys::map_runs(arn);
        for key in self.keys(&runs) {
            let run = key.get(runs.len()..).and_then(|run| std::str::from_utf8(run).ok());
            for row in run.into_iter().flat_map(|run| keys::of_map_run(arn, run)) {
                self.remove(&row);
            }
        }
    }

    /// All keys that begin so.
    fn keys(&self, prefix: &[u8]) -> Vec<Vec<u8>> {
        let behind = self.rows.range(prefix.to_vec()..).map(|(key, _)| key);
        behind.take_while(|key| key.starts_with(prefix)).cloned().collect()
    }
}

impl Rows for MemoryRows {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Unreadable> {
        Ok(self.state.read().rows.get(key).cloned())
    }

    fn write(&self, changes: Vec<Change>) -> Result<(), Unreadable> {
        let mut state = self.state.write();
        for (key, value) in changes {
            match value {
                Some(value) => state.put(key, value),
                None => state.remove(&key),
            }
        }
        state.tidy();
        while state.bytes > self.limit {
            let Some(oldest) = state.oldest.pop_front() else { break };
            state.forget(&oldest);
            if !std::mem::replace(&mut state.dropped, true) {
                tracing::warn!(
                    limit = self.limit,
                    "memory for closed executions is full; from now on the oldest go"
                );
            }
        }
        Ok(())
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Row>, Unreadable> {
        let state = self.state.read();
        let from = after.unwrap_or(prefix).to_vec();
        let rows =
            state.rows.range(from..).filter(|(key, _)| after.is_none_or(|after| key.as_slice() > after));
        let rows = rows.take_while(|(key, _)| key.starts_with(prefix)).take(limit);
        Ok(rows.map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}
