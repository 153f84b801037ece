//! Where services plug in: what a task can call.

use crate::service::States;
use contracts::BoxFuture;
use execution_engine::Dispatch;
use state_machine::history::Failure;
use state_machine::interpret::TaskAnswer;
use state_store::typed::Scope;
use std::sync::Arc;

/// A service that tasks can call.
pub(crate) trait Integration: Send + Sync {
    /// Whether it is meant: `resource_type` is such as `states` or `aws-sdk:ec2`.
    fn serves(&self, resource_type: &str) -> bool;
    /// Has one attempt of a task done. Answers before the last go through [`States::tell`].
    fn run(&self, work: Attempt) -> BoxFuture<'static, Outcome>;
}

/// One attempt of a task that calls a service.
pub(crate) struct Attempt {
    /// The service.
    pub(crate) service: Arc<States>,
    /// Account and region of the execution.
    pub(crate) scope: Scope,
    /// Resource type and action, such as `aws-sdk:ec2` and `describeInstances`.
    pub(crate) target: (Arc<str>, Arc<str>),
    /// What the engine asks.
    pub(crate) dispatch: Dispatch,
}

/// What became of it.
pub(crate) enum Outcome {
    /// The last answer of the attempt.
    Answer(TaskAnswer),
    /// The same, and what is to be done when the engine has it.
    AnswerThen(TaskAnswer, BoxFuture<'static, ()>),
    /// It goes on without this call: a worker, a callback or the end of a job will answer.
    Later,
}

impl Outcome {
    /// A failure.
    pub(crate) fn failed(error: &str, cause: impl Into<Arc<str>>) -> Outcome {
        Outcome::Answer(TaskAnswer::Failed(Failure::new(error, cause)))
    }
}
