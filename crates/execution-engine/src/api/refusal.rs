//! Why a call is refused.

use super::Status;
use state_machine::Millis;

/// Why the engine does not open.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Folder or file cannot be read or written.
    #[error("the folder of executions cannot be used: {0}")]
    Io(#[from] std::io::Error),
    /// What stands there is not a log of this program, or is damaged beyond its last record.
    #[error("the log of executions is damaged: {0}")]
    Damaged(String),
    /// The folder was made with another number of shards, or by a newer program.
    #[error("{0}")]
    Mismatch(String),
}

/// Why a start is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartRefusal {
    /// An open execution has this name and the same input: idempotent, this is its start.
    #[error("the same execution is running since {0}")]
    Same(Millis),
    /// The name was used (with other input, or by an execution that ended).
    #[error("an execution with this name exists")]
    Exists,
    /// Too many open executions.
    #[error("too many executions are open")]
    Limit,
    /// The definition does not compile (it was checked at creation: a newer program may be stricter).
    #[error("the definition does not compile: {0}")]
    Definition(String),
    /// The engine takes nothing more at the moment: back-pressure. Sooner or later another attempt gets through.
    #[error("the engine is overloaded: {0}")]
    Overloaded(String),
    /// The engine cannot write, or was closed; nothing was begun. Somebody must free space first.
    #[error("{0}")]
    Unavailable(String),
}

/// Why an execution is not stopped or redriven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefusal {
    /// No such execution (or Map Run).
    #[error("it does not exist")]
    NotFound,
    /// It is in a state that does not allow the call: redrive of a running or successful one.
    #[error("its state {0:?} does not allow that")]
    Status(Status),
    /// The engine takes nothing more at the moment: back-pressure.
    #[error("the engine is overloaded: {0}")]
    Overloaded(String),
    /// The engine cannot write, or was closed; nothing was changed.
    #[error("{0}")]
    Unavailable(String),
}

/// Why an answer to a task is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerRefusal {
    /// Not a token of this cloud.
    #[error("the token is not one of this cloud")]
    InvalidToken,
    /// The task was answered, timed out, or its execution ended.
    #[error("the task does not wait any more")]
    Over,
    /// The engine takes nothing more at the moment: back-pressure.
    #[error("the engine is overloaded: {0}")]
    Overloaded(String),
    /// The engine cannot write, or was closed; nothing was changed.
    #[error("{0}")]
    Unavailable(String),
}

/// The engine cannot look something up: its disk fails, or it was closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("executions cannot be read at the moment: {0}")]
pub struct Unreadable(pub String);

impl Unreadable {
    /// Whether another attempt gets through sooner or later: too much was waiting.
    #[must_use]
    pub fn is_overload(&self) -> bool {
        self.0 == crate::engine::FULL
    }
}
