//! The executions a shard knows: a small entry each, found by hash, listed by machine and time.

use crate::log::Position;
use state_machine::Millis;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

/// What stays in memory of an execution that sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Hash of its ARN.
    pub(crate) hash: u64,
    /// Its number in this shard; 0: the slot is free.
    pub(crate) number: u64,
    /// Its newest durable or about to be durable record.
    pub(crate) last: Position,
    /// Its newest snapshot.
    pub(crate) snapshot: Position,
    pub(crate) started: Millis,
    /// Its earliest timer; [`NEVER`]: none.
    pub(crate) timer: Millis,
    /// Segment of its first record.
    pub(crate) first: u32,
    pub(crate) pin: u32,
    /// Bytes of records since its snapshot.
    pub(crate) since: u32,
    /// Turns since its snapshot.
    pub(crate) turns: u16,
    pub(crate) phase: Phase,
    /// It waits for tasks or Map Runs.
    pub(crate) busy: bool,
}

impl Slot {
    /// An open execution without a record.
    pub(crate) fn new(hash: u64, number: u64, started: Millis) -> Slot {
        Slot {
            hash,
            number,
            last: Position::NONE,
            snapshot: Position::NONE,
            started,
            timer: NEVER,
            first: 0,
            pin: 0,
            since: 0,
            turns: 0,
            phase: Phase::Open,
            busy: false,
        }
    }
}

/// No timer.
pub(crate) const NEVER: Millis = Millis::MAX;

/// What an execution is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Standard, running.
    Open,
    /// Ended, on its way into the archive.
    Closing,
    /// Express: only in memory, but for the start of an asynchronous one.
    Express,
}

/// Hashes are hashes already, and numbers need little.
#[derive(Default)]
pub(crate) struct Plain(u64);

impl Hasher for Plain {
    fn finish(&self) -> u64 {
        // Tables look at the upper bits, too, which are empty in counted numbers.
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u32(&mut self, value: u32) {
        self.0 = u64::from(value);
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// The table.
#[derive(Default)]
pub(crate) struct Slots {
    entries: Vec<Slot>,
    free: Vec<u32>,
    by_hash: HashMap<u64, u32, BuildHasherDefault<Plain>>,
    /// Owner (machine or Map Run), newest first, slot; packed into one number to keep the tree small.
    listed: BTreeSet<u128>,
    /// Executions whose first record is in a segment.
    segments: HashMap<u32, u64>,
    /// Standard executions that are open.
    pub(crate) open: usize,
}

fn listing(owner: u32, started: Millis, slot: u32) -> u128 {
    u128::from(owner) << 96 | u128::from(!started.cast_unsigned()) << 32 | u128::from(slot)
}

impl Slots {
    /// Takes a slot for an execution. Express ones are neither found by hash nor listed.
    pub(crate) fn insert(&mut self, slot: Slot, owner: u32) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            if self.entries.len() == self.entries.capacity() {
                // By an eighth instead of twice: a million sleepers leave little unused.
                self.entries.reserve_exact((self.entries.len() / 8).max(1024));
            }
            self.entries.push(slot);
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
        });
        self.entries[place as usize] = slot;
        if slot.phase != Phase::Express {
            self.by_hash.insert(slot.hash, place);
            self.listed.insert(listing(owner, slot.started, place));
            *self.segments.entry(slot.first).or_default() += 1;
            self.open += usize::from(slot.phase == Phase::Open);
        }
        place
    }

    /// Makes room for so many.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.entries.reserve_exact(count);
        self.by_hash.reserve(count);
    }

    /// Frees a slot.
    pub(crate) fn remove(&mut self, place: u32, owner: u32) {
        let slot = self.entries[place as usize];
        self.entries[place as usize].number = 0;
        self.free.push(place);
        if slot.phase != Phase::Express {
            if self.by_hash.get(&slot.hash) == Some(&place) {
                self.by_hash.remove(&slot.hash);
            }
            self.listed.remove(&listing(owner, slot.started, place));
            self.leave_segment(slot.first);
            self.open -= usize::from(slot.phase == Phase::Open);
        }
    }

    /// Keeps a segment for something that has no slot in it.
    pub(crate) fn hold(&mut self, segment: u32) {
        *self.segments.entry(segment).or_default() += 1;
    }

    /// Undoes one [`Slots::hold`].
    pub(crate) fn let_go(&mut self, segment: u32) {
        self.leave_segment(segment);
    }

    fn leave_segment(&mut self, segment: u32) {
        if let Some(count) = self.segments.get_mut(&segment) {
            *count -= 1;
            if *count == 0 {
                self.segments.remove(&segment);
            }
        }
    }

    /// Replaces an entry (same execution).
    pub(crate) fn set(&mut self, place: u32, slot: Slot) {
        let before = std::mem::replace(&mut self.entries[place as usize], slot);
        if slot.phase == Phase::Express {
            return;
        }
        if before.first != slot.first {
            self.leave_segment(before.first);
            *self.segments.entry(slot.first).or_default() += 1;
        }
        match (before.phase, slot.phase) {
            (Phase::Open, Phase::Closing) => self.open -= 1,
            (Phase::Closing, Phase::Open) => self.open += 1,
            _ => {}
        }
    }

    pub(crate) fn get(&self, place: u32) -> &Slot {
        &self.entries[place as usize]
    }

    /// A slot in use.
    pub(crate) fn entry(&self, place: u32) -> Option<&Slot> {
        self.entries.get(place as usize).filter(|slot| slot.number != 0)
    }

    /// The slot, if it still is that execution's.
    pub(crate) fn check(&self, place: u32, number: u64) -> Option<&Slot> {
        self.entries.get(place as usize).filter(|slot| slot.number == number && number != 0)
    }

    pub(crate) fn find(&self, hash: u64) -> Option<u32> {
        self.by_hash.get(&hash).copied()
    }

    /// Slots of an owner, newest first, beginning with those started at `from`.
    pub(crate) fn listed(&self, owner: u32, from: Option<Millis>) -> impl Iterator<Item = u32> {
        let begin = from.map_or(u128::from(owner) << 96, |from| listing(owner, from, 0));
        let end = u128::from(owner) << 96 | (u128::MAX >> 32);
        self.listed.range(begin..=end).map(|packed| u32::try_from(packed & 0xffff_ffff).unwrap_or(u32::MAX))
    }

    /// All slots in use.
    pub(crate) fn used(&self) -> impl Iterator<Item = (u32, &Slot)> {
        (0..).zip(&self.entries).filter(|(_, slot)| slot.number != 0)
    }

    /// Executions whose first record is in this segment.
    pub(crate) fn in_segment(&self, segment: u32) -> u64 {
        self.segments.get(&segment).copied().unwrap_or(0)
    }

    /// Number of entries, used or not.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Slots behind `from` whose first record is in this segment.
    pub(crate) fn of_segment(&self, segment: u32, from: usize, limit: usize) -> Vec<u32> {
        let entries = self.entries.iter().enumerate().skip(from);
        let found = entries
            .filter(|(_, slot)| slot.number != 0 && slot.first == segment && slot.phase == Phase::Open);
        found.take(limit).map(|(place, _)| u32::try_from(place).unwrap_or(u32::MAX)).collect()
    }
}
