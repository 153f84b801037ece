//! Commits, and what follows from a commit or from its failure.

use super::slots::NEVER;
use super::{Done, Keep, Message, Reply, Runnable, Shard, Slot};
use crate::message::{ChildPlace, StartReply};
use crate::record;
use crate::wheel::Due;
use crate::{Dispatch, StartRefusal};
use state_machine::Millis;
use state_machine::interpret::{Effect, Outcome, Pending, Start, TaskRequest, Wake};
use std::sync::Arc;

impl Shard {
    /// Makes sure that records can be written, before a round. While the disk refuses, this is the attempt that finds
    /// out when it does not any more.
    pub(crate) fn prepare(&mut self) {
        let mut ready = self.writer.prepare();
        if ready.is_ok() && self.stalled.is_some() {
            let mut bytes = Vec::new();
            record::put_archived(&mut bytes, self.archived);
            self.writer.push(&bytes);
            ready = self.writer.commit();
        }
        match ready {
            Ok(()) => {
                if self.stalled.take().is_some() {
                    tracing::info!(shard = self.index, "the log of executions takes records again");
                }
            }
            Err(error) => self.stall(&error),
        }
    }

    fn stall(&mut self, error: &std::io::Error) {
        if self.stalled.is_none() {
            tracing::error!(shard = self.index, %error, "the log of executions cannot be written; executions wait");
        }
        self.stalled = Some(format!("the log of executions cannot be written: {error}"));
    }

    /// What is told to those who ask while executions stand still.
    pub(super) fn why_stalled(&self) -> crate::ChangeRefusal {
        match &self.stalled {
            Some(reason) => crate::ChangeRefusal::Unavailable(reason.clone()),
            None => crate::ChangeRefusal::Overloaded(super::receive::BEHIND.to_owned()),
        }
    }

    /// Writes and syncs the batch, then releases what follows from it; undoes it when that fails. At last it answers the
    /// questions that waited.
    pub(crate) fn commit(&mut self) {
        if self.stalled.is_none() {
            self.tell_archived();
            self.mark_over();
        }
        match self.writer.commit() {
            Ok(()) => {
                self.pinned.clear();
                self.moved.clear();
                self.moved_pins.clear();
                self.runs_written();
                for reply in std::mem::take(&mut self.changed) {
                    drop(reply.send(Ok(())));
                }
                let mut batch = std::mem::take(&mut self.batch);
                for done in batch.drain(..) {
                    self.release(done);
                }
                self.batch = batch;
                self.express_written();
            }
            Err(error) => {
                self.stall(&error);
                self.undo();
            }
        }
        for message in std::mem::take(&mut self.questions) {
            self.answer(message);
        }
        self.cool();
    }

    /// What follows from a turn that is durable.
    fn release(&mut self, done: Done) {
        if !done.events.is_empty() {
            self.around.outside.events(&done.start, &done.revision, done.redrives, &done.events);
        }
        for effect in done.effects {
            self.effect(done.slot, done.number, &done.start, effect, done.now);
        }
        // Whoever asked may have gone.
        match done.reply {
            Reply::None => {}
            Reply::Change(reply) => drop(reply.send(Ok(done.now))),
            Reply::Answer(reply) => drop(reply.send(Ok(()))),
        }
        if let Some(StartReply::Started(reply)) = done.begin.map(|begin| begin.reply) {
            drop(reply.send(Ok(done.start.at)));
        }
        if done.more {
            let (slot, number) = (done.slot, done.number);
            self.runnable.push_back(Runnable { slot, number, wake: Wake::Continue, reply: Reply::None });
        }
        if let Some(keep) = done.ended {
            self.around.outside.ended(&keep.closed.execution);
            if let (Some(place), Some(outcome)) = (done.child, outcome_of(&keep.closed.execution)) {
                let closed = &keep.closed;
                let well = closed.execution.output.is_some();
                let terminal = !well && (closed.snapshot.is_empty() || self.is_terminal(closed));
                let times = times_of(&closed.execution);
                self.tell_parent(place, outcome, terminal, times);
            }
            self.archive(*keep);
        }
    }

    /// Sends an ended execution on its way into the archive.
    pub(super) fn archive(&mut self, keep: Keep) {
        self.closing.insert(keep.slot, keep.closed.clone());
        self.around.backlog.add(&keep);
        self.around.archivist.force(keep);
    }

    /// Lets an effect of a turn of the time `at` happen.
    pub(super) fn effect(&mut self, place: u32, number: u64, start: &Arc<Start>, effect: Effect, at: Millis) {
        match effect {
            // Timers are in the wheel since the turn; one that rings for an undone turn finds nothing.
            Effect::Timer { .. } => {}
            Effect::Cancel(ticket) => {
                if !self.cancel_run(number, ticket) {
                    self.around.outside.cancel(&start.arn, ticket);
                }
            }
            Effect::Task(task) => self.dispatch(place, start, *task, None),
            Effect::MapRun(request) => self.begin_run(place, start, *request, at),
        }
    }

    /// Has a task done. `before` a restart it may have been taken, and its job accepted.
    pub(super) fn dispatch(
        &self,
        place: u32,
        start: &Arc<Start>,
        task: TaskRequest,
        before: Option<(bool, bool)>,
    ) {
        let key = self.key(self.slots.get(place), task.ticket);
        let execution = (**start).clone();
        let again = before.is_some();
        let (taken, submitted) = before.unwrap_or_default();
        self.around.outside.dispatch(Dispatch { execution, task, key, again, taken, submitted });
    }

    /// Brings everything back to where it stood before the batch. Wakes come again; starts, and what somebody asked for,
    /// are refused.
    fn undo(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        for done in batch.into_iter().rev() {
            self.drop_hot(done.slot);
            self.closing.remove(&done.slot);
            if let Some(before) = done.before {
                self.slots.set(done.slot, before);
                self.rewind(done.slot, &before);
                let (slot, number, wake) = (done.slot, done.number, done.wake);
                self.runnable.push_front(Runnable { slot, number, wake, reply: done.reply });
                continue;
            }
            let pin = self.slots.get(done.slot).pin;
            let owner = self.pins.owner_of(pin);
            self.slots.remove(done.slot, owner);
            self.pins.unused(pin);
            let reason = self.stalled.clone().unwrap_or_default();
            let stops = |next: &Runnable| {
                (next.slot, next.number) == (done.slot, done.number) && matches!(next.wake, Wake::Stop(_))
            };
            match done.begin {
                // A Map Run that ended meanwhile does not want it any more.
                Some(begin)
                    if matches!(begin.reply, StartReply::Child(_)) && self.runnable.iter().any(stops) => {}
                Some(begin) => self.refuse_start(begin, StartRefusal::Unavailable(reason)),
                // A redrive.
                None => super::turn::refuse(done.reply, crate::ChangeRefusal::Unavailable(reason)),
            }
        }
        for (place, before) in std::mem::take(&mut self.moved).into_iter().rev() {
            if self.slots.check(place, before.number).is_some() {
                self.slots.set(place, before);
                self.drop_hot(place);
            }
        }
        for (number, record) in std::mem::take(&mut self.moved_pins) {
            if let Some(pinned) = self.pins.get(number).cloned() {
                self.pins.put(number, pinned.pin, record);
            }
        }
        self.express_unwritten();
        for pin in std::mem::take(&mut self.pinned) {
            self.pins.unwritten(pin);
        }
        let reason = self.stalled.clone().unwrap_or_default();
        for reply in std::mem::take(&mut self.changed) {
            drop(reply.send(Err(crate::ChangeRefusal::Unavailable(reason.clone()))));
        }
        self.tidying.told = false;
    }

    /// A timer that the undone turn had taken out comes again.
    fn rewind(&mut self, place: u32, slot: &Slot) {
        if slot.timer != NEVER {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the lower half tells lives of a slot apart"
            )]
            self.wheel.insert(Due { at: slot.timer, slot: place, number: slot.number as u32 });
        }
    }

    /// Tells a parent of a Map Run in whichever shard. `terminal`: the child did not do well, and no redrive can help;
    /// `times`: its start and its end.
    pub(super) fn tell_parent(
        &mut self,
        place: ChildPlace,
        outcome: Outcome,
        terminal: bool,
        times: (Millis, Millis),
    ) {
        let end = Box::new(crate::message::ChildEnd { place, outcome, terminal, times });
        if let Some(inbox) = self.around.inboxes.get(usize::from(place.shard)) {
            inbox.force(Message::ChildEnded(end));
        }
    }

    /// Sets up again what an execution waits for, after a restart.
    pub(super) fn resume(&mut self, place: u32) -> Result<(), String> {
        let hot = self.heat(place)?;
        let slot = *self.slots.get(place);
        let token = |ticket| self.token(slot.hash, slot.number, ticket);
        let pending = hot.execution.pending(&token);
        let start = hot.start.clone();
        self.keep_hot(place, hot);
        for pending in pending {
            match pending {
                Pending::Timer { .. } => {}
                Pending::Task { request, taken, submitted } => {
                    self.dispatch(place, &start, *request, Some((taken, submitted)));
                }
                Pending::MapRun { ticket, .. } => self.resume_run(place, &start, ticket),
            }
        }
        Ok(())
    }
}

/// Start and end of an execution that has ended.
pub(super) fn times_of(execution: &crate::Execution) -> (Millis, Millis) {
    (execution.start.at, execution.stopped.unwrap_or_default())
}

/// How a closed execution ended.
pub(super) fn outcome_of(execution: &crate::Execution) -> Option<Outcome> {
    use crate::Status;
    Some(match execution.status {
        Status::Succeeded => Outcome::Succeeded(execution.output.clone()?),
        Status::Failed => Outcome::Failed(execution.failure.clone()),
        Status::TimedOut => Outcome::TimedOut(execution.failure.clone()),
        Status::Aborted => Outcome::Aborted(execution.failure.clone()),
        Status::Running | Status::PendingRedrive => return None,
    })
}
