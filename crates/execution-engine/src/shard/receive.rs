//! Takes messages in.

use super::turn::{NotRun, refuse};
use super::{Hot, Phase, Reply, Shard, Slot};
use crate::archive::{Closed, Definition, Parts};
use crate::engine::hash;
use crate::message::{Begin, ChildPlace, Message, StartReply};
use crate::record::{self, Pin};
use crate::token::TaskName;
use crate::{AnswerRefusal, ChangeRefusal, Kind, StartRefusal, Status, Unreadable};
use state_machine::Millis;
use state_machine::interpret::{Execution, Start, Wake};
use state_machine::program::Program;
use std::sync::Arc;
use tokio::sync::oneshot::Sender;

/// Redrives that wait for the archive.
const DEFERRED: usize = 1_000;
/// Why nothing is begun while ended executions wait for the archive.
pub(super) const BEHIND: &str = "the archive of executions does not keep up";

/// A closed execution that shall go on.
pub(super) struct Reopened {
    pub(super) closed: Closed,
    /// Missing: nothing can be redriven.
    snapshot: Option<Vec<u8>>,
    /// First events of the parts of its history.
    archived: Vec<u64>,
}

/// Numbers of Express executions have this bit: they are never mistaken for one in the log.
pub(super) const EXPRESS: u64 = 1 << 63;

impl Shard {
    /// Takes one message in. Questions wait until everything before them is durable.
    pub(crate) fn receive(&mut self, message: Message) {
        match message {
            Message::Start(begin) => self.begin(begin),
            Message::Stop { arn, failure, reply } => match self.slots.find(hash(&arn)) {
                Some(place) => self.wake(place, Wake::Stop(failure), Reply::Change(reply)),
                None => drop(reply.send(Err(ChangeRefusal::NotFound))),
            },
            Message::Redrive { arn, reply } => self.redrive(arn, reply),
            Message::Answer { task, answer, from, reply } => match self.named(task) {
                Some(place) if from.is_some_and(|from| !self.is_of(place, &from)) => {
                    drop(reply.send(Err(AnswerRefusal::InvalidToken)));
                }
                Some(place) => self.wake(place, Wake::Task(task.ticket, answer), Reply::Answer(reply)),
                None => refuse(Reply::Answer(reply), ChangeRefusal::NotFound),
            },
            Message::Archived { slots } => {
                for (place, number) in slots {
                    self.forget(place, number);
                }
                for message in std::mem::take(&mut self.deferred) {
                    self.receive(message);
                }
            }
            Message::Forget { machine, reply } => self.forget_machine(&machine, reply),
            Message::UpdateMapRun { arn, update, reply } => self.update_map_run(&arn, update, reply),
            Message::Worked(worked) => self.worked(*worked),
            Message::Selected { key, index, input } => self.selected(key, index, input),
            Message::ChildEnded(end) => self.child_ended(*end),
            Message::StopChild { arn } => self.stop_child(&arn),
            Message::ChildOpen { place, arn } => self.child_open(&place, arn),
            question => self.questions.push(question),
        }
    }

    /// Slot of the execution that a token names.
    pub(super) fn named(&self, task: TaskName) -> Option<u32> {
        let place = if task.number & EXPRESS == 0 {
            self.slots.find(task.hash)
        } else {
            // An Express execution's hash stands for its slot.
            u32::try_from(task.hash).ok()
        };
        place.filter(|place| self.slots.check(*place, task.number).is_some())
    }

    /// Whether an execution is one of `<region>:<account>`.
    fn is_of(&self, place: u32, scope: &str) -> bool {
        let pinned = self.pins.get(self.slots.get(place).pin).map(|pinned| &pinned.pin.machine_arn);
        let machine = match self.hot.get(place) {
            Some(hot) => Some(&hot.start.machine_arn),
            None => pinned,
        };
        // `arn:aws:states:<region>:<account>:stateMachine:…`
        let behind =
            machine.and_then(|arn| arn.splitn(4, ':').nth(3)).and_then(|rest| rest.strip_prefix(scope));
        behind.is_some_and(|behind| behind.starts_with(':'))
    }

    fn begin(&mut self, mut begin: Box<Begin>) {
        if let Some(reason) = &self.stalled {
            let refusal = StartRefusal::Unavailable(reason.clone());
            return self.refuse_start(begin, refusal);
        }
        if begin.new.revision.kind == Kind::Express {
            return self.begin_express(begin);
        }
        let arn = begin.new.start.arn.clone();
        let hash = hash(&arn);
        if self.slots.find(hash).is_some_and(|place| self.slots.get(place).last >= self.writer.end()) {
            // What is said of it must be durable first.
            return self.next.push_back(Message::Start(begin));
        }
        if let Some(refusal) = self.taken(hash, &begin) {
            return self.refuse_start(begin, refusal);
        }
        let pin = match self.pin(&begin) {
            Ok(pin) => pin,
            Err(refusal) => return self.refuse_start(begin, refusal),
        };
        begin.new.start.at = self.now();
        self.next_number += 1;
        let slot = Slot {
            first: self.writer.end().segment(),
            pin,
            ..Slot::new(hash, self.next_number, begin.new.start.at)
        };
        let mut hot = Self::fresh(&begin);
        self.pins.used(pin);
        let owner = self.pins.owner_of(pin);
        let place = self.slots.insert(slot, owner);
        // Its reply stays with it: an undone start answers, and tells a parent, itself.
        if let Ok(ran) = self.turn(&slot, &mut hot, Wake::Start, Reply::None, Some(begin)) {
            self.record(place, slot, None, hot, ran);
        }
    }

    /// Why a name cannot be used.
    fn taken(&self, hash: u64, begin: &Begin) -> Option<StartRefusal> {
        let start = &begin.new.start;
        if let Some(place) = self.slots.find(hash) {
            if self.slots.get(place).phase == Phase::Closing {
                return Some(StartRefusal::Exists);
            }
            return Some(match self.who(place) {
                Ok(other) if other.arn == start.arn && other.input == start.input => {
                    StartRefusal::Same(other.at)
                }
                Ok(_) => StartRefusal::Exists,
                Err(error) => StartRefusal::Unavailable(error),
            });
        }
        if self.slots.open >= self.around.limits.open {
            return Some(StartRefusal::Limit);
        }
        if self.is_behind() {
            return Some(StartRefusal::Overloaded(BEHIND.to_owned()));
        }
        match self.around.archive.knows(&start.arn) {
            Ok(false) => None,
            Ok(true) => Some(StartRefusal::Exists),
            Err(error) => Some(StartRefusal::Unavailable(error.0)),
        }
    }

    /// The pin of a new execution; the first one of a revision keeps its definition.
    pub(super) fn pin(&mut self, begin: &Begin) -> Result<u32, StartRefusal> {
        let pin = Pin::of(&begin.new);
        if let Some(number) = self.pins.number(&pin) {
            return Ok(number);
        }
        let revision = &begin.new.revision;
        self.around.programs.pin(&revision.id);
        let known = self.around.archive.definition(&revision.id);
        let known = known.map_err(|error| StartRefusal::Unavailable(error.0))?;
        if known.is_none() {
            let definition = Definition { definition: revision.definition.clone(), kind: revision.kind };
            let kept = self.around.archive.define(&revision.id, &definition);
            kept.map_err(|error| StartRefusal::Unavailable(error.0))?;
        }
        Ok(self.put_pin(Arc::new(pin)))
    }

    /// Writes a new pin into the batch.
    fn put_pin(&mut self, pin: Arc<Pin>) -> u32 {
        self.around.programs.pin(&pin.revision);
        let number = self.pins.next();
        let mut bytes = Vec::new();
        record::put_pin(&mut bytes, number, &pin);
        let place = self.writer.push(&bytes);
        self.pins.put(number, pin, place);
        self.pinned.push(number);
        number
    }

    fn fresh(begin: &Begin) -> Box<Hot> {
        let start = Arc::new(begin.new.start.clone());
        let mut hot = Self::ready(begin.program.clone(), start, begin.new.trace_header.clone());
        if let StartReply::Child(place) = &begin.reply {
            hot.child = Some(*place);
        }
        hot
    }

    /// An execution before its first turn.
    pub(super) fn ready(
        program: Arc<Program>,
        start: Arc<Start>,
        trace_header: Option<Arc<str>>,
    ) -> Box<Hot> {
        Box::new(Hot {
            execution: Execution::new(program, start.clone()),
            now: start.at,
            weight: start.input.len(),
            start,
            trace_header,
            redrives: (0, None),
            child: None,
            archived: Vec::new(),
            parts: Some(Parts::default()),
            waiting: None,
            revision: None,
            lasting: None,
        })
    }

    pub(super) fn refuse_start(&mut self, begin: Box<Begin>, refusal: StartRefusal) {
        match begin.reply {
            StartReply::Started(reply) => drop(reply.send(Err(refusal))),
            StartReply::Ended(reply) => drop(reply.send(Err(refusal))),
            StartReply::Child(place) => self.child_refused(place, begin, refusal),
        }
    }

    fn redrive(&mut self, arn: Arc<str>, reply: Sender<Result<Millis, ChangeRefusal>>) {
        if let Some(place) = self.slots.find(hash(&arn)) {
            if self.slots.get(place).phase == Phase::Closing {
                // Its end is not in the archive yet, where a redrive begins.
                if self.deferred.len() < DEFERRED {
                    self.deferred.push_back(Message::Redrive { arn, reply });
                } else {
                    drop(reply.send(Err(ChangeRefusal::Overloaded(BEHIND.to_owned()))));
                }
            } else {
                drop(reply.send(Err(ChangeRefusal::Status(Status::Running))));
            }
            return;
        }
        if let Some(reason) = &self.stalled {
            drop(reply.send(Err(ChangeRefusal::Unavailable(reason.clone()))));
            return;
        }
        let found = self.to_reopen(std::slice::from_ref(&arn)).map(|mut found| found.pop().flatten());
        let done = match found {
            Ok(Some(found)) => self.reopen(found, Reply::Change(reply), None),
            Ok(None) => Err((Reply::Change(reply), ChangeRefusal::NotFound)),
            Err(error) => Err((Reply::Change(reply), ChangeRefusal::Unavailable(error.0))),
        };
        if let Err((reply, refusal)) = done {
            refuse(reply, refusal);
        }
    }

    /// Closed executions from the archive, their histories in parts there, so that they can go on. In the order of the
    /// ARNs; `None`: there is no such execution.
    pub(super) fn to_reopen(&self, arns: &[Arc<str>]) -> Result<Vec<Option<Reopened>>, Unreadable> {
        let archive = &self.around.archive;
        let mut found = Vec::with_capacity(arns.len());
        for arn in arns {
            let closed = archive.execution(arn)?;
            let snapshot = archive.snapshot(arn)?;
            found.push(closed.map(|closed| Reopened { closed, snapshot, archived: Vec::new() }));
        }
        let going = |found: &Reopened| found.snapshot.is_some();
        let closed: Vec<&Closed> =
            found.iter().flatten().filter(|found| going(found)).map(|found| &found.closed).collect();
        let mut settled = archive.settle(&closed)?.into_iter();
        for reopened in found.iter_mut().flatten().filter(|found| going(found)) {
            reopened.archived = settled.next().unwrap_or_default();
        }
        Ok(found)
    }

    /// Lets a closed execution go on. For a child of a Map Run: its place in the attempt that redrives it, and the start
    /// by which it is asked for.
    pub(super) fn reopen(
        &mut self,
        found: Reopened,
        reply: Reply,
        child: Option<(ChildPlace, Box<Begin>)>,
    ) -> Result<(), (Reply, ChangeRefusal)> {
        let Reopened { closed, snapshot, archived } = found;
        let status = ChangeRefusal::Status(closed.execution.status);
        let Some(snapshot) = snapshot else { return Err((reply, status)) };
        let start = Arc::new(closed.execution.start.clone());
        let restored = self.program(&closed.execution.revision).and_then(|program| {
            Execution::restore(program, start.clone(), &snapshot).map_err(|error| error.to_string())
        });
        let execution = match restored {
            Ok(execution) => execution,
            Err(error) => return Err((reply, ChangeRefusal::Unavailable(error))),
        };
        // A clock that was set back does not turn its history back, nor let its timers wait.
        self.clock.not_before(closed.execution.stopped.unwrap_or_default());
        let now = self.now();
        let pin = Pin { logged: closed.logged, ..Pin::of_start(&start, closed.execution.revision.clone()) };
        let pin = self.pins.number(&pin).unwrap_or_else(|| self.put_pin(Arc::new(pin)));
        self.next_number += 1;
        let slot = Slot {
            first: self.writer.end().segment(),
            pin,
            ..Slot::new(hash(&start.arn), self.next_number, start.at)
        };
        let (place, begin) = child.map_or((None, None), |(place, begin)| (Some(place), Some(begin)));
        let mut hot = Box::new(Hot {
            execution,
            start,
            trace_header: closed.execution.trace_header.clone(),
            redrives: (closed.execution.redrives.0 + 1, Some(now)),
            child: place,
            archived: archived.clone(),
            parts: Some(Parts::after(archived)),
            now,
            waiting: None,
            revision: None,
            lasting: None,
            weight: snapshot.len(),
        });
        match self.turn(&slot, &mut hot, Wake::Redrive, reply, begin) {
            Ok(ran) => {
                self.around.archive.reopen(slot.hash);
                self.pins.used(pin);
                let owner = self.pins.owner_of(pin);
                let place = self.slots.insert(slot, owner);
                self.record(place, slot, None, hot, ran);
                Ok(())
            }
            Err(NotRun::Stale(reply) | NotRun::Slow(_, reply)) => Err((reply, status)),
        }
    }

    /// An execution whose end is in the archive.
    fn forget(&mut self, place: u32, number: u64) {
        let Some(slot) = self.slots.check(place, number).copied() else { return };
        self.closing.remove(&place);
        let owner = self.pins.owner_of(slot.pin);
        self.slots.remove(place, owner);
        self.pins.unused(slot.pin);
        if self.archived < slot.last {
            self.archived = slot.last;
            self.tidying.told = false;
        }
    }
}
