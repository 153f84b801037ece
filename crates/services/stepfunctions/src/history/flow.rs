//! Events of executions, states, iterations and map runs.

use super::{payload, text, whole};
use api_stepfunctions as api;
use api_stepfunctions::HistoryEvent;
use state_machine::history::{EventKind as E, Iteration};

fn iteration(of: &Iteration) -> api::MapIterationEventDetails {
    api::MapIterationEventDetails { name: Some(of.name.to_string()), index: i32::try_from(of.index).ok() }
}

/// Fills the details of an event of the flow; `false` for an event of a task, activity or function.
pub(super) fn details(kind: &E, data: bool, shown: &mut HistoryEvent) -> bool {
    match kind {
        E::ExecutionStarted { input, role_arn, alias_arn, version_arn } => {
            shown.execution_started_event_details = Some(api::ExecutionStartedEventDetails {
                input: payload(input, data),
                input_details: whole(),
                role_arn: Some(role_arn.to_string()),
                state_machine_alias_arn: text(alias_arn.as_ref()),
                state_machine_version_arn: text(version_arn.as_ref()),
            });
        }
        E::ExecutionSucceeded { output } => {
            shown.execution_succeeded_event_details = Some(api::ExecutionSucceededEventDetails {
                output: payload(output, data),
                output_details: whole(),
            });
        }
        E::ExecutionFailed(failure) => {
            shown.execution_failed_event_details = Some(api::ExecutionFailedEventDetails {
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
            });
        }
        E::ExecutionTimedOut(failure) => {
            shown.execution_timed_out_event_details = Some(api::ExecutionTimedOutEventDetails {
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
            });
        }
        E::ExecutionAborted(failure) => {
            shown.execution_aborted_event_details = Some(api::ExecutionAbortedEventDetails {
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
            });
        }
        E::ExecutionRedriven { count } => {
            let redrive_count = i32::try_from(*count).ok();
            shown.execution_redriven_event_details =
                Some(api::ExecutionRedrivenEventDetails { redrive_count });
        }
        E::StateEntered { name, input, .. } => {
            shown.state_entered_event_details = Some(api::StateEnteredEventDetails {
                name: Some(name.to_string()),
                input: payload(input, data),
                input_details: whole(),
            });
        }
        E::StateExited { name, output, assigned, .. } => {
            let variables = assigned.as_ref().map(|variables| {
                variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
            });
            shown.state_exited_event_details = Some(api::StateExitedEventDetails {
                name: Some(name.to_string()),
                output: payload(output, data),
                output_details: whole(),
                assigned_variables_details: variables
                    .as_ref()
                    .map(|_| api::AssignedVariablesDetails { truncated: Some(false) }),
                assigned_variables: variables.filter(|_| data),
            });
        }
        E::MapStateStarted { length } => {
            let length = i32::try_from(*length).ok();
            shown.map_state_started_event_details = Some(api::MapStateStartedEventDetails { length });
        }
        E::MapIterationStarted(of) => shown.map_iteration_started_event_details = Some(iteration(of)),
        E::MapIterationSucceeded(of) => shown.map_iteration_succeeded_event_details = Some(iteration(of)),
        E::MapIterationFailed(of) => shown.map_iteration_failed_event_details = Some(iteration(of)),
        E::MapIterationAborted(of) => shown.map_iteration_aborted_event_details = Some(iteration(of)),
        E::MapRunStarted { arn } => {
            shown.map_run_started_event_details =
                Some(api::MapRunStartedEventDetails { map_run_arn: Some(arn.to_string()) });
        }
        E::MapRunFailed(failure) => {
            shown.map_run_failed_event_details = Some(api::MapRunFailedEventDetails {
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
            });
        }
        E::MapRunRedriven { arn, count } => {
            shown.map_run_redriven_event_details = Some(api::MapRunRedrivenEventDetails {
                map_run_arn: Some(arn.to_string()),
                redrive_count: i32::try_from(*count).ok(),
            });
        }
        E::EvaluationFailed { failure, location, state } => {
            shown.evaluation_failed_event_details = Some(api::EvaluationFailedEventDetails {
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
                location: text(location.as_ref()),
                state: Some(state.to_string()),
            });
        }
        // These tell their type and nothing more.
        E::StateAborted { .. }
        | E::MapStateSucceeded
        | E::MapStateFailed
        | E::MapRunSucceeded
        | E::MapRunAborted
        | E::ParallelStateStarted
        | E::ParallelStateSucceeded
        | E::ParallelStateFailed => {}
        _ => return false,
    }
    true
}
