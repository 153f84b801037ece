//! What can wake an execution.

use crate::history::{Failure, Payload};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Names something an execution waits for: unique within the execution, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ticket(pub u64);

/// Why a turn begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Wake {
    /// The first turn.
    Start,
    /// The turn before ran out of its budget.
    Continue,
    /// A timer is due.
    Timer(Ticket),
    /// A task, activity or function answers.
    Task(Ticket, TaskAnswer),
    /// A map run tells something.
    MapRun(Ticket, MapRunAnswer),
    /// StopExecution.
    Stop(Failure),
    /// RedriveExecution of an execution that ended otherwise than well.
    Redrive,
}

/// What a task says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TaskAnswer {
    /// It could not be handed over at all (`TaskScheduleFailed` of its kind; the service refused).
    ScheduleFailed(Failure),
    /// Somebody took it. For activities: the worker's name.
    Started(Option<Arc<str>>),
    /// It was taken but could not begin.
    StartFailed(Failure),
    /// A job was accepted and its end is awaited (`.sync`, `.waitForTaskToken`): the service's answer as JSON text.
    Submitted(Payload),
    /// A job was not accepted.
    SubmitFailed(Failure),
    /// It lives.
    Heartbeat,
    /// Its result as JSON text.
    Succeeded(Payload),
    /// It failed.
    Failed(Failure),
}

/// What a map run says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MapRunAnswer {
    /// All is done: the result of the Map state as JSON text (results of children, or what the result writer says).
    Succeeded(Payload),
    /// Items could not be read, the tolerated failures were exceeded, the results could not be written.
    Failed(Failure),
    /// It was aborted.
    Aborted,
}

/// A wake that fits nothing the execution waits for: it answered already, timed out, or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing in this execution waits for that any more")]
pub struct Stale;
