//! The 62 types of events and what each tells.

use super::{Failure, Payload};
use std::sync::Arc;

/// Kinds of states, for the events `…StateEntered` and their like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StateKind {
    /// Choice.
    Choice,
    /// Fail: is entered, never exited.
    Fail,
    /// Map, inline or distributed.
    Map,
    /// Parallel.
    Parallel,
    /// Pass.
    Pass,
    /// Succeed.
    Succeed,
    /// Task.
    Task,
    /// Wait.
    Wait,
}

/// What a task's resource is, as its events name it: `resourceType` and `resource`
/// (`states` and `startExecution.sync:2`; `aws-sdk:ec2` and `describeInstances`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskResource {
    /// Such as `states`, `aws-sdk:ec2`, `sqs`.
    pub resource_type: Arc<str>,
    /// Such as `startExecution.sync`.
    pub resource: Arc<str>,
}

/// A scheduled call of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledTask {
    /// What is called.
    pub resource: TaskResource,
    /// Region of the call.
    pub region: Arc<str>,
    /// Parameters as JSON text.
    pub parameters: Payload,
    /// Time-out in seconds, where the state has one.
    pub timeout: Option<i64>,
    /// Heartbeat in seconds, where the state has one.
    pub heartbeat: Option<i64>,
    /// Role assumed for the call (`Credentials`).
    pub role: Option<Arc<str>>,
}

/// A scheduled activity (or function, which has no heartbeat).
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledWork {
    /// ARN.
    pub resource: Arc<str>,
    /// Input.
    pub input: Payload,
    /// Time-out in seconds, where the state has one.
    pub timeout: Option<i64>,
    /// Heartbeat in seconds, where the state has one.
    pub heartbeat: Option<i64>,
    /// Role assumed for the call (`Credentials`).
    pub role: Option<Arc<str>>,
}

/// Assigned variables: name → JSON text.
pub type Assigned = Arc<[(Arc<str>, Payload)]>;

/// A place in a Map state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iteration {
    /// Name of the Map state.
    pub name: Arc<str>,
    /// From 0.
    pub index: u64,
}

/// What happened. Names are those of `HistoryEventType`; the `…StateEntered` family carries its kind of state.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names of the API reference; their members are explained at their types")]
pub enum EventKind {
    ExecutionStarted {
        input: Payload,
        role_arn: Arc<str>,
        alias_arn: Option<Arc<str>>,
        version_arn: Option<Arc<str>>,
    },
    ExecutionSucceeded {
        output: Payload,
    },
    ExecutionFailed(Failure),
    ExecutionTimedOut(Failure),
    ExecutionAborted(Failure),
    ExecutionRedriven {
        count: u32,
    },

    /// `ChoiceStateEntered`, `FailStateEntered`, …: every kind has one.
    StateEntered {
        kind: StateKind,
        name: Arc<str>,
        input: Payload,
    },
    /// `ChoiceStateExited`, …: every kind but Fail has one. Assigned variables: name → JSON text.
    StateExited {
        kind: StateKind,
        name: Arc<str>,
        output: Payload,
        assigned: Option<Assigned>,
    },
    /// `MapStateAborted`, `ParallelStateAborted`, `TaskStateAborted`, `WaitStateAborted`.
    StateAborted {
        kind: StateKind,
    },

    MapStateStarted {
        length: u64,
    },
    MapStateSucceeded,
    MapStateFailed,
    MapIterationStarted(Iteration),
    MapIterationSucceeded(Iteration),
    MapIterationFailed(Iteration),
    MapIterationAborted(Iteration),
    MapRunStarted {
        arn: Arc<str>,
    },
    MapRunSucceeded,
    MapRunFailed(Failure),
    MapRunAborted,
    MapRunRedriven {
        arn: Arc<str>,
        count: u32,
    },

    ParallelStateStarted,
    ParallelStateSucceeded,
    ParallelStateFailed,

    TaskScheduled(Box<ScheduledTask>),
    TaskStarted(TaskResource),
    TaskStartFailed(TaskResource, Failure),
    TaskSubmitted {
        resource: TaskResource,
        output: Payload,
    },
    TaskSubmitFailed(TaskResource, Failure),
    TaskSucceeded {
        resource: TaskResource,
        output: Payload,
    },
    TaskFailed(TaskResource, Failure),
    TaskTimedOut(TaskResource, Failure),

    ActivityScheduled(Box<ScheduledWork>),
    ActivityScheduleFailed(Failure),
    ActivityStarted {
        worker: Option<Arc<str>>,
    },
    ActivitySucceeded {
        output: Payload,
    },
    ActivityFailed(Failure),
    ActivityTimedOut(Failure),

    LambdaFunctionScheduled(Box<ScheduledWork>),
    LambdaFunctionScheduleFailed(Failure),
    LambdaFunctionStarted,
    LambdaFunctionStartFailed(Failure),
    LambdaFunctionSucceeded {
        output: Payload,
    },
    LambdaFunctionFailed(Failure),
    LambdaFunctionTimedOut(Failure),

    EvaluationFailed {
        failure: Failure,
        location: Option<Arc<str>>,
        state: Arc<str>,
    },
}

impl EventKind {
    /// Whether it is the last of a history (until a redrive).
    pub fn ends(&self) -> bool {
        matches!(
            self,
            EventKind::ExecutionSucceeded { .. }
                | EventKind::ExecutionFailed(_)
                | EventKind::ExecutionTimedOut(_)
                | EventKind::ExecutionAborted(_)
        )
    }

    /// The name of the type as the API writes it.
    pub fn name(&self) -> &'static str {
        use EventKind as E;
        use StateKind as S;
        match self {
            E::ExecutionStarted { .. } => "ExecutionStarted",
            E::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            E::ExecutionFailed(_) => "ExecutionFailed",
            E::ExecutionTimedOut(_) => "ExecutionTimedOut",
            E::ExecutionAborted(_) => "ExecutionAborted",
            E::ExecutionRedriven { .. } => "ExecutionRedriven",
            E::StateEntered { kind, .. } => match kind {
                S::Choice => "ChoiceStateEntered",
                S::Fail => "FailStateEntered",
                S::Map => "MapStateEntered",
                S::Parallel => "ParallelStateEntered",
                S::Pass => "PassStateEntered",
                S::Succeed => "SucceedStateEntered",
                S::Task => "TaskStateEntered",
                S::Wait => "WaitStateEntered",
            },
            E::StateExited { kind, .. } => match kind {
                S::Choice => "ChoiceStateExited",
                S::Map => "MapStateExited",
                S::Parallel => "ParallelStateExited",
                S::Succeed => "SucceedStateExited",
                S::Task => "TaskStateExited",
                S::Wait => "WaitStateExited",
                // A Fail state ends its execution and is never exited.
                S::Pass | S::Fail => "PassStateExited",
            },
            E::StateAborted { kind } => match kind {
                S::Map => "MapStateAborted",
                S::Parallel => "ParallelStateAborted",
                S::Wait => "WaitStateAborted",
                // The others are never interrupted.
                _ => "TaskStateAborted",
            },
            E::MapStateStarted { .. } => "MapStateStarted",
            E::MapStateSucceeded => "MapStateSucceeded",
            E::MapStateFailed => "MapStateFailed",
            E::MapIterationStarted(_) => "MapIterationStarted",
            E::MapIterationSucceeded(_) => "MapIterationSucceeded",
            E::MapIterationFailed(_) => "MapIterationFailed",
            E::MapIterationAborted(_) => "MapIterationAborted",
            E::MapRunStarted { .. } => "MapRunStarted",
            E::MapRunSucceeded => "MapRunSucceeded",
            E::MapRunFailed(_) => "MapRunFailed",
            E::MapRunAborted => "MapRunAborted",
            E::MapRunRedriven { .. } => "MapRunRedriven",
            E::ParallelStateStarted => "ParallelStateStarted",
            E::ParallelStateSucceeded => "ParallelStateSucceeded",
            E::ParallelStateFailed => "ParallelStateFailed",
            E::TaskScheduled(_) => "TaskScheduled",
            E::TaskStarted(_) => "TaskStarted",
            E::TaskStartFailed(..) => "TaskStartFailed",
            E::TaskSubmitted { .. } => "TaskSubmitted",
            E::TaskSubmitFailed(..) => "TaskSubmitFailed",
            E::TaskSucceeded { .. } => "TaskSucceeded",
            E::TaskFailed(..) => "TaskFailed",
            E::TaskTimedOut(..) => "TaskTimedOut",
            E::ActivityScheduled(_) => "ActivityScheduled",
            E::ActivityScheduleFailed(_) => "ActivityScheduleFailed",
            E::ActivityStarted { .. } => "ActivityStarted",
            E::ActivitySucceeded { .. } => "ActivitySucceeded",
            E::ActivityFailed(_) => "ActivityFailed",
            E::ActivityTimedOut(_) => "ActivityTimedOut",
            E::LambdaFunctionScheduled(_) => "LambdaFunctionScheduled",
            E::LambdaFunctionScheduleFailed(_) => "LambdaFunctionScheduleFailed",
            E::LambdaFunctionStarted => "LambdaFunctionStarted",
            E::LambdaFunctionStartFailed(_) => "LambdaFunctionStartFailed",
            E::LambdaFunctionSucceeded { .. } => "LambdaFunctionSucceeded",
            E::LambdaFunctionFailed(_) => "LambdaFunctionFailed",
            E::LambdaFunctionTimedOut(_) => "LambdaFunctionTimedOut",
            E::EvaluationFailed { .. } => "EvaluationFailed",
        }
    }
}
