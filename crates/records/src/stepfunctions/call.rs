//! Calls that tasks make inside the cloud.

use crate::record;
use serde::{Deserialize, Serialize};

/// One attempt of a task whose call took effect: stands from the effect on, in the same transaction, until the engine
/// has the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCall {
    /// Key of the attempt, unique in the whole cloud.
    pub id: String,
    /// Token of the task, by which the engine tells whether it still waits.
    pub token: String,
    /// What the service answered; missing while it has not, and for good when a crash came between.
    pub answer: Option<CallAnswer>,
}
record!(TaskCall, "states/call");

/// What a service answered a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallAnswer {
    /// Its output as JSON text.
    Output(String),
    /// A fault.
    Fault {
        /// Name of the error.
        error: String,
        /// Its cause.
        cause: String,
    },
}
