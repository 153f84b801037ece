//! StopExecution.

use super::find;
use crate::faults;
use crate::service::StatesCall;
use api_stepfunctions::{StopExecutionInput, StopExecutionOutput};
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
