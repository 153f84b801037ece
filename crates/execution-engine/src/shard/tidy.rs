//! Removes segments that nobody needs, and moves the few executions that hold an old one.

use super::{Phase, Shard};
use crate::archive::Parts;
use crate::history;
use crate::log::Position;
use crate::message::Trail;
use crate::record::{self, Head, Standing};

/// How far tidying has come.
#[derive(Default)]
pub(super) struct Tidying {
    /// The log knows how far the archive has come.
    pub(super) told: bool,
    /// Slot from which on the next execution to be moved is looked for.
    from: usize,
}

/// Executions moved in one round.
const STEP: usize = 64;
/// An execution is worth this many bytes of an old segment: beyond that it is moved, and the segment removed.
const WORTH: u64 = 4 << 10;

impl Shard {
    /// One step; part of every round. Records that it writes belong to the batch.
    pub(crate) fn tidy(&mut self) {
        if self.stalled.is_some() {
            return;
        }
        let Ok(segments) = self.log.disk.list() else { return };
        if segments.len() <= 1 {
            return;
        }
        let oldest = segments[0];
        if oldest >= self.writer.end().segment() {
            return;
        }
        let holders = self.slots.in_segment(oldest);
        if holders == 0 {
            return self.remove(oldest);
        }
        let few = holders.saturating_mul(WORTH) < self.around.limits.segment;
        if segments.len() > self.around.limits.segments && few {
            self.move_some(oldest);
        }
    }

    fn remove(&mut self, segment: u32) {
        let (used, spare) = self.pins.in_segment(segment);
        if !used.is_empty() {
            // Written again first; the segment goes in a later round, when that is durable.
            for number in used {
                let Some(pinned) = self.pins.get(number).cloned() else { continue };
                let mut bytes = Vec::new();
                record::put_pin(&mut bytes, number, &pinned.pin);
                let place = self.writer.push(&bytes);
                self.moved_pins.push((number, pinned.record));
                self.pins.put(number, pinned.pin, place);
            }
            return;
        }
        for number in spare {
            self.pins.unwritten(number);
        }
        self.pins.tidy();
        if let Err(error) = self.log.disk.remove(segment) {
            tracing::warn!(shard = self.index, segment, %error, "an old segment cannot be removed");
        }
    }

    fn move_some(&mut self, segment: u32) {
        let places = self.slots.of_segment(segment, self.tidying.from, STEP);
        if places.is_empty() {
            // Those that remain are on their way into the archive, or hold Map Runs.
            self.tidying.from = 0;
            return;
        }
        for place in places {
            self.tidying.from = place as usize + 1;
            if self.runs.of(self.slots.get(place).number) {
                continue;
            }
            if let Err(error) = self.move_one(place) {
                tracing::warn!(
                    shard = self.index,
                    error,
                    "an execution cannot be moved out of an old segment"
                );
            }
        }
    }

    /// Puts the history so far into the archive and writes a record that stands for all records before it.
    fn move_one(&mut self, place: u32) -> Result<(), String> {
        let slot = *self.slots.get(place);
        // Records of the present batch cannot be read yet.
        if slot.phase != Phase::Open || slot.last >= self.writer.end() {
            return Ok(());
        }
        let start = self.who(place)?;
        let trail = Trail { start: start.clone(), last: slot.last };
        let mut parts = history::collect(&self.log, &self.around.archive, &trail).map_err(|error| error.0)?;
        let (archived, _) = parts.finish(false);
        self.around.archive.keep_parts(&start.arn, &parts).map_err(|error| error.0)?;
        let bytes = self.log.read(slot.last).map_err(|error| error.to_string())?;
        let (old, _) = record::take_execution(&bytes, &record::seeds(&start)).map_err(|e| e.to_string())?;
        let mut hot = self.heat(place)?;
        hot.archived.clone_from(&archived);
        hot.parts = Some(Parts::after(archived));
        let pin = self.pins.get(slot.pin).map(|pinned| pinned.pin.clone()).ok_or("its pin is not there")?;
        let mut snapshot = Vec::new();
        hot.execution.snapshot(&mut snapshot);
        let standing = if old.standing == Standing::More { Standing::More } else { Standing::Waiting };
        let head = Head {
            number: slot.number,
            pin: slot.pin,
            previous: Position::NONE,
            previous_snapshot: Position::NONE,
            standing,
            timer: hot.execution.next_timer(),
            busy: slot.busy,
            now: hot.now,
            opening: Some(hot.opening(&pin.arn_prefix)),
            absent: None,
            has_turn: false,
            has_snapshot: true,
        };
        let mut record = Vec::new();
        record::put(&mut record, &head, &pin, None, &snapshot);
        let mut after = slot;
        after.last = self.writer.push(&record);
        (after.snapshot, after.first) = (after.last, after.last.segment());
        (after.since, after.turns) = (0, 0);
        self.moved.push((place, slot));
        self.slots.set(place, after);
        self.keep_hot(place, hot);
        Ok(())
    }
}
