//! StopExecution and RedriveExecution.

use super::{describe, find};
use crate::faults;
use crate::service::StatesCall;
use api_stepfunctions::{
    ExecutionRedriveStatus, RedriveExecutionInput, RedriveExecutionOutput, StopExecutionInput,
    StopExecutionOutput,
};
use aws_schema::Timestamp;
use contracts::Reply;
use execution_engine::ChangeRefusal;
use state_machine::history::Failure;

/// StopExecution. One that has ended keeps its end, which is answered.
///
/// Errors: `InvalidArn`, `ExecutionDoesNotExist`.
pub(crate) async fn stop(call: StatesCall, input: StopExecutionInput) -> Reply<StopExecutionOutput> {
    let execution_arn = input.execution_arn();
    super::check_arn(&call, execution_arn)?;
    let failure = Failure {
        error: input.error.as_deref().map(Into::into),
        cause: input.cause.as_deref().map(Into::into),
    };
    let stopped = match call.engine()?.stop(execution_arn, failure).await {
        Ok(at) => at,
        Err(ChangeRefusal::Status(_)) => {
            let ended = find(&call, execution_arn).await?;
            ended.stopped.unwrap_or_else(|| call.now())
        }
        Err(refusal) => return Err(faults::change_refused(&refusal, execution_arn)),
    };
    Ok(StopExecutionOutput { stop_date: Some(Timestamp::from_millis(stopped)) })
}

/// RedriveExecution: goes on where it failed.
///
/// Errors: `InvalidArn`, `ExecutionDoesNotExist`, `ExecutionNotRedrivable`.
pub(crate) async fn redrive(call: StatesCall, input: RedriveExecutionInput) -> Reply<RedriveExecutionOutput> {
    let execution_arn = input.execution_arn();
    let execution = find(&call, execution_arn).await?;
    let (status, reason) = describe::redrivable(&execution, call.now());
    if status != ExecutionRedriveStatus::REDRIVABLE {
        let reason = reason.unwrap_or_else(|| "Execution can only be redriven by its Map Run".to_owned());
        return Err(faults::not_redrivable(&reason));
    }
    let redriven = call.engine()?.redrive(execution_arn).await;
    let at = redriven.map_err(|refusal| faults::change_refused(&refusal, execution_arn))?;
    Ok(RedriveExecutionOutput { redrive_date: Some(Timestamp::from_millis(at)) })
}
