//! Counts what an evaluation builds.
//!
//! The evaluator has no bound of memory, and the time guard alone lets it fill gigabytes. So what it builds is counted as it
//! is built, whether it is kept or not: the sum bounds what can be alive at once.

use super::LONGEST_SEQUENCE;
use jsonata_core::value::JValue;
use std::cell::Cell;
use std::rc::Rc;

/// Most bytes that the values an evaluation builds may come to, together.
pub(super) const MOST_BUILT: usize = 256 << 20;
/// The same where others wait.
const QUICK_BUILT: usize = 4 << 20;
/// Longest sequence where others wait.
const QUICK_SEQUENCE: usize = 50_000;
/// Bytes of a value in an array, and of a member of an object besides its name and its text.
const ITEM: usize = 24;
const MEMBER: usize = 96;

/// The count of one evaluation; copies share it.
#[derive(Clone)]
pub(super) struct Meter {
    left: Rc<Cell<usize>>,
    exceeded: Rc<Cell<bool>>,
    is_quick: bool,
}

impl Meter {
    pub(super) fn new(is_quick: bool) -> Meter {
        let meter = Meter { left: Rc::default(), exceeded: Rc::default(), is_quick };
        meter.reset();
        meter
    }

    /// Begins anew.
    pub(super) fn reset(&self) {
        self.left.set(if self.is_quick { QUICK_BUILT } else { MOST_BUILT });
    }

    /// Whether others wait for the evaluation.
    pub(super) fn is_quick(&self) -> bool {
        self.is_quick
    }

    /// Longest sequence the evaluator may make.
    pub(super) fn longest_sequence(&self) -> usize {
        if self.is_quick { QUICK_SEQUENCE } else { LONGEST_SEQUENCE }
    }

    /// Whether a bound was passed.
    pub(super) fn is_exceeded(&self) -> bool {
        self.exceeded.get()
    }

    /// Takes bytes off what is left. False: there are not so many.
    pub(super) fn take(&self, bytes: usize) -> bool {
        match self.left.get().checked_sub(bytes) {
            Some(left) => self.left.set(left),
            None => self.exceeded.set(true),
        }
        !self.exceeded.get()
    }

    /// Counts a value that was built; what it holds was counted when it was built itself.
    pub(super) fn built(&self, value: &JValue) -> bool {
        self.take(match value {
            JValue::String(text) => text.len() + ITEM,
            JValue::Array(items) => items.len() * ITEM + ITEM,
            JValue::Object(members) => members.len() * MEMBER + MEMBER,
            _ => ITEM,
        })
    }

    /// A bound other than that of the sum was passed.
    pub(super) fn exceed(&self) {
        self.exceeded.set(true);
    }
}
