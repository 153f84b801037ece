//! Express executions: in memory, and only the starts of asynchronous ones in the log.
//!
//! A start is answered, and run, when its record is durable. What a crash leaves without the mark that it is over is run
//! again from its beginning: at least once. A mark waits for the next frame that is written anyway, [`MARK_AFTER`] at most.
//!
//! What they hold in memory is bounded ([`super::Limits::express`]): beyond it callers are sent away and children of Map
//! Runs wait, and at twice as much one that has grown is stopped.

use super::receive::EXPRESS;
use super::slots::Plain;
use super::turn::Ran;
use super::warm::BESIDE;
use super::{Hot, Phase, Reply, Shard, Slot};
use crate::engine::hash;
use crate::log::Position;
use crate::message::{Begin, Message, StartReply};
use crate::record::{self, Opening};
use crate::{Execution, StartRefusal, Status};
use state_machine::Millis;
use state_machine::history::Failure;
use state_machine::interpret::{Outcome, Progress, Start, Wake};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

/// Milliseconds after which a mark is worth a sync of its own.
const MARK_AFTER: Millis = 1_000;
/// Marks that are worth a sync of their own.
const MARKS: usize = 1_000;

/// The start of an asynchronous Express execution in the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lasting {
    pub(super) number: u64,
    pub(super) pin: u32,
    /// Segment of its record, which stays until the end is marked.
    pub(super) segment: u32,
}

/// Starts on their way into the log, and out of it.
#[derive(Default)]
pub(super) struct Starts {
    /// In the present frame.
    begun: Vec<(Lasting, Box<Begin>)>,
    /// Over, and not marked yet.
    over: Vec<Lasting>,
    /// When the first of `over` ended.
    since: Option<Millis>,
    /// All of `over` are marked in the present frame.
    marked: bool,
    /// Slots of children of Map Runs, whose runs may stop them, by the hash of their ARN.
    children: HashMap<u64, u32, BuildHasherDefault<Plain>>,
    /// Children of Map Runs for which there is no room yet, with the hash of their ARN; as many as
    /// their runs' concurrency admits.
    crowded: VecDeque<(u64, Box<Begin>)>,
    /// Left by the process before.
    left: Vec<(Lasting, Opening)>,
}

impl Starts {
    /// What a log holds that is not over.
    pub(super) fn left(left: Vec<(Lasting, Opening)>) -> Starts {
        Starts { left, ..Starts::default() }
    }

    /// Number of starts in the present frame.
    pub(super) fn begun(&self) -> usize {
        self.begun.len()
    }
}

impl Shard {
    pub(super) fn begin_express(&mut self, mut begin: Box<Begin>) {
        if !self.has_express_room() {
            if matches!(begin.reply, StartReply::Child(_)) {
                let hash = hash(&begin.new.start.arn);
                self.inbox().set_aside(begin.new.start.input.len(), 0);
                return self.express.crowded.push_back((hash, begin));
            }
            let refusal = StartRefusal::Overloaded("too many Express executions are running".to_owned());
            return self.refuse_start(begin, refusal);
        }
        begin.new.start.at = self.now();
        begin.new.start.express = true;
        if matches!(begin.reply, StartReply::Started(_)) {
            return self.write_express(begin);
        }
        let Begin { new, program, reply } = *begin;
        let mut hot = Self::ready(program, Arc::new(new.start), new.trace_header);
        hot.revision = Some(new.revision.id.clone());
        if let StartReply::Child(place) = &reply {
            hot.child = Some(*place);
        }
        hot.waiting = Some(reply);
        self.run_express(hot);
    }

    fn has_express_room(&self) -> bool {
        self.hot.express().bytes < self.around.limits.express
    }

    /// Puts a start into the frame.
    fn write_express(&mut self, begin: Box<Begin>) {
        let number = match self.pin(&begin) {
            Ok(number) => number,
            Err(refusal) => return self.refuse_start(begin, refusal),
        };
        let Some(pin) = self.pins.get(number).map(|pinned| pinned.pin.clone()) else { return };
        self.next_number += 1;
        let start = &begin.new.start;
        let opening = Opening {
            name: start.name.clone(),
            suffix: start.arn.strip_prefix(&*pin.arn_prefix).unwrap_or_default().into(),
            at: start.at,
            input: start.input.clone(),
            trace_header: begin.new.trace_header.clone(),
            redrives: (0, None),
            child: None,
            archived: Vec::new(),
        };
        let mut bytes = Vec::new();
        record::put_express(&mut bytes, self.next_number, number, &pin, &opening);
        let at = self.writer.push(&bytes);
        let lasting = self.hold_express(self.next_number, number, at);
        self.express.begun.push((lasting, begin));
    }

    pub(super) fn hold_express(&mut self, number: u64, pin: u32, at: Position) -> Lasting {
        self.pins.used(pin);
        self.slots.hold(at.segment());
        Lasting { number, pin, segment: at.segment() }
    }

    fn let_go(&mut self, lasting: Lasting) {
        self.pins.unused(lasting.pin);
        self.slots.let_go(lasting.segment);
    }

    /// The frame is durable: what began with it is answered and runs, what was marked is forgotten.
    pub(super) fn express_written(&mut self) {
        if std::mem::take(&mut self.express.marked) {
            for lasting in std::mem::take(&mut self.express.over) {
                self.let_go(lasting);
            }
            self.express.since = None;
        }
        for (lasting, begin) in std::mem::take(&mut self.express.begun) {
            let Begin { new, program, reply } = *begin;
            let at = new.start.at;
            let mut hot = Self::ready(program, Arc::new(new.start), new.trace_header);
            hot.revision = Some(new.revision.id.clone());
            hot.lasting = Some(lasting);
            self.run_express(hot);
            if let StartReply::Started(reply) = reply {
                drop(reply.send(Ok(at)));
            }
        }
    }

    /// The frame was not written: nothing began with it, and the marks come again.
    pub(super) fn express_unwritten(&mut self) {
        self.express.marked = false;
        for (lasting, begin) in std::mem::take(&mut self.express.begun) {
            self.let_go(lasting);
            let reason = self.stalled.clone().unwrap_or_default();
            self.refuse_start(begin, StartRefusal::Unavailable(reason));
        }
    }

    /// Marks what is over, if the frame is written anyway or it has waited long enough.
    pub(super) fn mark_over(&mut self) {
        let Some(since) = self.express.since else { return };
        let waited = self.now().saturating_sub(since);
        if !self.writer.is_empty() || self.express.over.len() >= MARKS || waited >= MARK_AFTER {
            self.put_over();
        }
    }

    fn put_over(&mut self) {
        let numbers: Vec<u64> = self.express.over.iter().map(|lasting| lasting.number).collect();
        self.express.marked = true;
        let mut bytes = Vec::new();
        record::put_over(&mut bytes, &numbers);
        self.writer.push(&bytes);
    }

    /// The last of a shard: what is over does not run again.
    pub(crate) fn close(&mut self) {
        if self.express.over.is_empty() {
            return;
        }
        self.prepare();
        if self.stalled.is_none() {
            self.put_over();
            match self.writer.commit() {
                Ok(()) => self.express_written(),
                Err(error) => {
                    tracing::warn!(shard = self.index, %error, "ended Express executions will run again");
                }
            }
        }
    }

    /// Begins anew what the process before had begun and not brought to its end.
    pub(super) fn begin_express_again(&mut self) {
        for (lasting, opening) in std::mem::take(&mut self.express.left) {
            let Some(pin) = self.pins.get(lasting.pin).map(|pinned| pinned.pin.clone()) else { continue };
            let mut start = pin.start(&opening);
            // It has its five minutes from now.
            start.at = self.now();
            start.express = true;
            match self.program(&pin.revision) {
                Ok(program) => {
                    let mut hot = Self::ready(program, Arc::new(start), opening.trace_header);
                    hot.revision = Some(pin.revision.clone());
                    hot.lasting = Some(lasting);
                    self.run_express(hot);
                }
                Err(error) => {
                    tracing::error!(shard = self.index, error, "an Express execution cannot be run again");
                    self.fail_express(lasting, start, pin.revision.clone(), error);
                }
            }
        }
    }

    /// Ends one that cannot even begin.
    fn fail_express(&mut self, lasting: Lasting, start: Start, revision: Arc<str>, error: String) {
        let now = start.at;
        self.around.outside.ended(&Execution {
            start,
            revision,
            status: Status::Failed,
            stopped: Some(now),
            output: None,
            failure: Failure::new("States.Runtime", error),
            redrives: (0, None),
            trace_header: None,
            child: None,
            events: None,
        });
        self.over(lasting, now);
    }

    /// Begins children that waited for room, by what their inputs will take of it.
    fn begin_crowded(&mut self) {
        let mut room = self.around.limits.express.saturating_sub(self.hot.express().bytes);
        while room > 0
            && let Some((_, begin)) = self.express.crowded.pop_front()
        {
            let input = begin.new.start.input.len();
            room = room.saturating_sub(input + BESIDE);
            self.inbox().set_aside(0, input);
            self.next.push_back(Message::Start(begin));
        }
    }

    /// A child of a Map Run that has not begun is not wanted any more.
    pub(super) fn forget_crowded(&mut self, arn: &str) {
        let (hash, inbox) = (hash(arn), self.inbox());
        self.express.crowded.retain(|(other, begin)| {
            let stays = *other != hash || *begin.new.start.arn != *arn;
            inbox.set_aside(0, if stays { 0 } else { begin.new.start.input.len() });
            stays
        });
    }

    /// Slot of a child of a Map Run.
    pub(super) fn express_child(&self, arn: &str) -> Option<u32> {
        self.express.children.get(&hash(arn)).copied()
    }

    fn over(&mut self, lasting: Lasting, now: Millis) {
        self.express.over.push(lasting);
        self.express.since.get_or_insert(now);
    }

    fn run_express(&mut self, mut hot: Box<Hot>) {
        hot.parts = None;
        // From a place that chance chose at the start: a token or key of before a crash is never another's.
        self.next_express = self.next_express.wrapping_add(1) & !EXPRESS;
        let mut slot =
            Slot { phase: Phase::Express, ..Slot::new(0, self.next_express | EXPRESS, hot.start.at) };
        let place = self.slots.insert(slot, 0);
        slot.hash = u64::from(place);
        self.slots.set(place, slot);
        if hot.child.is_some() {
            self.express.children.insert(hash(&hot.start.arn), place);
        }
        self.keep_hot(place, hot);
        self.wake(place, Wake::Start, Reply::None);
    }

    /// Lets a turn of an Express execution take effect: nothing of it is written.
    pub(super) fn express(&mut self, place: u32, slot: Slot, hot: Box<Hot>, ran: Ran) {
        let mut after = slot;
        let timer = hot.execution.next_timer();
        self.set_timer(place, &mut after, timer);
        self.slots.set(place, after);
        let (start, revision) = (hot.start.clone(), hot.revision.clone().unwrap_or_default());
        if !ran.events.is_empty() {
            self.around.outside.events(&start, &revision, 0, &ran.events);
        }
        // In its place before its effects: a Map Run asks for it there.
        let ended = if let Progress::Ended(_) = ran.progress {
            Some(hot)
        } else {
            self.keep_express(place, hot);
            None
        };
        for effect in ran.effects {
            self.effect(place, slot.number, &start, effect, ran.now);
        }
        // Whoever asked may have gone.
        match ran.reply {
            Reply::None => {}
            Reply::Change(reply) => drop(reply.send(Ok(ran.now))),
            Reply::Answer(reply) => drop(reply.send(Ok(()))),
        }
        match (ran.progress, ended) {
            (Progress::Ended(outcome), Some(hot)) => self.end_express(place, hot, outcome, ran.now),
            (Progress::More, _) => self.wake(place, Wake::Continue, Reply::None),
            _ => {}
        }
    }

    /// Keeps one that goes on, by its present size.
    fn keep_express(&mut self, place: u32, mut hot: Box<Hot>) {
        hot.parts = None;
        let mut snapshot = std::mem::take(&mut self.scratch);
        snapshot.clear();
        hot.execution.snapshot(&mut snapshot);
        hot.weight = snapshot.len();
        self.scratch = snapshot;
        self.keep_hot(place, hot);
        if self.hot.express().bytes > self.around.limits.express.saturating_mul(2) {
            let cause = "The memory for Express executions is full.";
            self.wake(place, Wake::Stop(Failure::new("States.Runtime", cause)), Reply::None);
        }
    }

    /// Tells whoever is concerned that an Express execution ended.
    fn end_express(&mut self, place: u32, hot: Box<Hot>, outcome: Outcome, now: Millis) {
        self.slots.remove(place, 0);
        if hot.child.is_some() {
            self.express.children.remove(&hash(&hot.start.arn));
        }
        self.begin_crowded();
        let execution =
            super::turn::described(&hot, hot.revision.clone().unwrap_or_default(), Some(&outcome), now);
        self.around.outside.ended(&execution);
        if let Some(lasting) = hot.lasting {
            self.over(lasting, now);
        }
        match hot.waiting {
            Some(StartReply::Ended(reply)) => drop(reply.send(Ok(execution))),
            Some(StartReply::Child(place)) => {
                let times = super::commit::times_of(&execution);
                self.tell_parent(place, outcome, false, times);
            }
            _ => {}
        }
    }
}
