//! Children end, runs end.

use super::pump::{child_arn, child_name};
use super::{Key, Run};
use crate::engine::{hash, shard_of};
use crate::message::{Begin, ChildEnd, ChildPlace, Message};
use crate::record;
use crate::shard::{Phase, Reply, Shard};
use crate::{MapRunStatus, StartRefusal};
use state_machine::history::Failure;
use state_machine::interpret::{MapRunAnswer, Outcome, Ticket, Wake};
use std::sync::Arc;

/// Bytes of outputs kept for a redrive of a run that failed; beyond, all its items run again.
const KEPT: usize = 64 << 20;

impl Run {
    /// A child ended.
    pub(super) fn take_end(&mut self, child: u64, outcome: &Outcome) {
        self.running.remove(&child);
        let good = matches!(outcome, Outcome::Succeeded(_));
        self.count(child, |counts, by| {
            counts.running = counts.running.saturating_sub(by);
            match outcome {
                Outcome::Succeeded(_) => counts.succeeded += by,
                Outcome::Failed(_) => counts.failed += by,
                Outcome::TimedOut(_) => counts.timed_out += by,
                Outcome::Aborted(_) => counts.aborted += by,
            }
            counts.results_written += if good { by } else { 0 };
        });
        let Ok(place) = usize::try_from(child) else { return };
        if self.outputs.len() <= place {
            self.outputs.resize(place + 1, None);
        }
        if let Outcome::Succeeded(output) = outcome {
            self.outputs[place] = Some(output.clone());
        }
    }

    /// The outputs in order of the items, as a JSON array.
    fn result(&self) -> String {
        let mut text = String::from("[");
        for output in self.outputs.iter().flatten() {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(output);
        }
        text.push(']');
        text
    }
}

impl Shard {
    /// A child of one of this shard's runs ended. Told twice, it counts once.
    pub(in crate::shard) fn child_ended(&mut self, end: ChildEnd) {
        let key = (end.place.parent, Ticket(end.place.ticket));
        let Some(run) = self.runs.active.get_mut(&key) else { return };
        if !run.running.contains(&end.place.index) {
            return;
        }
        run.take_end(end.place.index, &end.outcome);
        let durable = self.slots.entry(run.place).is_some_and(|slot| slot.phase == Phase::Open);
        self.runs.ready.insert(key);
        if durable {
            self.put_child(end.place, end.outcome);
        }
    }

    fn put_child(&mut self, place: ChildPlace, outcome: Outcome) {
        if self.stalled.is_none() {
            let mut bytes = Vec::new();
            record::put_child(&mut bytes, place, &outcome);
            self.writer.push(&bytes);
        }
        self.runs.unwritten.push((place, outcome));
    }

    /// The batch is durable.
    pub(in crate::shard) fn runs_written(&mut self) {
        self.runs.unwritten.clear();
    }

    /// Puts ends of children that could not be written into the batch once more.
    pub(in crate::shard) fn write_runs(&mut self) {
        if self.stalled.is_none() {
            for (place, outcome) in std::mem::take(&mut self.runs.unwritten) {
                self.put_child(place, outcome);
            }
        }
    }

    /// A child could not be begun, in whichever shard it belongs to.
    pub(in crate::shard) fn child_refused(
        &mut self,
        place: ChildPlace,
        begin: Box<Begin>,
        refusal: StartRefusal,
    ) {
        let arn = begin.new.start.arn.clone();
        match refusal {
            // Open since before a restart: its end will be told.
            StartRefusal::Same(_) => {}
            StartRefusal::Exists => match self.slots.find(hash(&arn)) {
                Some(slot) if self.slots.get(slot).phase == Phase::Open => {}
                Some(slot) => {
                    let outcome = self.closing.get(&slot).and_then(|closed| outcome(&closed.execution));
                    if let Some(outcome) = outcome {
                        self.tell_parent(place, outcome);
                    }
                }
                None => match self.around.archive.execution(&arn) {
                    Ok(Some(closed)) => {
                        if let Some(outcome) = outcome(&closed.execution) {
                            self.tell_parent(place, outcome);
                        }
                    }
                    _ => self.next.push_back(Message::Start(begin)),
                },
            },
            // Children wait for room; only callers are sent away.
            StartRefusal::Overloaded(_) | StartRefusal::Unavailable(_) => {
                self.next.push_back(Message::Start(begin))
            }
            StartRefusal::Limit | StartRefusal::Definition(_) => {
                self.tell_parent(place, Outcome::Failed(Failure::new("States.Runtime", refusal.to_string())));
            }
        }
    }

    /// All children did well enough.
    pub(super) fn finish_run(&mut self, (_, ticket): Key, run: Run) {
        let result = if run.request.writer.is_none() {
            Ok(Arc::from(run.result()))
        } else {
            let mut results = run.outputs.iter().flatten();
            self.around.outside.map_run_results(&run.request, &mut results)
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
        for child in std::mem::take(&mut run.running) {
            let name = child_name(&run.info.arn, run.request.redrives, child);
            let arn: Arc<str> = child_arn(&run.info.arn, &name).into();
            let shard = shard_of(hash(&arn), self.around.inboxes.len());
            self.around.inboxes[shard].force(Message::StopChild { arn });
            run.count(child, |counts, by| {
                counts.running = counts.running.saturating_sub(by);
                counts.aborted += by;
            });
        }
        if status != MapRunStatus::Succeeded {
            for counts in [&mut run.info.items, &mut run.info.executions] {
                counts.aborted += std::mem::take(&mut counts.pending);
            }
        }
        run.info.status = status;
        run.info.stopped = Some(self.clock.last());
        if run.parent.express {
            return;
        }
        let mut successes = Vec::new();
        if status != MapRunStatus::Succeeded {
            let bytes: usize = run.outputs.iter().flatten().map(|output| output.len()).sum();
            let outputs = (0_u64..).zip(&run.outputs);
            let good = outputs.filter_map(|(index, output)| Some((index, output.clone()?)));
            successes.extend(good.filter(|_| bytes <= KEPT));
        }
        if let Err(error) = self.around.archive.keep_map_run(&run.info, &successes) {
            tracing::error!(%error, "a Map Run cannot be archived");
        }
    }
}

fn outcome(execution: &crate::Execution) -> Option<Outcome> {
    crate::shard::commit::outcome_of(execution)
}
