//! Counts what an evaluation builds.
//!
//! The evaluator has no bound of memory, and the time guard alone lets it fill gigabytes. So what it builds is counted as it
//! is built, whether it is kept or not: the sum bounds what can be alive at once.

use super::LONGEST_SEQUENCE;
use jsonata_core::value::JValue;
use std::cell::{Cell, RefCell};
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
/// Bytes of a function with a copy of its text.
const FUNCTION: usize = 4 << 10;

/// The count of one evaluation; copies share it.
#[derive(Clone)]
pub(super) struct Meter {
    left: Rc<Cell<usize>>,
    exceeded: Rc<Cell<bool>>,
    /// Functions that were made in functions.
    kept: Rc<RefCell<Vec<JValue>>>,
    is_quick: bool,
}

impl Meter {
    pub(super) fn new(is_quick: bool) -> Meter {
        let meter = Meter { left: Rc::default(), exceeded: Rc::default(), kept: Rc::default(), is_quick };
        meter.reset();
        meter
    }

    /// Begins anew.
    pub(super) fn reset(&self) {
        self.release();
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
        self.take(size(value))
    }

    /// The same for a list or an object that is another one and a little more: built step by step in a loop, nearly all of
    /// them are dropped again.
    pub(super) fn grown(&self, value: &JValue) -> bool {
        self.take(size(value) / 4)
    }

    /// A bound other than that of the sum was passed.
    pub(super) fn exceed(&self) {
        self.exceeded.set(true);
    }

    /// Keeps a function until the evaluation is over.
    ///
    /// A function holds those it was made with, and they others. Were the last of a long chain dropped, all would be, one
    /// inside the other, and the thread's stack would not do. While each is kept here nothing is dropped but one by one.
    pub(super) fn keep(&self, value: &JValue) -> bool {
        if !matches!(value, JValue::Lambda(_)) {
            return true;
        }
        self.kept.borrow_mut().push(value.clone());
        self.take(FUNCTION)
    }

    /// Drops the functions, the newest first: those before it are still held.
    pub(super) fn release(&self) {
        loop {
            let newest = self.kept.borrow_mut().pop();
            if newest.is_none() {
                break;
            }
        }
    }
}

/// What a value takes without what it holds; lists of small lists and objects, such as `$zip` makes at once, with those.
fn size(value: &JValue) -> usize {
    match value {
        JValue::String(text) => text.len() + ITEM,
        JValue::Array(items) => {
            let inner = match (items.first(), items.last()) {
                (Some(JValue::Array(_) | JValue::Object(_)), Some(JValue::Array(_) | JValue::Object(_))) => {
                    MEMBER
                }
                _ => 0,
            };
            items.len() * (ITEM + inner) + ITEM
        }
        JValue::Object(members) => members.len() * MEMBER + MEMBER,
        _ => ITEM,
    }
}
