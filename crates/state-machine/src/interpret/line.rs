//! A line of states under way: the execution itself, a branch of a Parallel, an iteration of a Map.

use super::Ticket;
use crate::Millis;
use crate::history::Payload;
use crate::program::StateIndex;
use crate::value::{Map, Value};
use std::sync::Arc;

/// Place of a line in its execution.
pub(super) type LineIndex = u32;

/// A value and its text. Kept together, so that nothing is rendered or read twice.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Data {
    pub(super) value: Value,
    pub(super) text: Payload,
}

impl Data {
    pub(super) fn new(value: Value) -> Data {
        let text = value.to_string().into();
        Data { value, text }
    }
}

/// Where a line stands.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The line whose Parallel or Map state it belongs to, and its place there.
    pub(super) parent: Option<(LineIndex, u32)>,
    /// Of a Map: the item of this iteration.
    pub(super) item: Option<Value>,
    /// The state it is in.
    pub(super) state: StateIndex,
    /// Input of that state.
    pub(super) input: Data,
    /// The event that the next one follows.
    pub(super) previous: u64,
    /// What `previous` was before the state was entered: an evaluation that fails on the way in follows that one.
    pub(super) before: u64,
    /// Id and time of the state's entry.
    pub(super) entered: (u64, Millis),
    /// Retries of each retrier of the state so far; empty: none.
    pub(super) retries: Vec<u32>,
    /// Variables of its own scope.
    pub(super) variables: Option<Arc<Map>>,
    /// It failed and nobody caught it, or it was aborted: nothing goes on here until the execution is redriven.
    pub(super) halted: bool,
    /// What comes next.
    pub(super) phase: Phase,
}

impl Line {
    /// A line before its first state.
    pub(super) fn new(
        parent: Option<(LineIndex, u32)>,
        state: StateIndex,
        input: Data,
        previous: u64,
    ) -> Line {
        Line {
            parent,
            item: None,
            state,
            input,
            previous,
            before: previous,
            entered: (0, 0),
            retries: Vec::new(),
            variables: None,
            halted: false,
            phase: Phase::Enter,
        }
    }
}

/// What a line does or waits for.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// The state is to be entered.
    Enter,
    /// The state was entered and its work is to be done, for the first time or again.
    Attempt,
    /// The delay of a Wait state.
    Sleep(Ticket),
    /// The delay before another attempt.
    Backoff(Ticket),
    /// A task.
    Task(Box<Attempt>),
    /// Branches or iterations.
    Join(Box<Join>),
    /// A distributed Map.
    MapRun(Box<Distribution>),
}

/// A task under way.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) ticket: Ticket,
    /// Parameters or input as JSON text.
    pub(super) input: Payload,
    pub(super) role: Option<Arc<str>>,
    pub(super) started: bool,
    pub(super) submitted: bool,
    /// The timer of `TimeoutSeconds`.
    pub(super) timeout: Option<(Ticket, Millis)>,
    /// The timer of `HeartbeatSeconds`, and the seconds; ticket 0: it does not run yet.
    pub(super) heartbeat: Option<(Ticket, i64)>,
}

/// Branches of a Parallel or iterations of a Map under way.
#[derive(Clone, Debug)]
pub(super) struct Join {
    /// Lines that are not done: their index, by their place.
    pub(super) live: Vec<(u32, LineIndex)>,
    /// Outputs by place; missing while they are not there.
    pub(super) results: Vec<Option<Data>>,
    /// Items of a Map; of a Parallel none.
    pub(super) items: Arc<Vec<Value>>,
    /// What the selector of a Map reads as `$`, and what branches get.
    pub(super) input: Value,
    /// The next item to begin with.
    pub(super) next: usize,
    /// Most iterations at once.
    pub(super) most: usize,
}

/// A distributed Map under way.
#[derive(Clone, Debug)]
pub(super) struct Distribution {
    pub(super) ticket: Ticket,
    /// ARN of the Map Run.
    pub(super) arn: Arc<str>,
    /// Id of its event `MapRunStarted`.
    pub(super) started: u64,
    /// How often the run was redriven.
    pub(super) redrives: u32,
}

/// What a ticket stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The end of a Wait or of a back-off.
    Delay,
    /// `TimeoutSeconds` of a task.
    Timeout,
    /// `HeartbeatSeconds` of a task.
    Heartbeat,
    /// The end of the execution's time.
    Deadline,
    /// A task's answer.
    Task,
    /// The end of a Map Run.
    MapRun,
}

impl Purpose {
    /// Whether a timer brings it.
    pub(super) fn is_timer(self) -> bool {
        !matches!(self, Purpose::Task | Purpose::MapRun)
    }
}

/// A ticket that is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiter {
    pub(super) ticket: Ticket,
    pub(super) line: LineIndex,
    pub(super) purpose: Purpose,
    /// When its timer is due; 0 where it is none.
    pub(super) at: Millis,
}
