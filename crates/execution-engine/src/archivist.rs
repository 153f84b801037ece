//! The thread that puts ended executions into the archive, and removes them when their time is over.

use crate::archive::{Archive, Closed, Parts, Sweep};
use crate::backlog::Backlog;
use crate::clock::{Clock, Patience};
use crate::inbox::Inbox;
use crate::log::Log;
use crate::message::{Message, Trail};
use crate::shard::{Keep, Surroundings};
use crate::{Unreadable, history};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Executions of one write, and their bytes with those of their histories.
const BATCH: usize = 2_000;
const BATCH_BYTES: usize = 16 << 20;
/// Time between two attempts while the archive takes nothing.
const AGAIN: Duration = Duration::from_millis(200);
/// Time between two steps of the sweep, and between two sweeps.
const STEP: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_secs(3_600);

/// See the module.
pub(crate) struct Archivist {
    archive: Arc<Archive>,
    logs: Vec<Arc<Log>>,
    inbox: Arc<Inbox<Keep>>,
    shards: Vec<Arc<Inbox<Message>>>,
    backlog: Arc<Backlog>,
    clock: Arc<dyn Clock>,
    programs: Arc<crate::programs::Programs>,
    retention: Duration,
}

impl Archivist {
    pub(crate) fn new(around: &Surroundings, logs: Vec<Arc<Log>>, retention: Duration) -> Archivist {
        Archivist {
            archive: around.archive.clone(),
            logs,
            inbox: around.archivist.clone(),
            shards: around.inboxes.clone(),
            backlog: around.backlog.clone(),
            clock: around.clock.clone(),
            programs: around.programs.clone(),
            retention,
        }
    }

    pub(crate) fn run(self) {
        let mut failing = false;
        // Shards come first: what waits here is in the log. Where that is not allowed it goes on as it is.
        let _ = rustix::process::setpriority_process(None, 5);
        let mut waiting = VecDeque::new();
        let mut sweep = Sweep::default();
        let mut next_sweep = self.clock.steady() + STEP;
        loop {
            let patience = if waiting.is_empty() { Patience::Until(STEP) } else { Patience::None };
            if !self.inbox.drain(&mut waiting, patience) {
                return;
            }
            if !waiting.is_empty() {
                match self.keep_some(&mut waiting) {
                    Ok(()) => failing = false,
                    Err(error) => {
                        // What is in the log is not lost; it waits until the archive takes it.
                        if !std::mem::replace(&mut failing, true) {
                            tracing::error!(error = error.0, "ended executions stay in the log");
                        }
                        std::thread::sleep(AGAIN);
                        if self.inbox.is_closed() {
                            return;
                        }
                    }
                }
            }
            if waiting.is_empty() && self.clock.steady() >= next_sweep {
                next_sweep = self.clock.steady() + if self.sweep(&mut sweep) { PAUSE } else { STEP };
            }
        }
    }

    /// One step of the sweep; true when it is over, or does not succeed.
    pub(crate) fn sweep(&self, sweep: &mut Sweep) -> bool {
        let kept = i64::try_from(self.retention.as_millis()).unwrap_or(i64::MAX);
        let before = self.clock.wall().saturating_sub(kept);
        // Held until the definitions are gone: whoever pins one meanwhile finds that it is not there.
        let pinned = self.programs.pinned();
        let known = |revision: &str| pinned.contains(revision);
        match sweep.step(&self.archive, before, &known) {
            Ok(false) => false,
            Ok(true) => {
                *sweep = Sweep::default();
                true
            }
            Err(error) => {
                tracing::warn!(%error, "old executions cannot be removed");
                true
            }
        }
    }

    /// Keeps the oldest ones that wait.
    ///
    /// # Errors
    /// The archive does not take them, or a history cannot be read; all of them wait on.
    pub(crate) fn keep_some(&self, waiting: &mut VecDeque<Keep>) -> Result<(), Unreadable> {
        let mut rows = Vec::new();
        let mut size = 0;
        let mut trouble = None;
        for keep in waiting.iter_mut().take(BATCH) {
            match self.complete(keep) {
                Ok(row) => {
                    size += keep.weight.max(row.1.size());
                    rows.push(row);
                }
                Err(error) => trouble = Some(error),
            }
            if size >= BATCH_BYTES || trouble.is_some() {
                break;
            }
        }
        let count = rows.len();
        if let Some(error) = trouble.filter(|_| count == 0) {
            // One that cannot be read does not stand in the way of the others.
            waiting.rotate_left(1);
            return Err(error);
        }
        self.archive.keep(&rows)?;
        let mut slots: Vec<Vec<(u32, u64)>> = self.shards.iter().map(|_| Vec::new()).collect();
        let mut bytes = 0;
        for (keep, (_, parts)) in waiting.drain(..count).zip(rows) {
            drop(parts);
            bytes += keep.weight;
            if let Some(slots) = slots.get_mut(usize::from(keep.shard)) {
                slots.push((keep.slot, keep.number));
            }
        }
        self.backlog.subtract(count, bytes);
        for (inbox, slots) in self.shards.iter().zip(slots) {
            if !slots.is_empty() {
                inbox.force(Message::Archived { slots });
            }
        }
        Ok(())
    }

    /// An ended execution with its history.
    fn complete(&self, keep: &mut Keep) -> Result<(Arc<Closed>, Parts), Unreadable> {
        let mut parts = if let Some(parts) = keep.parts.take() {
            parts
        } else {
            let log = self.logs.get(usize::from(keep.shard));
            let log = log.ok_or_else(|| Unreadable("no such shard".to_owned()))?;
            let start = Arc::new(keep.closed.execution.start.clone());
            history::collect(log, &self.archive, &Trail { start, last: keep.last })?
        };
        let (firsts, rest) = parts.finish(true);
        let mut closed = (*keep.closed).clone();
        closed.parts = firsts;
        closed.rest = rest;
        Ok((Arc::new(closed), parts))
    }
}
