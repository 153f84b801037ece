//! The events of an execution's history (Step Functions API reference, `HistoryEvent`).

mod kind;
#[cfg(test)]
mod tests;

pub use kind::*;

use crate::Millis;
use std::sync::Arc;

/// One event. Ids count from 1 without gaps; the previous event of the first is 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Place in the history.
    pub id: u64,
    /// The event that led to this one; 0 for none.
    pub previous: u64,
    /// When.
    pub at: Millis,
    /// What.
    pub kind: EventKind,
}

/// An input or output as JSON text. Equal payloads of one turn share their text, so that a log can write them once.
pub type Payload = Arc<str>;

/// Error name and cause; either may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Failure {
    /// Error name, such as `States.TaskFailed`.
    pub error: Option<Arc<str>>,
    /// Cause, a text for people.
    pub cause: Option<Arc<str>>,
}

impl Failure {
    /// A failure with both parts.
    pub fn new(error: impl Into<Arc<str>>, cause: impl Into<Arc<str>>) -> Failure {
        Failure { error: Some(error.into()), cause: Some(cause.into()) }
    }
}
