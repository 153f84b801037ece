//! The events of an execution's history (Step Functions API reference, `HistoryEvent`).

mod kind;
#[cfg(test)]
mod tests;
mod weight;

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

/// Longest error name in characters (API reference, `SensitiveError`).
const LONGEST_ERROR: usize = 256;
/// Longest cause in characters (API reference, `SensitiveCause`).
const LONGEST_CAUSE: usize = 32_768;

impl Failure {
    /// A failure with both parts, each cut to what the API can tell: a cause may hold a whole input.
    pub fn new(error: impl Into<Arc<str>>, cause: impl Into<Arc<str>>) -> Failure {
        Failure { error: Some(error.into()), cause: Some(cause.into()) }.cut()
    }

    /// It with its parts cut to what the API can tell.
    pub fn cut(self) -> Failure {
        let cut = |text: Arc<str>, most: usize| match text.char_indices().nth(most) {
            Some((end, _)) => text[..end].into(),
            None => text,
        };
        Failure {
            error: self.error.map(|error| cut(error, LONGEST_ERROR)),
            cause: self.cause.map(|cause| cut(cause, LONGEST_CAUSE)),
        }
    }
}
