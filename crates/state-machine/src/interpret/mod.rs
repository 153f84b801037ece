//! Runs one execution, turn by turn, without I/O.
//!
//! A turn begins with one [`Wake`] and runs everything that can run; what happened goes into [`Turn::events`], what the
//! world shall do into [`Turn::effects`]. The caller makes the events durable and only then releases the effects. With
//! the same program, wakes, times, drawn numbers and known activities a turn always does the same: this is what recovery relies on.

mod choose;
mod distribute;
mod effect;
mod enter;
mod evaluate;
mod execution;
mod failure;
mod fork;
mod leave;
mod line;
mod redrive;
mod snapshot;
mod surroundings;
mod task;
pub mod test_state;
pub(crate) mod time;
mod wait;
mod wake;

#[cfg(test)]
mod tests;

pub use effect::*;
pub use execution::{Execution, MAX_EVENTS, MAX_PAYLOAD, Pending};
pub use snapshot::BadSnapshot;
pub(crate) use surroundings::map_item;
pub use wake::*;

use crate::Millis;
use crate::guard::Guard;
use crate::history::Event;
use std::sync::Arc;

/// What an execution is told at its start; it never changes.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Start {
    /// ARN of the execution (`$$.Execution.Id`).
    pub arn: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Role.
    pub role_arn: Arc<str>,
    /// Time of the start.
    pub at: Millis,
    /// ARN of the state machine, without version.
    pub machine_arn: Arc<str>,
    /// Name of the state machine.
    pub machine_name: Arc<str>,
    /// Alias under which it was started.
    pub alias_arn: Option<Arc<str>>,
    /// Version it runs, if it was started by one or by an alias.
    pub version_arn: Option<Arc<str>>,
    /// Input as it was sent.
    pub input: Arc<str>,
    /// For a child of a distributed Map: the Map Run.
    pub map_run: Option<Arc<str>>,
    /// For a child of a distributed Map: the Map state (`MapRunRequest::state`) whose processor it runs.
    pub processor: Option<u32>,
    /// It is an Express execution: five minutes at most, and no limit of events.
    pub express: bool,
}

/// The surroundings of one turn.
pub struct Turn<'a> {
    /// Time of the whole turn; never earlier than that of the turn before.
    pub now: Millis,
    /// Random numbers. The caller records what it gives and gives the same again in recovery.
    pub draw: &'a mut dyn FnMut() -> u64,
    /// Whether an activity exists, asked when a task of it is scheduled. The caller records what it says and says the
    /// same again in recovery; after a "no" the execution ends.
    pub activity: &'a mut dyn FnMut(&str) -> bool,
    /// The token by which the answer to a task comes back (`$$.Task.Token`).
    pub token: &'a dyn Fn(Ticket) -> Arc<str>,
    /// Where events go.
    pub events: &'a mut Vec<Event>,
    /// Where effects go.
    pub effects: &'a mut Vec<Effect>,
    /// After about this many events the turn ends with [`Progress::More`], so that no execution holds up the others.
    pub budget: usize,
    /// How long it may evaluate.
    pub guard: &'a Guard<'a>,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// It waits for a timer, a task, a map run.
    Waiting,
    /// It can go on: wake it with [`Wake::Continue`].
    More,
    /// It is over; the last event says so.
    Ended(Outcome),
}

/// The end of an execution.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// SUCCEEDED with this output.
    Succeeded(crate::history::Payload),
    /// FAILED.
    Failed(crate::history::Failure),
    /// TIMED_OUT.
    TimedOut(crate::history::Failure),
    /// ABORTED.
    Aborted(crate::history::Failure),
}

/// A random UUID (version 4) from drawn numbers.
pub(crate) fn uuid(draw: &mut dyn FnMut() -> u64) -> String {
    let (high, low) = (draw() & !0xf000 | 0x4000, draw() & (u64::MAX >> 2) | 1 << 63);
    let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
    format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
}
