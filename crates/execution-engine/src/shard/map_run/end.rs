//! Children end, runs end.

use super::children::Stand;
use super::pump::{child_arn, child_name};
use super::{Key, Run};
use crate::archive::{Ended, Left};
use crate::engine::{hash, shard_of};
use crate::message::{ChildEnd, Message};
use crate::record;
use crate::shard::{Phase, Reply, Shard};
use crate::{MapRun, MapRunStatus};
use state_machine::history::Failure;
use state_machine::interpret::{MapRunAnswer, Ticket, Wake};
use state_machine::map_run::collected;
use std::sync::Arc;

/// Bytes of outputs held of a run without a writer, and kept for its redrive when it failed; beyond, all its items run again.
pub(super) const KEPT: usize = 64 << 20;

impl Shard {
    /// A child of one of this shard's runs ended. Told twice, it counts once.
    pub(in crate::shard) fn child_ended(&mut self, end: ChildEnd) {
        let key = (end.place.parent, Ticket(end.place.ticket));
        let Some(run) = self.runs.active.get_mut(&key) else { return };
        if !run.children.runs(end.place.index) {
            // Not come to yet after a restart, it will be asked for and tells its end again.
            run.open.remove(&end.place.index);
            return;
        }
        run.children.put(end.place.index, Stand::Ended(Ended::of(&end.outcome), end.terminal), end.times);
        let durable = self.slots.entry(run.place).is_some_and(|slot| slot.phase == Phase::Open);
        self.runs.ready.insert(key);
        if durable {
            self.put_child(end);
        }
    }

    fn put_child(&mut self, end: ChildEnd) {
        if self.stalled.is_none() {
            let mut bytes = Vec::new();
            record::put_child(&mut bytes, &end);
            self.writer.push(&bytes);
        }
        self.runs.unwritten.push(end);
    }

    /// The batch is durable. While the disk refuses nothing is in it, and Express children end all the same.
    pub(in crate::shard) fn runs_written(&mut self) {
        if self.stalled.is_none() {
            self.runs.unwritten.clear();
        }
    }

    /// Puts ends of children that could not be written into the batch once more, and ended runs into the archive.
    pub(in crate::shard) fn write_runs(&mut self) {
        if self.stalled.is_none() {
            for end in std::mem::take(&mut self.runs.unwritten) {
                self.put_child(end);
            }
        }
        for (run, left) in std::mem::take(&mut self.runs.unkept) {
            self.keep_run(run, left);
        }
    }

    /// All children did well enough.
    pub(super) fn finish_run(&mut self, (_, ticket): Key, run: Run) {
        let result = if run.request.writer.is_none() {
            Ok(Arc::from(collected(&run.program, run.request.state, run.children.outputs())))
        } else {
            self.around.outside.map_run_results(&run.request, &mut run.children.outputs())
        };
        let place = run.place;
        match result {
            Ok(output) => {
                self.close_run(run, MapRunStatus::Succeeded);
                self.wake(place, Wake::MapRun(ticket, MapRunAnswer::Succeeded(output)), Reply::None);
            }
            Err(failure) => {
                self.close_run(run, MapRunStatus::Failed);
                self.wake(place, Wake::MapRun(ticket, MapRunAnswer::Failed(failure)), Reply::None);
            }
        }
    }

    /// The run failed; children that run are stopped.
    pub(super) fn fail_run(&mut self, (_, ticket): Key, run: Run, failure: Failure) {
        let place = run.place;
        self.close_run(run, MapRunStatus::Failed);
        self.wake(place, Wake::MapRun(ticket, MapRunAnswer::Failed(failure)), Reply::None);
    }

    /// The end of a run, for the archive; what still runs is stopped and what waited is not begun.
    pub(in crate::shard) fn close_run(&mut self, mut run: Run, status: MapRunStatus) {
        let running = run.children.all_running();
        for child in running.iter().chain(&run.open) {
            let arn: Arc<str> = child_arn(&run.info.arn, &child_name(&run.info.arn, *child)).into();
            let shard = shard_of(hash(&arn), self.around.inboxes.len());
            self.around.inboxes[shard].force(Message::StopChild { arn });
        }
        for child in running {
            let times = (run.children.times(child).0, self.clock.last());
            run.children.put(child, Stand::Ended(Ended::Aborted, false), times);
        }
        run.children.close();
        if run.parent.express {
            return;
        }
        let told = MapRun { status, stopped: Some(self.clock.last()), ..run.told() };
        let left = match status {
            // For lists, without outputs.
            MapRunStatus::Succeeded if run.info.express => run.children.left(0),
            MapRunStatus::Succeeded => Vec::new(),
            _ => run.children.left(KEPT),
        };
        self.keep_run(told, left);
    }

    /// Puts an ended run into the archive; again with the next round where that fails.
    pub(super) fn keep_run(&mut self, run: MapRun, left: Vec<Left>) {
        if let Err(error) = self.around.archive.keep_map_run(&run, &left) {
            tracing::error!(%error, run = &*run.arn, "an ended Map Run cannot be archived yet");
            self.runs.unkept.push((run, left));
        }
    }
}
