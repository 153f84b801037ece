//! Runs turns.

use super::slots::NEVER;
use super::{Done, Draws, Hot, Keep, Phase, Reply, Runnable, Shard, Slot};
use crate::archive::{Closed, Parts};
use crate::message::Begin;
use crate::record::{self, Head, Opening, Standing};
use crate::wheel::Due;
use crate::{AnswerRefusal, ChangeRefusal, Execution, Outside, Status};
use state_machine::Millis;
use state_machine::guard::{Cancel, Guard};
use state_machine::history::{Event, Failure};
use state_machine::interpret::{
    Effect, Execution as StateExecution, Outcome, Pending, Progress, Stale, Ticket, Turn, Wake,
};
use std::sync::Arc;

/// Records of an execution that are held in memory until it ends, so that a short one is archived without reading.
const HELD: usize = 8 << 10;

/// A turn between running and recording.
pub(super) struct Ran {
    pub(super) wake: Wake,
    pub(super) reply: Reply,
    pub(super) begin: Option<Box<Begin>>,
    pub(super) now: Millis,
    pub(super) seed: Option<u64>,
    /// See [`Head::absent`].
    pub(super) absent: Option<u32>,
    /// Its steps, if it was cut.
    pub(super) steps: u32,
    pub(super) progress: Progress,
    pub(super) events: Vec<Event>,
    pub(super) effects: Vec<Effect>,
    pub(super) reason: Reason,
}

/// What decided how a turn went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Program, wake, time and seed alone: run again it does the same.
    Program,
    /// Maybe a clock, too: it is never run again, its record holds what came of it.
    Clock,
}

impl Ran {
    pub(super) fn new(
        wake: Wake,
        reply: Reply,
        begin: Option<Box<Begin>>,
        now: Millis,
        turned: Turned,
        reason: Reason,
    ) -> Ran {
        let Turned { progress, seed, absent, steps, events, effects } = turned;
        Ran { wake, reply, begin, now, seed, absent, steps, progress, events, effects, reason }
    }
}

/// Why a turn was not run.
pub(super) enum NotRun {
    /// Nothing waits for the wake.
    Stale(Reply),
    /// It is too slow for the shard.
    Slow(Wake, Reply),
}

/// What a turn did.
pub(crate) struct Turned {
    progress: Progress,
    /// Where its random numbers came from, if it drew any.
    seed: Option<u64>,
    /// See [`Head::absent`].
    absent: Option<u32>,
    steps: u32,
    events: Vec<Event>,
    effects: Vec<Effect>,
}

impl Turned {
    /// Whether these are its events.
    pub(super) fn did(&self, events: &[Event]) -> bool {
        self.events == events
    }
}

/// What every attempt at a turn is given alike.
pub(crate) struct Given<'a> {
    pub(crate) now: Millis,
    pub(crate) token: &'a dyn Fn(Ticket) -> Arc<str>,
    pub(crate) budget: usize,
}

/// Tells a turn which activities there are: up to the first that is not, and none behind it.
pub(crate) struct Activities<'a> {
    outside: Option<&'a dyn Outside>,
    asked: u32,
    absent: Option<u32>,
}

impl<'a> Activities<'a> {
    /// As it is now.
    pub(crate) fn asked(outside: &'a dyn Outside) -> Activities<'a> {
        Activities { outside: Some(outside), asked: 0, absent: None }
    }

    /// As it was: see [`Head::absent`].
    pub(crate) fn recorded(absent: Option<u32>) -> Activities<'a> {
        Activities { outside: None, asked: 0, absent }
    }

    pub(crate) fn absent(&self) -> Option<u32> {
        self.absent
    }

    fn exists(&mut self, arn: &str) -> bool {
        let Some(outside) = self.outside else {
            self.asked += 1;
            return self.absent.is_none_or(|before| before >= self.asked);
        };
        let there = self.absent.is_none() && outside.activity_exists(arn);
        if there {
            self.asked += 1;
        } else {
            self.absent = Some(self.asked);
        }
        there
    }
}

/// Runs a turn of an execution.
pub(crate) fn run_turn(
    execution: &mut StateExecution,
    wake: Wake,
    given: &Given<'_>,
    draws: &mut Draws,
    activities: &mut Activities<'_>,
    guard: &Guard<'_>,
) -> Result<Turned, Stale> {
    let (mut events, mut effects) = (Vec::new(), Vec::new());
    let progress = execution.turn(
        wake,
        &mut Turn {
            now: given.now,
            draw: &mut || draws.next(),
            activity: &mut |arn| activities.exists(arn),
            token: given.token,
            events: &mut events,
            effects: &mut effects,
            budget: given.budget,
            guard,
        },
    )?;
    let seed = draws.drawn.then_some(draws.seed);
    // Of a turn that is run as it was recorded all of it may not have come.
    let absent =
        activities.absent.filter(|before| activities.outside.is_some() || activities.asked > *before);
    Ok(Turned { progress, seed, absent, steps: guard.steps().unwrap_or(0), events, effects })
}

impl Shard {
    /// Runs waiting turns until the batch is full, those that were waiting when it began, `most` of them. While the disk
    /// refuses, only Express executions go on.
    pub(crate) fn run(&mut self, most: usize) {
        // A queue that is only looked through keeps its order.
        let stalled = self.is_stalled();
        let most = if stalled { usize::MAX } else { most };
        let mut turns = self.runnable.len().min(most);
        while turns > 0 && !self.is_full() {
            turns -= 1;
            let Some(next) = self.runnable.pop_front() else { return };
            let express = self.slots.entry(next.slot).is_some_and(|slot| slot.phase == Phase::Express);
            if stalled && !express {
                match next.reply {
                    Reply::None => self.runnable.push_back(next),
                    // Whoever asked is not left waiting, nor does it wait for ever what nobody waits for any more.
                    reply => refuse(reply, self.why_stalled()),
                }
            } else {
                self.run_one(next);
            }
        }
    }

    /// The batch is as large as it shall be.
    pub(crate) fn is_full(&self) -> bool {
        let (bytes, turns) = self.around.limits.batch;
        self.writer.len() >= bytes || self.batch.len() + self.express.begun() >= turns
    }

    /// A wake and the slot it is for; refuses it where that is not there, or has ended.
    pub(super) fn still_there(&mut self, next: Runnable) -> Option<(Runnable, Slot)> {
        let Some(slot) = self.slots.check(next.slot, next.number).copied() else {
            refuse(next.reply, ChangeRefusal::NotFound);
            return None;
        };
        if slot.phase != Phase::Closing {
            return Some((next, slot));
        }
        match self.closing.get(&next.slot) {
            Some(closed) => refuse(next.reply, ChangeRefusal::Status(closed.execution.status)),
            // Its end is in this batch: should the disk refuse it, the execution goes on and must not have missed this.
            None => self.runnable.push_back(next),
        }
        None
    }

    fn run_one(&mut self, next: Runnable) {
        let Some(next) = self.wait_behind(next) else { return };
        let Some((next, slot)) = self.still_there(next) else { return };
        let mut hot = match self.heat(next.slot) {
            Ok(hot) => hot,
            Err(error) => return self.unreadable(next, error),
        };
        match self.turn(&slot, &mut hot, next.wake, next.reply, None) {
            Ok(ran) => self.record(next.slot, slot, Some(slot), hot, ran),
            Err(NotRun::Stale(reply)) => {
                self.keep_hot(next.slot, hot);
                refuse(reply, ChangeRefusal::NotFound);
            }
            Err(NotRun::Slow(wake, reply)) => {
                let waiting = Runnable { slot: next.slot, number: next.number, wake, reply };
                self.found_slow(&hot.execution, waiting);
                self.keep_hot(next.slot, hot);
            }
        }
    }

    /// What becomes of a wake whose execution could not be brought into memory: it was failed with the reason, or the disk
    /// cannot be read just now. A wake that nobody waits for would be missed for ever, so it comes again in a second.
    pub(super) fn unreadable(&mut self, next: Runnable, error: String) {
        if !matches!(next.reply, Reply::None) {
            return refuse(next.reply, ChangeRefusal::Unavailable(error));
        }
        let (unread, again) = &mut self.unread;
        if unread.is_empty() {
            *again = self.clock.last() + 1_000;
        }
        unread.push(next);
    }

    /// Runs one turn, as far as it is quick.
    ///
    /// One that is not is run once more up to the step that is slow, and goes on with [`Wake::Continue`]; only if nothing
    /// comes before that step the wake itself is too slow.
    pub(super) fn turn(
        &mut self,
        slot: &Slot,
        hot: &mut Hot,
        wake: Wake,
        reply: Reply,
        begin: Option<Box<Begin>>,
    ) -> Result<Ran, NotRun> {
        let now = self.clock.last().max(hot.now);
        let seed = self.seed();
        let token = |ticket| self.token(slot.hash, slot.number, ticket);
        let given = Given { now, token: &token, budget: self.around.limits.budget };
        let run = |execution: &mut StateExecution, activities: &mut Activities<'_>, guard: &Guard<'_>| {
            run_turn(execution, wake.clone(), &given, &mut Draws::new(seed), activities, guard)
        };
        let watch = &*self.around.watch;
        let asking = || Activities::asked(&*self.around.outside);
        let mut reason = Reason::Program;
        let turned = if hot.execution.program().can_be_slow() {
            let before = hot.execution.clone();
            let guard = Guard::quick(watch);
            let mut activities = asking();
            let turned = run(&mut hot.execution, &mut activities, &guard);
            if guard.tripped() {
                hot.execution = before;
                match (guard.steps(), &wake) {
                    // These have nothing to wait in. Of them only a redrive can be slow, which nobody does in masses.
                    (None, Wake::Start | Wake::Redrive) => {
                        reason = Reason::Clock;
                        run(&mut hot.execution, &mut asking(), &Guard::full(watch, &Cancel::default()))
                    }
                    (None, _) | (Some(0), Wake::Continue) => return Err(NotRun::Slow(wake, reply)),
                    // Without a clock: it must go the same way.
                    (steps, _) => {
                        let mut same = Activities::recorded(activities.absent());
                        run(&mut hot.execution, &mut same, &Guard::again(steps))
                    }
                }
            } else {
                turned
            }
        } else {
            run(&mut hot.execution, &mut asking(), &Guard::again(None))
        };
        let Ok(turned) = turned else { return Err(NotRun::Stale(reply)) };
        hot.now = now;
        Ok(Ran::new(wake, reply, begin, now, turned, reason))
    }

    /// Puts a turn that was run into the batch (Express: lets it take effect at once).
    pub(super) fn record(&mut self, place: u32, slot: Slot, before: Option<Slot>, hot: Box<Hot>, ran: Ran) {
        if slot.phase == Phase::Express {
            return self.express(place, slot, hot, ran);
        }
        let mut hot = hot;
        let mut after = slot;
        let standing = match ran.progress {
            Progress::Waiting => Standing::Waiting,
            Progress::More => Standing::More,
            Progress::Ended(_) => Standing::Ended,
        };
        let timer = hot.execution.next_timer();
        let busy = standing != Standing::Ended && hot.execution.has_tasks();
        let first = slot.last.is_none();
        let redriven = first && matches!(ran.wake, Wake::Redrive);
        let snapshot = ran.reason == Reason::Clock || self.snapshot_due(&after, &hot, standing) || redriven;
        let mut head = Head {
            number: slot.number,
            pin: slot.pin,
            previous: slot.last,
            previous_snapshot: slot.snapshot,
            standing,
            timer,
            busy,
            now: ran.now,
            opening: None,
            absent: ran.absent,
            has_turn: true,
            has_snapshot: snapshot,
        };
        let mut bytes = Vec::new();
        if snapshot {
            hot.execution.snapshot(&mut bytes);
        }
        let Some(pin) = self.pins.get(slot.pin).map(|pinned| pinned.pin.clone()) else { return };
        if snapshot || first {
            head.opening = Some(hot.opening(&pin.arn_prefix));
        }
        self.scratch.clear();
        let mut scratch = std::mem::take(&mut self.scratch);
        record::put(&mut scratch, &head, &pin, Some((&ran.wake, ran.seed, ran.steps, &ran.events)), &bytes);
        after.last = self.writer.push(&scratch);
        if first {
            after.first = after.last.segment();
        }
        if snapshot {
            (after.snapshot, after.since, after.turns) = (after.last, 0, 0);
            hot.weight = bytes.len();
        } else {
            after.since = after.since.saturating_add(u32::try_from(scratch.len()).unwrap_or(u32::MAX));
            after.turns = after.turns.saturating_add(1);
            hot.weight += scratch.len();
        }
        hot.hold(ran.events.first().map_or(0, |event| event.id), &scratch);
        self.scratch = scratch;
        for effect in &ran.effects {
            if let Effect::MapRun(request) = effect {
                self.put_run(slot.number, &hot.start.arn, ran.now, request);
            }
        }
        after.busy = busy;
        self.set_timer(place, &mut after, timer);
        let ended = match ran.progress {
            Progress::Ended(outcome) => {
                after.phase = Phase::Closing;
                Some(Box::new(self.ended(place, &after, &mut hot, outcome, ran.now, pin.logged)))
            }
            _ => None,
        };
        self.slots.set(place, after);
        let done = Done {
            slot: place,
            number: slot.number,
            before,
            wake: ran.wake,
            reply: ran.reply,
            now: ran.now,
            effects: ran.effects,
            events: if pin.logged { ran.events } else { Vec::new() },
            redrives: hot.redrives.0,
            start: hot.start.clone(),
            revision: pin.revision.clone(),
            child: hot.child.filter(|_| ended.is_some()),
            more: standing == Standing::More,
            begin: ran.begin,
            ended,
        };
        self.batch.push(done);
        if standing != Standing::Ended {
            self.keep_hot(place, hot);
        }
    }

    fn snapshot_due(&self, slot: &Slot, hot: &Hot, standing: Standing) -> bool {
        if standing == Standing::Ended || slot.turns < self.around.limits.turns {
            return false;
        }
        // A large state is not written again and again for small turns.
        let mut size = Vec::new();
        hot.execution.snapshot(&mut size);
        slot.since as usize >= size.len() || slot.turns >= self.around.limits.turns.saturating_mul(16)
    }

    pub(super) fn set_timer(&mut self, place: u32, slot: &mut Slot, timer: Option<Millis>) {
        let at = timer.unwrap_or(NEVER);
        // One that has passed was handed out, maybe to this very turn: a wait of nothing within one millisecond must be
        // put in again.
        if slot.timer != at || self.wheel.has_passed(at) {
            slot.timer = at;
            if at != NEVER {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "the lower half tells lives of a slot apart"
                )]
                self.wheel.insert(Due { at, slot: place, number: slot.number as u32 });
            }
        }
    }

    /// Wakes an execution whose timer is due.
    pub(super) fn ring_one(&mut self, place: u32, now: Millis) {
        let slot = *self.slots.get(place);
        let hot = match self.heat(place) {
            Ok(hot) => hot,
            Err(error) => {
                // Its record cannot be read just now: once more in a second.
                tracing::warn!(error, "a timer cannot be served");
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "the lower half tells lives of a slot apart"
                )]
                let number = slot.number as u32;
                let mut later = slot;
                later.timer = now + 1_000;
                if self.slots.check(place, slot.number).is_some_and(|slot| slot.phase != Phase::Closing) {
                    self.slots.set(place, later);
                    self.wheel.insert(Due { at: later.timer, slot: place, number });
                }
                return;
            }
        };
        let token = |ticket| self.token(slot.hash, slot.number, ticket);
        let mut due: Vec<_> = hot
            .execution
            .pending(&token)
            .into_iter()
            .filter_map(|pending| match pending {
                Pending::Timer { ticket, at } if at <= now => Some((at, ticket)),
                _ => None,
            })
            .collect();
        due.sort_unstable();
        self.keep_hot(place, hot);
        for (_, ticket) in due {
            self.wake(place, Wake::Timer(ticket), Reply::None);
        }
    }

    /// What becomes of an execution that ended.
    pub(super) fn ended(
        &self,
        place: u32,
        slot: &Slot,
        hot: &mut Hot,
        outcome: Outcome,
        now: Millis,
        logged: bool,
    ) -> Keep {
        let revision = self.pins.get(slot.pin).map(|pinned| pinned.pin.revision.clone()).unwrap_or_default();
        let execution = described(hot, revision, Some(&outcome), now);
        let mut snapshot = Vec::new();
        if execution.status != Status::Succeeded {
            hot.execution.snapshot(&mut snapshot);
        }
        let closed = Closed {
            execution,
            logged,
            events: hot.execution.last_event(),
            parts: hot.archived.clone(),
            rest: Vec::new(),
            child: hot.child,
            snapshot: snapshot.into(),
        };
        let parts = hot.parts.take();
        Keep {
            shard: self.index,
            slot: place,
            number: slot.number,
            weight: closed.weight() + parts.as_ref().map_or(0, Parts::size),
            closed: Arc::new(closed),
            parts,
            last: slot.last,
        }
    }
}

/// What DescribeExecution tells of an execution in memory.
pub(super) fn described(hot: &Hot, revision: Arc<str>, outcome: Option<&Outcome>, now: Millis) -> Execution {
    let (status, output, failure) = match outcome {
        None => (Status::Running, None, Failure::default()),
        Some(Outcome::Succeeded(output)) => (Status::Succeeded, Some(output.clone()), Failure::default()),
        Some(Outcome::Failed(failure)) => (Status::Failed, None, failure.clone()),
        Some(Outcome::TimedOut(failure)) => (Status::TimedOut, None, failure.clone()),
        Some(Outcome::Aborted(failure)) => (Status::Aborted, None, failure.clone()),
    };
    Execution {
        start: (*hot.start).clone(),
        revision,
        status,
        stopped: outcome.map(|_| now),
        output,
        failure,
        redrives: hot.redrives,
        trace_header: hot.trace_header.clone(),
        child: hot.child.map(|place| place.told()),
        events: outcome.map(|_| hot.execution.last_event()),
    }
}

impl Hot {
    /// Who it is, for a record.
    pub(super) fn opening(&self, prefix: &str) -> Opening {
        let start = &self.start;
        let suffix = start.arn.strip_prefix(prefix).unwrap_or_default();
        Opening {
            name: start.name.clone(),
            suffix: if *suffix == *start.name { start.name.clone() } else { suffix.into() },
            at: start.at,
            input: start.input.clone(),
            trace_header: self.trace_header.clone(),
            redrives: self.redrives,
            child: self.child,
            archived: self.archived.clone(),
        }
    }

    /// Keeps a record in memory, while they are few.
    pub(super) fn hold(&mut self, first: u64, record: &[u8]) {
        if let Some(parts) = &mut self.parts {
            if parts.size() + record.len() > HELD {
                self.parts = None;
            } else {
                parts.push(first, record);
            }
        }
    }
}

/// Answers a wake that had no turn.
pub(super) fn refuse(reply: Reply, why: ChangeRefusal) {
    // Whoever does not wait any more needs no answer.
    match reply {
        Reply::None => {}
        Reply::Change(reply) => drop(reply.send(Err(why))),
        Reply::Answer(reply) => drop(reply.send(Err(match why {
            ChangeRefusal::Overloaded(reason) => AnswerRefusal::Overloaded(reason),
            ChangeRefusal::Unavailable(reason) => AnswerRefusal::Unavailable(reason),
            _ => AnswerRefusal::Over,
        }))),
    }
}
