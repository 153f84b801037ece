//! StartSyncExecution.

use super::start::{check_input, new_execution};
use super::target::Target;
use crate::service::StatesCall;
use crate::{faults, names};
use api_stepfunctions::{
    BillingDetails, CloudWatchEventsExecutionDataDetails, StartSyncExecutionInput, StartSyncExecutionOutput,
    SyncExecutionStatus,
};
use aws_schema::Timestamp;
use contracts::{Reply, new_uuid};
use execution_engine::{Kind, Status};

/// An Express execution is billed by 100 milliseconds and 64 MB (pricing page of Step Functions).
const BILLED_MILLIS: i64 = 100;
const BILLED_MEGABYTES: i64 = 64;

/// StartSyncExecution: answered at the end of the execution, however it ends.
///
/// Errors: `InvalidArn`, `InvalidName`, `InvalidExecutionInput`, `StateMachineDoesNotExist`, `StateMachineDeleting`,
/// `StateMachineTypeNotSupported`.
pub(crate) async fn start_sync(
    call: StatesCall,
    input: StartSyncExecutionInput,
) -> Reply<StartSyncExecutionOutput> {
    let scope = call.scope();
    input.name.as_deref().map_or(Ok(()), names::check)?;
    let target = Target::find(&call, scope, input.state_machine_arn())?;
    if target.kind() != Kind::Express {
        return Err(faults::wrong_type());
    }
    let text = check_input(input.input.as_deref())?;
    let name = input.name.clone().unwrap_or_else(new_uuid);
    let new = new_execution(scope, &target, &name, text, input.trace_header.as_deref());
    let execution_arn = new.start.arn.clone();
    let ended = call.engine()?.start_sync(new).await;
    let ended = ended.map_err(|refusal| faults::start_refused(&refusal, &execution_arn))?;
    let stopped = ended.stopped.unwrap_or(ended.start.at);
    let took = (stopped - ended.start.at).max(1);
    let included = || Some(CloudWatchEventsExecutionDataDetails { included: Some(true) });
    Ok(StartSyncExecutionOutput {
        execution_arn: Some(execution_arn.to_string()),
        state_machine_arn: Some(ended.start.machine_arn.to_string()),
        name: Some(name),
        start_date: Some(Timestamp::from_millis(ended.start.at)),
        stop_date: Some(Timestamp::from_millis(stopped)),
        status: Some(match ended.status {
            Status::Succeeded => SyncExecutionStatus::SUCCEEDED,
            Status::TimedOut => SyncExecutionStatus::TIMED_OUT,
            _ => SyncExecutionStatus::FAILED,
        }),
        error: ended.failure.error.map(|error| error.to_string()),
        cause: ended.failure.cause.map(|cause| cause.to_string()),
        input: Some(ended.start.input.to_string()),
        input_details: included(),
        output: ended.output.map(|output| output.to_string()),
        output_details: included(),
        trace_header: input.trace_header,
        billing_details: Some(BillingDetails {
            billed_memory_used_in_mb: Some(BILLED_MEGABYTES),
            billed_duration_in_milliseconds: Some((took + BILLED_MILLIS - 1) / BILLED_MILLIS * BILLED_MILLIS),
        }),
    })
}
