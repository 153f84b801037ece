//! Brings executions that sleep back into memory: their newest snapshot, and the turns behind it once more.

use super::slots::NEVER;
use super::turn::{Activities, Given, run_turn};
use super::{Done, Hot, Keep, Phase, Reply, Shard, Slot};
use crate::Status;
use crate::archive::{Closed, Parts};
use crate::log::Position;
use crate::record::{self, Head, Opening, Pin, Standing};
use state_machine::guard::Guard;
use state_machine::history::{Event, EventKind, Failure};
use state_machine::interpret::{Execution, Start, Wake};
use state_machine::program::Program;
use std::sync::Arc;

/// Why an execution cannot go on.
enum Trouble {
    /// Reading failed; it may succeed later.
    Later(String),
    /// What was recorded cannot be run again.
    Lost(String),
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Trouble {
        Trouble::Later(error.to_string())
    }
}

impl From<crate::codec::Malformed> for Trouble {
    fn from(error: crate::codec::Malformed) -> Trouble {
        Trouble::Lost(error.to_string())
    }
}

impl Shard {
    /// Takes an execution out of memory, where it is brought first if need be. One that cannot be brought back is
    /// ended with the reason.
    pub(super) fn heat(&mut self, place: u32) -> Result<Box<Hot>, String> {
        if let Some(hot) = self.hot.take(place) {
            return Ok(hot);
        }
        let slot = *self.slots.get(place);
        match self.revive(&slot) {
            Ok(hot) => Ok(hot),
            Err(Trouble::Later(error)) => Err(error),
            Err(Trouble::Lost(error)) => {
                tracing::error!(shard = self.index, number = slot.number, error, "an execution cannot go on");
                if self.stalled.is_none() && self.give_up(place, &slot, &error).is_err() {
                    tracing::error!(shard = self.index, number = slot.number, "nor can it be ended");
                }
                Err(error)
            }
        }
    }

    /// The program of a revision.
    pub(super) fn program(&self, revision: &Arc<str>) -> Result<Arc<Program>, String> {
        if let Some(program) = self.around.programs.known(revision) {
            return Ok(program);
        }
        let kept = self.around.archive.definition(revision).map_err(|error| error.0)?;
        let kept =
            kept.ok_or_else(|| format!("the definition of revision {revision} is not there any more"))?;
        self.around.programs.compiled(revision, &kept.definition)
    }

    /// Who sleeps in a slot.
    pub(super) fn who(&self, place: u32) -> Result<Arc<Start>, String> {
        if let Some(hot) = self.hot.get(place) {
            return Ok(hot.start.clone());
        }
        let slot = self.slots.get(place);
        let pin = self.pins.get(slot.pin).map(|pinned| pinned.pin.clone());
        let pin = pin.ok_or("its pin is not there")?;
        let (_, opening) = self.opening(slot, &pin).map_err(|error| error.to_string())?;
        Ok(Arc::new(pin.start(&opening)))
    }

    /// Its newest opening, and the records from there on, the newest first.
    #[expect(clippy::type_complexity, reason = "records with their places")]
    pub(super) fn opening(
        &self,
        slot: &Slot,
        pin: &Pin,
    ) -> std::io::Result<(Vec<(Position, Vec<u8>)>, Opening)> {
        let seeds = record::seeds_of_pin(pin);
        let mut at = slot.last;
        let mut records = Vec::new();
        loop {
            let bytes = self.log.read(at)?;
            let damaged = |_| std::io::Error::from(std::io::ErrorKind::InvalidData);
            let (head, _) = record::take_execution(&bytes, &seeds).map_err(damaged)?;
            records.push((at, bytes));
            match (head.opening, head.previous) {
                (Some(opening), _) => return Ok((records, opening)),
                (None, previous) if previous.is_none() => return Err(std::io::ErrorKind::InvalidData.into()),
                (None, previous) => at = previous,
            }
        }
    }

    fn revive(&self, slot: &Slot) -> Result<Box<Hot>, Trouble> {
        let pin = self.pins.get(slot.pin).map(|pinned| pinned.pin.clone());
        let pin = pin.ok_or_else(|| Trouble::Lost("its pin is not there".to_owned()))?;
        let (records, opening) = self.opening(slot, &pin)?;
        let start = Arc::new(pin.start(&opening));
        let program = self.program(&pin.revision).map_err(Trouble::Later)?;
        let mut hot = Box::new(Hot {
            execution: Execution::new(program.clone(), start.clone()),
            start: start.clone(),
            trace_header: opening.trace_header.clone(),
            redrives: opening.redrives,
            child: opening.child,
            archived: opening.archived.clone(),
            parts: None,
            now: opening.at,
            waiting: None,
            revision: None,
            lasting: None,
            weight: opening.input.len(),
        });
        let whole = records.last().is_some_and(|(at, _)| *at != slot.snapshot);
        if whole {
            hot.parts = Some(Parts::after(opening.archived));
        }
        let seeds = record::seeds(&start);
        for (_, bytes) in records.iter().rev() {
            let (head, mut reader) = record::take_execution(bytes, &seeds)?;
            let turn = if head.has_turn { Some(record::turn(&mut reader, &head)?) } else { None };
            let first = turn.as_ref().and_then(|turn| turn.events.first()).map(|event| event.id);
            if head.has_snapshot {
                let snapshot = record::snapshot(&mut reader)?;
                hot.execution = Execution::restore(program.clone(), start.clone(), snapshot)
                    .map_err(|error| Trouble::Lost(error.to_string()))?;
                hot.now = head.now;
            } else if let Some(turn) = turn {
                self.again(slot, &mut hot, &head, turn)?;
            }
            hot.weight += bytes.len();
            if let Some(first) = first {
                hot.hold(first, bytes);
            }
        }
        Ok(hot)
    }

    /// Runs a recorded turn once more. It must do what it did.
    fn again(&self, slot: &Slot, hot: &mut Hot, head: &Head, turn: record::TurnPart) -> Result<(), Trouble> {
        let mut draws = super::Draws::new(turn.seed.unwrap_or(0));
        let token = |ticket| self.token(slot.hash, slot.number, ticket);
        // No clock is looked at: what was quick comes to its end, and what was not has a snapshot.
        let guard = Guard::again(turn.steps);
        let given = Given { now: head.now, token: &token, budget: self.around.limits.budget };
        let activities = &mut Activities::recorded(head.absent);
        let turned = run_turn(&mut hot.execution, turn.wake, &given, &mut draws, activities, &guard);
        hot.now = head.now;
        let same = turned.is_ok_and(|turned| turned.did(&turn.events));
        if !same || (turn.seed.is_none() && draws.drawn) {
            let place = turn.events.first().map_or(0, |event| event.id);
            return Err(Trouble::Lost(format!(
                "run again, it does not do what its history says from event {place} on: \
                 this program runs its definition differently"
            )));
        }
        Ok(())
    }

    /// Ends an execution that cannot be run any further, so that nobody waits for ever.
    fn give_up(&mut self, place: u32, slot: &Slot, cause: &str) -> Result<(), Trouble> {
        let pin = self.pins.get(slot.pin).map(|pinned| pinned.pin.clone());
        let pin = pin.ok_or_else(|| Trouble::Lost("its pin is not there".to_owned()))?;
        let (_, opening) = self.opening(slot, &pin)?;
        let start = Arc::new(pin.start(&opening));
        let last = self.last_event(slot, &record::seeds(&start))?;
        let failure = Failure::new("States.Runtime", cause);
        let now = self.clock.last();
        let event = Event {
            id: last + 1,
            previous: last,
            at: now,
            kind: EventKind::ExecutionFailed(failure.clone()),
        };
        let head = Head {
            number: slot.number,
            pin: slot.pin,
            previous: slot.last,
            previous_snapshot: Position::NONE,
            standing: Standing::Ended,
            timer: None,
            busy: false,
            now,
            opening: None,
            absent: None,
            has_turn: true,
            has_snapshot: false,
        };
        let wake = Wake::Stop(failure.clone());
        let events = vec![event];
        let mut bytes = Vec::new();
        record::put(&mut bytes, &head, &pin, Some((&wake, None, 0, &events)), &[]);
        let mut after = *slot;
        after.last = self.writer.push(&bytes);
        (after.phase, after.timer, after.busy) = (Phase::Closing, NEVER, false);
        self.slots.set(place, after);
        let execution = crate::Execution {
            start: (*start).clone(),
            revision: pin.revision.clone(),
            status: Status::Failed,
            stopped: Some(now),
            output: None,
            failure,
            redrives: opening.redrives,
            trace_header: opening.trace_header,
            child: opening.child.map(|place| place.told()),
            events: Some(last + 1),
        };
        let closed = Closed {
            execution,
            logged: pin.logged,
            events: last + 1,
            parts: opening.archived,
            rest: Vec::new(),
            child: opening.child,
            snapshot: Arc::new([]),
        };
        let ended = Keep {
            shard: self.index,
            slot: place,
            number: slot.number,
            weight: closed.weight(),
            closed: Arc::new(closed),
            parts: None,
            last: after.last,
        };
        self.batch.push(Done {
            slot: place,
            number: slot.number,
            before: Some(*slot),
            wake,
            reply: Reply::None,
            now,
            effects: Vec::new(),
            events: if pin.logged { events } else { Vec::new() },
            redrives: opening.redrives.0,
            start,
            revision: pin.revision.clone(),
            ended: Some(Box::new(ended)),
            child: opening.child,
            more: false,
            begin: None,
        });
        Ok(())
    }

    /// Id of the newest event in the log.
    fn last_event(&self, slot: &Slot, seeds: &[Arc<str>]) -> Result<u64, Trouble> {
        let mut at = slot.last;
        while !at.is_none() {
            let bytes = self.log.read(at)?;
            let (head, reader) = record::take_execution(&bytes, seeds)?;
            if head.has_turn {
                let (first, count) = record::span(reader)?;
                if count > 0 {
                    return Ok(first + count - 1);
                }
            }
            at = head.previous;
        }
        Ok(0)
    }
}
