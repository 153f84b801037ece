//! DescribeExecution.

use super::{find, show_status};
use crate::service::StatesCall;
use api_stepfunctions::{
    CloudWatchEventsExecutionDataDetails, DescribeExecutionInput, DescribeExecutionOutput,
    ExecutionRedriveStatus, IncludedData,
};
use aws_schema::Timestamp;
use contracts::Reply;
use execution_engine::{Execution, Status};
use records::Millis;

/// Whether an execution can be redriven, and why not (API reference, `RedriveExecution`, and the reasons of
/// `DescribeExecution`, `redriveStatusReason`).
pub(crate) fn redrivable(execution: &Execution, now: Millis) -> (ExecutionRedriveStatus, Option<String>) {
    let not = |why: String| (ExecutionRedriveStatus::NOT_REDRIVABLE, Some(why));
    match execution.status {
        Status::Running => not("Execution is RUNNING and cannot be redriven".to_owned()),
        Status::Succeeded => not("Execution is SUCCEEDED and cannot be redriven".to_owned()),
        Status::PendingRedrive => not("Execution is PENDING_REDRIVE and cannot be redriven".to_owned()),
        Status::Failed | Status::TimedOut | Status::Aborted => {
            let late = |stopped| now - stopped > execution_engine::REDRIVE_PERIOD;
            if !execution.has_room() {
                not("Execution history event limit exceeded".to_owned())
            } else if execution.stopped.is_some_and(late) {
                not("Execution redrivable period exceeded".to_owned())
            } else if execution.start.map_run.is_some() {
                (ExecutionRedriveStatus::REDRIVABLE_BY_MAP_RUN, None)
            } else {
                (ExecutionRedriveStatus::REDRIVABLE, None)
            }
        }
    }
}

/// DescribeExecution.
///
/// Errors: `InvalidArn`, `ExecutionDoesNotExist`.
pub(crate) async fn describe(
    call: StatesCall,
    input: DescribeExecutionInput,
) -> Reply<DescribeExecutionOutput> {
    let execution = find(&call, input.execution_arn()).await?;
    let (redrive_status, reason) = redrivable(&execution, call.now());
    let included = input.included_data.as_ref() != Some(&IncludedData::METADATA_ONLY);
    let details = || CloudWatchEventsExecutionDataDetails { included: Some(included) };
    let text = |text: Option<std::sync::Arc<str>>| text.map(|text| text.to_string());
    let start = execution.start;
    Ok(DescribeExecutionOutput {
        execution_arn: Some(start.arn.to_string()),
        state_machine_arn: Some(start.machine_arn.to_string()),
        name: Some(start.name.to_string()),
        status: Some(show_status(execution.status)),
        start_date: Some(Timestamp::from_millis(start.at)),
        stop_date: execution.stopped.map(Timestamp::from_millis),
        input: included.then(|| start.input.to_string()),
        input_details: Some(details()),
        output_details: execution.output.is_some().then(details),
        output: text(execution.output).filter(|_| included),
        trace_header: text(execution.trace_header),
        map_run_arn: text(start.map_run),
        error: text(execution.failure.error).filter(|_| included),
        cause: text(execution.failure.cause).filter(|_| included),
        state_machine_version_arn: text(start.version_arn),
        state_machine_alias_arn: text(start.alias_arn),
        redrive_count: i32::try_from(execution.redrives.0).ok(),
        redrive_date: execution.redrives.1.map(Timestamp::from_millis),
        redrive_status: Some(redrive_status),
        redrive_status_reason: reason,
    })
}
