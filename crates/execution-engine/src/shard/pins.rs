//! What executions share, and who of them lists where.

use super::slots::Plain;
use crate::log::Position;
use crate::record::{self, Pin};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

/// A pin in use.
#[derive(Clone)]
pub(crate) struct Pinned {
    pub(crate) pin: Arc<Pin>,
    /// Texts that records of its executions name without writing them.
    pub(crate) seeds: Arc<[Arc<str>]>,
    /// Its record.
    pub(crate) record: Position,
    /// Machine or Map Run its executions are listed under.
    pub(crate) owner: u32,
    /// Executions that have it.
    pub(crate) users: u64,
}

/// The pins of a shard.
#[derive(Default)]
pub(crate) struct Pins {
    by_number: HashMap<u32, Pinned, BuildHasherDefault<Plain>>,
    numbers: HashMap<Arc<Pin>, u32>,
    next: u32,
    owners: HashMap<Arc<str>, u32>,
    next_owner: u32,
}

/// Pins without users that are kept for the executions to come.
const SPARE: usize = 4_096;

impl Pins {
    /// Revisions of all pins.
    pub(crate) fn revisions(&self) -> impl Iterator<Item = &Arc<str>> {
        self.by_number.values().map(|pinned| &pinned.pin.revision)
    }

    /// The number of a pin that is there.
    pub(crate) fn number(&self, pin: &Pin) -> Option<u32> {
        self.numbers.get(pin).copied()
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Pinned> {
        self.by_number.get(&number)
    }

    /// A number for a new pin.
    pub(crate) fn next(&self) -> u32 {
        self.next
    }

    /// A number that stands in the log: no new pin gets it.
    pub(crate) fn seen(&mut self, number: u32) {
        self.next = self.next.max(number.saturating_add(1));
    }

    /// Puts a pin in, or moves it to another record.
    pub(crate) fn put(&mut self, number: u32, pin: Arc<Pin>, record: Position) {
        self.seen(number);
        if let Some(known) = self.by_number.get_mut(&number) {
            known.record = record;
            return;
        }
        let name = pin.map_run.as_ref().unwrap_or(&pin.machine_arn);
        let owner = if let Some(owner) = self.owners.get(name) {
            *owner
        } else {
            self.next_owner += 1;
            self.owners.insert(name.clone(), self.next_owner);
            self.next_owner
        };
        self.numbers.insert(pin.clone(), number);
        let seeds = record::seeds_of_pin(&pin).into();
        self.by_number.insert(number, Pinned { pin, seeds, record, owner, users: 0 });
    }

    /// Takes one back whose record was not written; its executions were undone before.
    pub(crate) fn unwritten(&mut self, number: u32) {
        if let Some(pinned) = self.by_number.remove(&number) {
            self.numbers.remove(&pinned.pin);
        }
    }

    pub(crate) fn owner(&self, name: &str) -> Option<u32> {
        self.owners.get(name).copied()
    }

    pub(crate) fn owner_of(&self, number: u32) -> u32 {
        self.by_number.get(&number).map_or(0, |pinned| pinned.owner)
    }

    pub(crate) fn used(&mut self, number: u32) {
        if let Some(pinned) = self.by_number.get_mut(&number) {
            pinned.users += 1;
        }
    }

    pub(crate) fn unused(&mut self, number: u32) {
        if let Some(pinned) = self.by_number.get_mut(&number) {
            pinned.users = pinned.users.saturating_sub(1);
        }
    }

    /// Forgets pins without users when there are many: every update of a machine makes a new one.
    pub(crate) fn tidy(&mut self) {
        if self.by_number.len() <= SPARE {
            return;
        }
        self.by_number.retain(|_, pinned| pinned.users > 0);
        let (by_number, numbers) = (&self.by_number, &mut self.numbers);
        numbers.retain(|_, number| by_number.contains_key(number));
        let used: std::collections::HashSet<u32> = by_number.values().map(|pinned| pinned.owner).collect();
        self.owners.retain(|_, owner| used.contains(owner));
    }

    /// Pins whose record is in this segment: those in use, which are to be written again, and the others.
    pub(crate) fn in_segment(&self, segment: u32) -> (Vec<u32>, Vec<u32>) {
        let here = self.by_number.iter().filter(|(_, pinned)| pinned.record.segment() == segment);
        let (used, spare): (Vec<_>, Vec<_>) = here.partition(|(_, pinned)| pinned.users > 0);
        let numbers = |pins: Vec<(&u32, &Pinned)>| pins.into_iter().map(|(number, _)| *number).collect();
        (numbers(used), numbers(spare))
    }
}
