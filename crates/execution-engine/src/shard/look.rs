//! Answers questions about executions that are open, or on their way into the archive.

use super::{Message, Phase, Shard};
use crate::engine::hash;
use crate::message::Trail;
use crate::record;
use crate::token::TaskName;
use crate::{ChangeRefusal, Dispatch, Execution, Status, Unreadable};
use state_machine::history::Failure;
use state_machine::interpret::Pending;
use tokio::sync::oneshot::Sender;

impl Shard {
    /// Answers a question. Whoever asked may have gone.
    pub(super) fn answer(&mut self, message: Message) {
        match message {
            Message::Describe { arn, reply } => {
                let found = self.slots.find(hash(&arn)).and_then(|place| self.describe(place));
                drop(reply.send(found.filter(|execution| execution.start.arn == arn)));
            }
            Message::List { filter, reach, after, limit, reply } => {
                drop(reply.send(self.list(&filter, reach, after.as_ref(), limit)));
            }
            Message::Task { task, reply } => drop(reply.send(self.task(task))),
            Message::Trail { arn, reply } => drop(reply.send(self.trail(&arn))),
            Message::MapRun { arn, reply } => drop(reply.send(self.map_run(&arn))),
            Message::MapRunsOf { execution, reply } => drop(reply.send(self.map_runs(&execution))),
            Message::ExpressChildren { run, filter, after, limit, reply } => {
                drop(reply.send(self.express_children(&run, &filter, after.as_ref(), limit)));
            }
            Message::RedriveReach { arn, reply } => drop(reply.send(self.redrive_reach(&arn))),
            // Everything else was worked on when it was received.
            other => self.next.push_back(other),
        }
    }

    /// A task that waits.
    fn task(&mut self, task: TaskName) -> Result<Option<Dispatch>, Unreadable> {
        let Some(place) = self.named(task) else { return Ok(None) };
        let slot = *self.slots.get(place);
        if slot.phase == Phase::Closing {
            return Ok(None);
        }
        let hot = self.heat(place).map_err(Unreadable)?;
        let token = |ticket| self.token(slot.hash, slot.number, ticket);
        let found = hot.execution.pending(&token).into_iter().find_map(|pending| match pending {
            Pending::Task { request, taken, submitted } if request.ticket == task.ticket => {
                Some((request, taken, submitted))
            }
            _ => None,
        });
        let execution = (*hot.start).clone();
        self.keep_hot(place, hot);
        let key = self.key(&slot, task.ticket);
        Ok(found.map(|(task, taken, submitted)| Dispatch {
            execution,
            task: *task,
            key,
            again: false,
            taken,
            submitted,
        }))
    }

    pub(super) fn describe(&self, place: u32) -> Option<Execution> {
        if let Some(closed) = self.closing.get(&place) {
            return Some(closed.execution.clone());
        }
        let slot = self.slots.get(place);
        let pin = self.pins.get(slot.pin)?.pin.clone();
        if let Some(hot) = self.hot.get(place) {
            return Some(super::turn::described(hot, pin.revision.clone(), None, 0));
        }
        let (_, opening) = match self.opening(slot, &pin) {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(shard = self.index, %error, "the record of an execution cannot be read");
                return None;
            }
        };
        Some(Execution {
            start: pin.start(&opening),
            revision: pin.revision.clone(),
            status: Status::Running,
            stopped: None,
            output: None,
            failure: Failure::default(),
            redrives: opening.redrives,
            trace_header: opening.trace_header,
            child: opening.child.map(|place| place.told()),
            events: None,
        })
    }

    fn trail(&self, arn: &str) -> Option<Trail> {
        let place = self.slots.find(hash(arn))?;
        let slot = self.slots.get(place);
        let start = match self.closing.get(&place) {
            Some(closed) => closed.execution.start.clone().into(),
            None => self.who(place).ok()?,
        };
        let durable = slot.phase != Phase::Express && !slot.last.is_none();
        (durable && *start.arn == *arn).then_some(Trail { start, last: slot.last })
    }

    /// A machine's executions are about to leave the archive: the log must know that they were in it.
    pub(super) fn forget_machine(&mut self, machine: &str, reply: Sender<Result<(), ChangeRefusal>>) {
        let owner = self.pins.owner(machine);
        if owner.is_some_and(|owner| self.slots.listed(owner, None).next().is_some()) {
            drop(reply.send(Err(ChangeRefusal::Status(Status::Running))));
            return;
        }
        if let Some(reason) = &self.stalled {
            drop(reply.send(Err(ChangeRefusal::Unavailable(reason.clone()))));
            return;
        }
        if !self.tidying.told && !self.archived.is_none() {
            self.put_archived();
        }
        self.changed.push(reply);
    }

    /// How far the archive has come, written into the log with the next batch: a restart need not archive again.
    pub(super) fn tell_archived(&mut self) {
        if !self.tidying.told && !self.archived.is_none() && !self.writer.is_empty() {
            self.put_archived();
        }
    }

    fn put_archived(&mut self) {
        let mut bytes = Vec::new();
        record::put_archived(&mut bytes, self.archived);
        self.writer.push(&bytes);
        self.tidying.told = true;
    }
}
