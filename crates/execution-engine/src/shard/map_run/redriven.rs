//! A child's shard finds that the child is there already: it runs, it has answered, or it is to be redriven.

use crate::archive::Closed;
use crate::engine::hash;
use crate::message::{Begin, ChildPlace, Message, StartReply};
use crate::shard::{Phase, Reply, Shard};
use crate::{ChangeRefusal, REDRIVE_PERIOD, StartRefusal};
use state_machine::history::Failure;
use state_machine::interpret::{Outcome, Wake};
use std::sync::Arc;

impl Shard {
    /// A child could not be begun.
    pub(in crate::shard) fn child_refused(
        &mut self,
        place: ChildPlace,
        begin: Box<Begin>,
        refusal: StartRefusal,
    ) {
        match refusal {
            StartRefusal::Same(_) | StartRefusal::Exists => self.child_exists(place, begin),
            // Children wait for room; only callers are sent away.
            StartRefusal::Overloaded(_) | StartRefusal::Unavailable(_) => {
                self.next.push_back(Message::Start(begin));
            }
            StartRefusal::Limit | StartRefusal::Definition(_) => {
                let failure = Failure::new("States.Runtime", refusal.to_string());
                let now = self.clock.last();
                self.tell_parent(place, Outcome::Failed(failure), false, (now, now));
            }
        }
    }

    fn child_exists(&mut self, place: ChildPlace, begin: Box<Begin>) {
        let arn = begin.new.start.arn.clone();
        let Some(slot) = self.slots.find(hash(&arn)) else {
            return match self.around.archive.execution(&arn) {
                Ok(Some(closed)) => self.child_closed(place, begin, &closed),
                // Its row may come, or be readable, later.
                _ => self.next.push_back(Message::Start(begin)),
            };
        };
        if self.slots.get(slot).phase == Phase::Closing {
            let Some(closed) = self.closing.get(&slot).cloned() else { return };
            if !self.tell_end(place, &closed) {
                // Its end is not in the archive yet, where a redrive begins.
                self.deferred.push_back(Message::Start(begin));
            }
            return;
        }
        match self.place_of(slot) {
            // Open since before a restart: its end will be told.
            Ok(Some(own)) if own.same_attempt(&place) => {}
            // The attempt before stops it; then it is redriven.
            _ => self.next.push_back(Message::Start(begin)),
        }
    }

    fn child_closed(&mut self, place: ChildPlace, begin: Box<Begin>, closed: &Closed) {
        if self.tell_end(place, closed) {
            return;
        }
        if self.is_terminal(closed) {
            return self.tell_last(place, closed, true);
        }
        self.runs.to_redrive.push(*begin);
    }

    /// Tells the end of a child that did well, or has been asked by this attempt before; false: it is neither.
    fn tell_end(&mut self, place: ChildPlace, closed: &Closed) -> bool {
        let well = closed.execution.output.is_some();
        let told = well || closed.child.is_some_and(|own| own.same_attempt(&place));
        if told {
            let terminal = !well && self.is_terminal(closed);
            self.tell_last(place, closed, terminal);
        }
        told
    }

    fn tell_last(&mut self, place: ChildPlace, closed: &Closed, terminal: bool) {
        if let Some(outcome) = crate::shard::commit::outcome_of(&closed.execution) {
            let times = crate::shard::commit::times_of(&closed.execution);
            self.tell_parent(place, outcome, terminal, times);
        }
    }

    /// Whether no redrive can help an execution that did not do well (API reference, `RedriveExecution`: its history is
    /// full, or it ended too long ago).
    pub(in crate::shard) fn is_terminal(&self, closed: &Closed) -> bool {
        let late = |stopped| self.clock.last().saturating_sub(stopped) > REDRIVE_PERIOD;
        !closed.execution.has_room() || closed.execution.stopped.is_some_and(late)
    }

    /// The place of an open execution in the run that began it.
    pub(in crate::shard) fn place_of(&self, slot: u32) -> Result<Option<ChildPlace>, String> {
        if let Some(hot) = self.hot.get(slot) {
            return Ok(hot.child);
        }
        let slot = self.slots.get(slot);
        let pin = self.pins.get(slot.pin).map(|pinned| pinned.pin.clone());
        let pin = pin.ok_or("its pin is not there")?;
        let (_, opening) = self.opening(slot, &pin).map_err(|error| error.to_string())?;
        Ok(opening.child)
    }

    /// Redrives the children that wait for it: their histories are put into the archive by one write.
    pub(in crate::shard) fn redrive_children(&mut self) {
        let begins = std::mem::take(&mut self.runs.to_redrive);
        if begins.is_empty() {
            return;
        }
        let arns: Vec<Arc<str>> = begins.iter().map(|begin| begin.new.start.arn.clone()).collect();
        let closed = match self.to_reopen(&arns) {
            Ok(closed) => closed,
            Err(error) => {
                tracing::warn!(shard = self.index, %error, "children of Map Runs are redriven later");
                let again = begins.into_iter().map(|begin| Message::Start(Box::new(begin)));
                return self.next.extend(again);
            }
        };
        for (begin, closed) in begins.into_iter().zip(closed) {
            let StartReply::Child(place) = &begin.reply else { continue };
            let place = *place;
            // Asked for twice in one round, it is open by now.
            let open = self.slots.find(hash(&begin.new.start.arn)).is_some();
            let Some(closed) = closed.filter(|_| !open) else {
                self.next.push_back(Message::Start(Box::new(begin)));
                continue;
            };
            // Given back should it have to wait.
            let (last, again) = (closed.closed.clone(), begin.new.clone());
            let program = begin.program.clone();
            match self.reopen(closed, Reply::None, Some((place, Box::new(begin)))) {
                Ok(()) => {}
                Err((_, ChangeRefusal::Overloaded(_) | ChangeRefusal::Unavailable(_))) => {
                    let reply = StartReply::Child(place);
                    self.next.push_back(Message::Start(Box::new(Begin { new: again, program, reply })));
                }
                Err(_) => self.tell_last(place, &last, true),
            }
        }
    }

    /// A run does not want a child any more, wherever its start or redrive is.
    pub(in crate::shard) fn stop_child(&mut self, arn: &str) {
        let other = |begin: &Begin| *begin.new.start.arn != *arn;
        self.runs.to_redrive.retain(other);
        for waiting in [&mut self.next, &mut self.deferred] {
            waiting.retain(|message| !matches!(message, Message::Start(begin) if !other(begin)));
        }
        if let Some(place) = self.slots.find(hash(arn)).or_else(|| self.express_child(arn)) {
            self.wake(place, Wake::Stop(Failure::default()), Reply::None);
        } else {
            self.forget_crowded(arn);
        }
    }
}
