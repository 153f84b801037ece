//! Builds a shard from its log.

use super::slots::{NEVER, Plain};
use super::{Keep, Limits, Phase, Reply, Shard, Slot, Slots, Surroundings, map_run, tidy, warm};
use crate::archive::Closed;
use crate::clock::ShardClock;
use crate::codec::Malformed;
use crate::engine::hash_of_parts;
use crate::log::{Log, LogWriter, Position};
use crate::message::Trail;
use crate::record::{self, Head, Opening, Record, Standing};
use crate::wheel::{Due, Wheel};
use crate::{EngineError, Status};
use state_machine::interpret::Wake;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use super::express::Starts;
use super::pins::Pins;

/// What is known of an execution while the log is read.
struct Found {
    slot: Slot,
    standing: Standing,
    redriven: bool,
}

/// What a log holds.
#[derive(Default)]
struct Reading {
    found: Vec<Found>,
    /// Places in `found` by number.
    places: HashMap<u64, usize, BuildHasherDefault<Plain>>,
    pins: Pins,
    archived: Position,
    last_number: u64,
    last_time: i64,
    children: map_run::Ends,
    /// Records whose pin has not come yet. Those of executions that are in the archive wait in vain.
    early: HashMap<u32, Vec<(Position, Vec<u8>)>>,
    /// Express executions that are not over, by number.
    express: BTreeMap<u64, (Position, u32, Opening)>,
    /// Those that are over, and whose start may be among the early ones.
    over: HashSet<u64>,
}

impl Reading {
    fn take(&mut self, at: Position, bytes: &[u8]) -> Result<(), EngineError> {
        let pins = &self.pins;
        let record = record::take(bytes, |number, reader| match pins.get(number) {
            Some(pinned) => {
                reader.seed(&pinned.seeds);
                true
            }
            None => false,
        });
        let damaged = |_: Malformed| {
            EngineError::Damaged(format!("a record at {}:{} cannot be read", at.segment(), at.offset()))
        };
        match record.map_err(damaged)? {
            Record::Pin(number, pin) => {
                self.pins.put(number, Arc::new(pin), at);
                // A pin is written again when the segment goes where it stood; then it comes behind its users.
                for (at, bytes) in self.early.remove(&number).unwrap_or_default() {
                    self.take(at, &bytes)?;
                }
            }
            Record::Archived(upto) => self.archived = self.archived.max(upto),
            Record::Child(end) => self.children.put(&end),
            Record::Run(part) => self.children.run(*part),
            Record::Execution(head, _) => self.execution(at, bytes.len(), &head),
            Record::Express(number, pin, opening) => {
                self.last_number = self.last_number.max(number);
                self.last_time = self.last_time.max(opening.at);
                if !self.over.remove(&number) {
                    self.express.insert(number, (at, pin, *opening));
                }
            }
            Record::Over(numbers) => {
                for number in numbers {
                    self.last_number = self.last_number.max(number);
                    if self.express.remove(&number).is_none() && !self.early.is_empty() {
                        self.over.insert(number);
                    }
                }
            }
            Record::Unknown { number, pin } => {
                self.last_number = self.last_number.max(number);
                // If it never comes, since its users are in the archive and its segment is gone, another pin with this
                // number must not be taken for it.
                self.pins.seen(pin);
                self.early.entry(pin).or_default().push((at, bytes.to_vec()));
            }
        }
        Ok(())
    }

    fn execution(&mut self, at: Position, length: usize, head: &Head) {
        self.last_number = self.last_number.max(head.number);
        self.last_time = self.last_time.max(head.now);
        if let Some(opening) = head.opening.as_ref().filter(|_| head.previous.is_none()) {
            // The first record, or the one that took the place of all before it.
            let prefix = self.pins.get(head.pin).map_or("", |pinned| &*pinned.pin.arn_prefix);
            let slot = Slot {
                last: at,
                first: at.segment(),
                pin: head.pin,
                ..Slot::new(hash_of_parts(prefix, &opening.suffix), head.number, opening.at)
            };
            let found = Found { slot, standing: head.standing, redriven: opening.redrives.0 > 0 };
            if let Some(moved) = self.places.get(&head.number).and_then(|place| self.found.get_mut(*place)) {
                *moved = found;
            } else {
                self.places.insert(head.number, self.found.len());
                self.found.push(found);
            }
        }
        // Without its beginning it ended long ago: a segment before was removed.
        let place = self.places.get(&head.number);
        let Some(found) = place.and_then(|place| self.found.get_mut(*place)) else { return };
        let slot = &mut found.slot;
        slot.last = at;
        slot.timer = head.timer.unwrap_or(NEVER);
        slot.busy = head.busy;
        if head.has_snapshot {
            (slot.snapshot, slot.since, slot.turns) = (at, 0, 0);
        } else {
            slot.since = slot.since.saturating_add(u32::try_from(length).unwrap_or(u32::MAX));
            slot.turns = slot.turns.saturating_add(1);
        }
        found.standing = head.standing;
        if head.standing == Standing::Ended {
            self.children.ended(head.number, head.now);
        }
    }
}

impl Shard {
    /// Reads the log of a shard and takes its executions up. Tasks are not dispatched before [`Shard::begin_again`].
    pub(crate) fn open(
        index: u16,
        log: Arc<Log>,
        around: Surroundings,
        random: u64,
    ) -> Result<Shard, EngineError> {
        let mut reading = Reading::default();
        let end = log.scan(|at, bytes| reading.take(at, bytes))?;
        let Limits { segment, .. } = around.limits;
        // What waits here may be woken in months: until then its definition is needed.
        reading.pins.revisions().for_each(|revision| around.programs.pin(revision));
        let clock = ShardClock::new(reading.last_time, &*around.clock);
        let mut shard = Shard {
            index,
            writer: LogWriter::new(log.clone(), end.position, end.sequence, segment),
            log,
            wheel: Wheel::new(clock.last()),
            clock,
            slots: Slots::default(),
            hot: warm::Warm::default(),
            pins: reading.pins,
            closing: HashMap::new(),
            runs: map_run::Runs::default(),
            next_number: reading.last_number,
            next_express: super::mix(random),
            random,
            runnable: VecDeque::new(),
            unread: (Vec::new(), 0),
            slow: super::aside::Slow::default(),
            batch: Vec::new(),
            moved: Vec::new(),
            moved_pins: Vec::new(),
            pinned: Vec::new(),
            questions: Vec::new(),
            deferred: VecDeque::new(),
            next: VecDeque::new(),
            stalled: None,
            due: Vec::new(),
            held: Vec::new(),
            scratch: Vec::new(),
            changed: Vec::new(),
            tidying: tidy::Tidying::default(),
            express: Starts::default(),
            archived: reading.archived,
            around,
        };
        shard.runs.restore(reading.children);
        drop(reading.places);
        let mut found = reading.found;
        found.sort_unstable_by_key(|found| found.slot.number);
        shard.slots.reserve(found.len());
        for found in found {
            shard.take_up(found);
        }
        let left = reading
            .express
            .into_iter()
            .map(|(number, (at, pin, opening))| (shard.hold_express(number, pin, at), opening));
        let left = left.collect();
        shard.express = Starts::left(left);
        Ok(shard)
    }

    fn take_up(&mut self, found: Found) {
        let mut slot = found.slot;
        if found.standing == Standing::Ended {
            if slot.last <= self.archived {
                return;
            }
            slot.phase = Phase::Closing;
        }
        if found.redriven {
            self.around.archive.reopen(slot.hash);
        }
        self.pins.used(slot.pin);
        let owner = self.pins.owner_of(slot.pin);
        let place = self.slots.insert(slot, owner);
        if slot.timer != NEVER {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the lower half tells lives of a slot apart"
            )]
            self.wheel.insert(Due { at: slot.timer, slot: place, number: slot.number as u32 });
        }
        if found.standing == Standing::More {
            self.wake(place, Wake::Continue, Reply::None);
        }
    }

    /// Goes on where the process before ended: dispatches tasks again, and archives what had ended. In the order of the
    /// log, since an execution may have ended twice (redrive).
    pub(crate) fn begin_again(&mut self) {
        let mut places: Vec<(Position, u32, Slot)> =
            self.slots.used().map(|(place, slot)| (slot.last, place, *slot)).collect();
        places.sort_unstable_by_key(|(last, ..)| *last);
        let mut failed = HashSet::new();
        for (_, place, slot) in places {
            let done = match slot.phase {
                Phase::Closing => self.archive_again(place, &slot),
                Phase::Open if slot.busy => self.resume(place).and_then(|()| self.report_child(place)),
                Phase::Open => self.report_child(place),
                Phase::Express => Ok(()),
            };
            if let Err(error) = done {
                failed.insert(slot.number);
                tracing::error!(shard = self.index, error, "an execution could not be taken up again");
            }
            // However many wait for tasks, not all of them are in memory at once.
            self.cool();
        }
        self.settle_runs(&failed);
        self.begin_express_again();
    }

    /// Archives an execution that had ended before the restart: its last turn is run again for its outcome.
    fn archive_again(&mut self, place: u32, slot: &Slot) -> Result<(), String> {
        let closed = match self.heat(place) {
            Ok(mut hot) => {
                let outcome = hot.execution.outcome().cloned().ok_or("its record says that it ended")?;
                let logged = self.pins.get(slot.pin).is_some_and(|pinned| pinned.pin.logged);
                let now = hot.now;
                self.ended(place, slot, &mut hot, outcome, now, logged)
            }
            Err(error) => self.archive_failed(place, slot).ok_or(error)?,
        };
        self.archive(closed);
        Ok(())
    }

    /// The same for one that was given up: its last event tells how it ended.
    fn archive_failed(&self, place: u32, slot: &Slot) -> Option<Keep> {
        let pin = self.pins.get(slot.pin)?.pin.clone();
        let start = self.who(place).ok()?;
        let child = self.place_of(place).ok()?;
        let trail = Trail { start: start.clone(), last: slot.last };
        let asked = crate::history::Asked { reverse: true, after: None, limit: 1 };
        let page = crate::history::of_open(&self.log, &self.around.archive, &trail, asked).ok()?;
        let event = page.events.into_iter().next()?;
        let state_machine::history::EventKind::ExecutionFailed(failure) = event.kind else { return None };
        let execution = crate::Execution {
            start: (*start).clone(),
            revision: pin.revision.clone(),
            status: Status::Failed,
            stopped: Some(event.at),
            output: None,
            failure,
            redrives: (0, None),
            trace_header: None,
            child: child.map(|place| place.told()),
            events: Some(event.id),
        };
        let closed = Closed {
            execution,
            logged: pin.logged,
            events: event.id,
            parts: Vec::new(),
            rest: Vec::new(),
            child,
            snapshot: Arc::new([]),
        };
        let (shard, number, last) = (self.index, slot.number, slot.last);
        let weight = closed.weight();
        Some(Keep { shard, slot: place, number, closed: Arc::new(closed), parts: None, last, weight })
    }
}
