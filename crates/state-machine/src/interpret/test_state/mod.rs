//! TestState: one state is run, with mocks in place of effects, and looked into.
//!
//! It is the interpreter itself that runs the state; it notes what it sees where an [`Inspection`] is present. Rules and
//! sentences: Step Functions API reference, `TestState`, and recordings.

mod check;
mod context;
mod inspection;
mod mocked;
mod run;

pub use inspection::Inspection;
pub use run::{Progressed, TestState};

use crate::Millis;
use crate::history::{Failure, Payload};
use std::sync::Arc;

/// What is to be tested.
#[derive(Clone, Debug, Default)]
pub struct TestStateRequest {
    /// Definition of the state, or of a machine that has it.
    pub definition: Arc<str>,
    /// Name of the state in its machine; `None`: the definition is the state's.
    pub state_name: Option<Arc<str>>,
    /// Role; Task states without a mock need one.
    pub role_arn: Option<Arc<str>>,
    /// Input as JSON text; `None`: `{}`.
    pub input: Option<Arc<str>>,
    /// Context object as JSON text, in place of one that is made up.
    pub context: Option<Arc<str>>,
    /// Variables as JSON text.
    pub variables: Option<Arc<str>>,
    /// What the state's effect gives instead of being done.
    pub mock: Option<Mock>,
    /// How the state stands.
    pub configuration: Configuration,
    /// Region and account of the made-up context.
    pub region: Arc<str>,
    /// See `region`.
    pub account: Arc<str>,
    /// Time of the test.
    pub now: Millis,
}

/// `mock`.
#[derive(Clone, Debug, Default)]
pub struct Mock {
    /// The result as JSON text.
    pub result: Option<Payload>,
    /// The error.
    pub error_output: Option<Failure>,
}

/// `stateConfiguration`.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// Retries that happened already.
    pub retrier_retry_count: Option<u32>,
    /// Iterations of a Map that failed.
    pub map_iteration_failure_count: Option<u32>,
    /// The inner state that caused the mocked error.
    pub error_caused_by_state: Option<Arc<str>>,
    /// What the item reader of a Map read.
    pub map_item_reader_data: Option<Payload>,
}

/// How a tested state ended (`TestExecutionStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It succeeded.
    Succeeded,
    /// It failed.
    Failed,
    /// It failed, and a retrier would try again.
    Retriable,
    /// It failed, and a catcher caught it.
    CaughtError,
}

impl Status {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Succeeded => "SUCCEEDED",
            Status::Failed => "FAILED",
            Status::Retriable => "RETRIABLE",
            Status::CaughtError => "CAUGHT_ERROR",
        }
    }
}

/// What came of a test.
#[derive(Clone, Debug)]
pub struct TestStateOutcome {
    /// How it ended.
    pub status: Status,
    /// Output, of a success or from the catcher.
    pub output: Option<Payload>,
    /// Error and cause.
    pub failure: Failure,
    /// The state that would follow.
    pub next_state: Option<Arc<str>>,
    /// What was seen inside, for the levels DEBUG and TRACE.
    pub inspection: Inspection,
}

/// Why a test is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TestStateError {
    /// `ValidationException`.
    #[error("{0}")]
    Validation(String),
    /// `InvalidDefinition`.
    #[error("{0}")]
    Definition(String),
    /// `InvalidExecutionInput`.
    #[error("{0}")]
    Input(String),
}
