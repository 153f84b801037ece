//! ListExecutions.

use super::show_status;
use crate::arn::{self, Resource};
use crate::faults;
use crate::service::{StatesCall, page_size};
use api_stepfunctions::{
    ExecutionListItem, ExecutionRedriveFilter, ExecutionStatus, ListExecutionsInput, ListExecutionsOutput,
};
use aws_schema::{Fault, Timestamp};
use contracts::Reply;
use execution_engine::{Execution, ListCursor, ListFilter, ListOf, Status};
use records::stepfunctions::StateMachine;

fn status(asked: &ExecutionStatus) -> Option<Status> {
    Some(match asked.as_str() {
        "RUNNING" => Status::Running,
        "SUCCEEDED" => Status::Succeeded,
        "FAILED" => Status::Failed,
        "TIMED_OUT" => Status::TimedOut,
        "ABORTED" => Status::Aborted,
        "PENDING_REDRIVE" => Status::PendingRedrive,
        _ => return None,
    })
}

/// Whose executions are asked for, and by which version or alias they were started.
fn filter(call: &StatesCall, input: &ListExecutionsInput) -> Result<ListFilter, Fault> {
    let mut filter = ListFilter {
        of: ListOf::Machine("".into()),
        status: input.status_filter.as_ref().and_then(status),
        version_arn: None,
        alias_arn: None,
        redriven: input.redrive_filter.as_ref().map(|asked| *asked == ExecutionRedriveFilter::REDRIVEN),
    };
    let (scope, store) = (call.scope(), &call.platform.store);
    match (&input.state_machine_arn, &input.map_run_arn) {
        // API reference, `statusFilter`.
        (Some(_), None) if filter.status == Some(Status::PendingRedrive) => {
            return Err(faults::validation("PENDING_REDRIVE can only be listed of a Map Run."));
        }
        (Some(machine_arn), None) => {
            let (name, qualifier) = match arn::parse(&call.caller, machine_arn)? {
                Resource::Machine { name, qualifier } => (name, qualifier),
                other => return Err(other.unexpected()),
            };
            let machine =
                store.get::<StateMachine>(scope, name).ok_or_else(|| faults::no_machine(machine_arn))?;
            if machine.express {
                return Err(faults::wrong_type());
            }
            // API reference, `ListExecutions`, `statusFilter`.
            if filter.status == Some(Status::PendingRedrive) {
                return Err(faults::validation(
                    "The status filter PENDING_REDRIVE can only be used together with mapRunArn.",
                ));
            }
            if let Some(qualifier) = qualifier {
                let of = if qualifier.bytes().all(|c| c.is_ascii_digit()) {
                    &mut filter.version_arn
                } else {
                    &mut filter.alias_arn
                };
                *of = Some(machine_arn.as_str().into());
            }
            filter.of = ListOf::Machine(arn::machine(scope, name).into());
        }
        (None, Some(map_run_arn)) => match arn::parse(&call.caller, map_run_arn)? {
            Resource::MapRun => filter.of = ListOf::MapRun(map_run_arn.as_str().into()),
            other => return Err(other.unexpected()),
        },
        _ => {
            return Err(faults::validation("Must specify exactly one of stateMachineArn or mapRunArn."));
        }
    }
    Ok(filter)
}

/// The execution a page token continues after: start and ARN.
fn cursor(text: &str) -> Option<ListCursor> {
    let (started, arn) = text.split_once(' ')?;
    Some(ListCursor { started: started.parse().ok()?, arn: arn.into() })
}

/// ListExecutions, newest first.
///
/// Errors: `InvalidArn`, `InvalidToken`, `StateMachineDoesNotExist`, `StateMachineTypeNotSupported`,
/// `ResourceNotFound` for a Map Run, `ValidationException`.
pub(crate) async fn list(call: StatesCall, input: ListExecutionsInput) -> Reply<ListExecutionsOutput> {
    let filter = filter(&call, &input)?;
    if let ListOf::MapRun(run) = &filter.of {
        let known = call.engine()?.map_run(run).await.map_err(|error| faults::unreadable(&error))?;
        known.ok_or_else(faults::no_resource)?;
    }
    let of = input.state_machine_arn.as_deref().or(input.map_run_arn.as_deref()).unwrap_or_default();
    let status = input.status_filter.as_ref().map_or("", |status| status.as_str());
    let redriven = input.redrive_filter.as_ref().map_or("", |filter| filter.as_str());
    let purpose = format!("states/executions/{}/{of}/{status}/{redriven}", call.scope());
    let pages = &call.platform.pages;
    let after = match input.next_token.as_deref() {
        Some(token) => {
            let last = pages.read(&purpose, token).map_err(|_| faults::invalid_page_token())?;
            Some(cursor(&last).ok_or_else(faults::invalid_page_token)?)
        }
        None => None,
    };
    let page = call.engine()?.list(filter, after, page_size(input.max_results)).await;
    let page = page.map_err(|error| faults::unreadable(&error))?;
    let next = page.next.map(|last| pages.token(&purpose, &format!("{} {}", last.started, last.arn)));
    Ok(ListExecutionsOutput {
        executions: Some(page.executions.iter().map(item).collect()),
        next_token: next,
    })
}

fn item(execution: &Execution) -> ExecutionListItem {
    let start = &execution.start;
    ExecutionListItem {
        execution_arn: Some(start.arn.to_string()),
        state_machine_arn: Some(start.machine_arn.to_string()),
        name: Some(start.name.to_string()),
        status: Some(show_status(execution.status)),
        start_date: Some(Timestamp::from_millis(start.at)),
        stop_date: execution.stopped.map(Timestamp::from_millis),
        map_run_arn: start.map_run.as_ref().map(ToString::to_string),
        // Only children of Map Runs have it (API reference, `ExecutionListItem`).
        item_count: execution.child.map(|child| i32::try_from(child.items).unwrap_or(i32::MAX)),
        state_machine_version_arn: start.version_arn.as_ref().map(ToString::to_string),
        state_machine_alias_arn: start.alias_arn.as_ref().map(ToString::to_string),
        redrive_count: i32::try_from(execution.redrives.0).ok(),
        redrive_date: execution.redrives.1.map(Timestamp::from_millis),
    }
}
