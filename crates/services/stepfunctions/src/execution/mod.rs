//! Executions: handlers on top of the engine.

mod describe;
mod history;
mod list;
mod machine;
mod map_run;
mod redrive;
mod start;
mod stop;
mod sync;
mod target;

pub(crate) use describe::describe;
pub(crate) use history::history;
pub(crate) use list::list;
pub(crate) use machine::describe_machine;
pub(crate) use map_run::{describe_map_run, list_map_runs, update_map_run};
pub(crate) use redrive::{RedriveTokens, redrivable, redrive, redrive_status};
pub(crate) use start::{Begun, begin, start};
pub(crate) use stop::stop;
pub(crate) use sync::start_sync;

use crate::arn::{self, Resource};
use crate::faults;
use crate::service::StatesCall;
use api_stepfunctions::ExecutionStatus;
use aws_schema::Fault;
use execution_engine::{Execution, Status};

/// Checks that an ARN is one of a Standard execution.
pub(crate) fn check_arn(call: &StatesCall, execution_arn: &str) -> Result<(), Fault> {
    match arn::parse(&call.caller, execution_arn)? {
        Resource::Execution { .. } => Ok(()),
        other => Err(other.unexpected()),
    }
}

/// One execution, or `ExecutionDoesNotExist`.
pub(crate) async fn find(call: &StatesCall, execution_arn: &str) -> Result<Execution, Fault> {
    check_arn(call, execution_arn)?;
    let found = call.engine()?.describe(execution_arn).await.map_err(|error| faults::unreadable(&error))?;
    found.ok_or_else(|| faults::no_execution(execution_arn))
}

/// The state of an execution as answers show it.
pub(crate) fn show_status(status: Status) -> ExecutionStatus {
    match status {
        Status::Running => ExecutionStatus::RUNNING,
        Status::Succeeded => ExecutionStatus::SUCCEEDED,
        Status::Failed => ExecutionStatus::FAILED,
        Status::TimedOut => ExecutionStatus::TIMED_OUT,
        Status::Aborted => ExecutionStatus::ABORTED,
        Status::PendingRedrive => ExecutionStatus::PENDING_REDRIVE,
    }
}
