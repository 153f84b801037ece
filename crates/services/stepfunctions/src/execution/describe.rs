//! DescribeExecution.

use super::{find, redrive_status, show_status};
use crate::service::StatesCall;
use api_stepfunctions::{
    CloudWatchEventsExecutionDataDetails, DescribeExecutionInput, DescribeExecutionOutput, IncludedData,
};
use aws_schema::Timestamp;
use contracts::Reply;

/// DescribeExecution.
///
/// Errors: `InvalidArn`, `ExecutionDoesNotExist`.
pub(crate) async fn describe(
    call: StatesCall,
    input: DescribeExecutionInput,
) -> Reply<DescribeExecutionOutput> {
    let execution = find(&call, input.execution_arn()).await?;
    let (redrive_status, reason) = redrive_status(&call, &execution);
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
