//! DescribeMapRun, ListMapRuns, UpdateMapRun.

use super::check_arn;
use crate::arn::{self, Resource};
use crate::faults;
use crate::service::StatesCall;
use api_stepfunctions::{
    DescribeMapRunInput, DescribeMapRunOutput, ListMapRunsInput, ListMapRunsOutput, MapRunExecutionCounts,
    MapRunItemCounts, MapRunListItem, MapRunStatus, UpdateMapRunInput, UpdateMapRunOutput,
};
use aws_schema::{Fault, Timestamp};
use contracts::Reply;
use execution_engine::{ChangeRefusal, MapRunUpdate};

fn check_map_run_arn(call: &StatesCall, map_run_arn: &str) -> Result<(), Fault> {
    match arn::parse(&call.caller, map_run_arn)? {
        Resource::MapRun => Ok(()),
        other => Err(other.unexpected()),
    }
}

fn count(number: u64) -> Option<i64> {
    Some(i64::try_from(number).unwrap_or(i64::MAX))
}

/// DescribeMapRun.
///
/// Errors: `InvalidArn`, `ResourceNotFound`.
pub(crate) async fn describe_map_run(
    call: StatesCall,
    input: DescribeMapRunInput,
) -> Reply<DescribeMapRunOutput> {
    check_map_run_arn(&call, input.map_run_arn())?;
    let run =
        call.engine()?.map_run(input.map_run_arn()).await.map_err(|error| faults::unreadable(&error))?;
    let run = run.ok_or_else(faults::no_resource)?;
    use execution_engine::MapRunStatus as S;
    let (items, children) = (run.items, run.executions);
    #[expect(clippy::cast_possible_truncation, reason = "a percentage is shown as a float")]
    let percentage = run.tolerated_percentage as f32;
    Ok(DescribeMapRunOutput {
        map_run_arn: Some(run.arn.to_string()),
        execution_arn: Some(run.execution_arn.to_string()),
        status: Some(match run.status {
            S::Running => MapRunStatus::RUNNING,
            S::Succeeded => MapRunStatus::SUCCEEDED,
            S::Failed => MapRunStatus::FAILED,
            S::Aborted => MapRunStatus::ABORTED,
        }),
        start_date: Some(Timestamp::from_millis(run.started)),
        stop_date: run.stopped.map(Timestamp::from_millis),
        max_concurrency: Some(i32::try_from(run.max_concurrency).unwrap_or(i32::MAX)),
        tolerated_failure_percentage: Some(percentage),
        tolerated_failure_count: count(run.tolerated_count),
        item_counts: Some(MapRunItemCounts {
            pending: count(items.pending),
            running: count(items.running),
            succeeded: count(items.succeeded),
            failed: count(items.failed),
            timed_out: count(items.timed_out),
            aborted: count(items.aborted),
            total: count(items.total),
            results_written: count(items.results_written),
            failures_not_redrivable: count(items.failures_not_redrivable),
            pending_redrive: count(items.pending_redrive),
        }),
        execution_counts: Some(MapRunExecutionCounts {
            pending: count(children.pending),
            running: count(children.running),
            succeeded: count(children.succeeded),
            failed: count(children.failed),
            timed_out: count(children.timed_out),
            aborted: count(children.aborted),
            total: count(children.total),
            results_written: count(children.results_written),
            failures_not_redrivable: count(children.failures_not_redrivable),
            pending_redrive: count(children.pending_redrive),
        }),
        redrive_count: i32::try_from(run.redrives.0).ok(),
        redrive_date: run.redrives.1.map(Timestamp::from_millis),
    })
}

/// ListMapRuns of an execution, newest first.
///
/// Errors: `InvalidArn`, `InvalidToken`, `ExecutionDoesNotExist`.
pub(crate) async fn list_map_runs(call: StatesCall, input: ListMapRunsInput) -> Reply<ListMapRunsOutput> {
    let execution_arn = input.execution_arn();
    check_arn(&call, execution_arn)?;
    super::find(&call, execution_arn).await?;
    let runs = call.engine()?.map_runs(execution_arn).await.map_err(|error| faults::unreadable(&error))?;
    // Newest first: pages go by a falling time, so by a rising rest.
    let key = |run: &execution_engine::MapRun| format!("{:020} {}", i64::MAX - run.started, run.arn);
    let purpose = format!("map-runs/{execution_arn}");
    let mut runs = runs;
    runs.sort_by_key(key);
    let page =
        call.page(&purpose, call.scope(), runs, input.next_token.as_deref(), input.max_results, key)?;
    let items = page.items.iter().map(|run| MapRunListItem {
        execution_arn: Some(run.execution_arn.to_string()),
        map_run_arn: Some(run.arn.to_string()),
        state_machine_arn: Some(run.machine_arn.to_string()),
        start_date: Some(Timestamp::from_millis(run.started)),
        stop_date: run.stopped.map(Timestamp::from_millis),
    });
    Ok(ListMapRunsOutput { map_runs: Some(items.collect()), next_token: page.next })
}

fn ended() -> Fault {
    faults::validation("The Map Run has ended and cannot be updated.")
}

async fn known(call: &StatesCall, map_run_arn: &str) -> Result<bool, Fault> {
    let run = call.engine()?.map_run(map_run_arn).await.map_err(|error| faults::unreadable(&error))?;
    Ok(run.is_some())
}

/// UpdateMapRun.
///
/// Errors: `InvalidArn`, `ResourceNotFound`, `ValidationException`.
pub(crate) async fn update_map_run(call: StatesCall, input: UpdateMapRunInput) -> Reply<UpdateMapRunOutput> {
    let map_run_arn = input.map_run_arn();
    check_map_run_arn(&call, map_run_arn)?;
    let update = MapRunUpdate {
        max_concurrency: input.max_concurrency.and_then(|n| u64::try_from(n).ok()),
        tolerated_percentage: input.tolerated_failure_percentage.map(f64::from),
        tolerated_count: input.tolerated_failure_count.and_then(|n| u64::try_from(n).ok()),
    };
    if update == MapRunUpdate::default() {
        return Err(faults::validation(
            "At least one of maxConcurrency, toleratedFailurePercentage or toleratedFailureCount must be specified.",
        ));
    }
    match call.engine()?.update_map_run(map_run_arn, update).await {
        Ok(()) => Ok(UpdateMapRunOutput {}),
        Err(ChangeRefusal::NotFound) if known(&call, map_run_arn).await? => Err(ended()),
        Err(ChangeRefusal::NotFound) => Err(faults::no_resource()),
        Err(ChangeRefusal::Status(_)) => Err(ended()),
        Err(refusal) => Err(faults::change_refused(&refusal, map_run_arn)),
    }
}
