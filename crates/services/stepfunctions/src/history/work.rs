//! Events of tasks, activities and functions.

use super::{payload, text, whole};
use api_stepfunctions as api;
use api_stepfunctions::HistoryEvent;
use state_machine::history::{EventKind as E, TaskResource};
use std::sync::Arc;

fn resource_type(resource: &TaskResource) -> Option<String> {
    Some(resource.resource_type.to_string())
}

fn resource(resource: &TaskResource) -> Option<String> {
    Some(resource.resource.to_string())
}

fn credentials(role: Option<&Arc<str>>) -> Option<api::TaskCredentials> {
    role.map(|role| api::TaskCredentials { role_arn: Some(role.to_string()) })
}

/// Fills the details of a task's event.
pub(super) fn details(kind: &E, data: bool, shown: &mut HistoryEvent) {
    match kind {
        E::TaskScheduled(task) => {
            shown.task_scheduled_event_details = Some(api::TaskScheduledEventDetails {
                resource_type: resource_type(&task.resource),
                resource: resource(&task.resource),
                region: Some(task.region.to_string()),
                parameters: payload(&task.parameters, data),
                timeout_in_seconds: task.timeout,
                heartbeat_in_seconds: task.heartbeat,
                task_credentials: credentials(task.role.as_ref()),
            });
        }
        E::TaskStarted(of) => {
            shown.task_started_event_details = Some(api::TaskStartedEventDetails {
                resource_type: resource_type(of),
                resource: resource(of),
            });
        }
        E::TaskSubmitted { resource: of, output } => {
            shown.task_submitted_event_details = Some(api::TaskSubmittedEventDetails {
                resource_type: resource_type(of),
                resource: resource(of),
                output: payload(output, data),
                output_details: whole(),
            });
        }
        E::TaskSucceeded { resource: of, output } => {
            shown.task_succeeded_event_details = Some(api::TaskSucceededEventDetails {
                resource_type: resource_type(of),
                resource: resource(of),
                output: payload(output, data),
                output_details: whole(),
            });
        }
        E::TaskStartFailed(of, failure) => {
            shown.task_start_failed_event_details = Some(api::TaskStartFailedEventDetails {
                resource_type: resource_type(of),
                resource: resource(of),
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
            });
        }
        E::TaskSubmitFailed(of, failure) => {
            shown.task_submit_failed_event_details = Some(api::TaskSubmitFailedEventDetails {
                resource_type: resource_type(of),
                resource: resource(of),
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
            });
        }
        E::TaskFailed(of, failure) => {
            shown.task_failed_event_details = Some(api::TaskFailedEventDetails {
                resource_type: resource_type(of),
                resource: resource(of),
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
            });
        }
        E::TaskTimedOut(of, failure) => {
            shown.task_timed_out_event_details = Some(api::TaskTimedOutEventDetails {
                resource_type: resource_type(of),
                resource: resource(of),
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
            });
        }
        E::ActivityScheduled(work) => {
            shown.activity_scheduled_event_details = Some(api::ActivityScheduledEventDetails {
                resource: Some(work.resource.to_string()),
                input: payload(&work.input, data),
                input_details: whole(),
                timeout_in_seconds: work.timeout,
                heartbeat_in_seconds: work.heartbeat,
            });
        }
        E::ActivityStarted { worker } => {
            shown.activity_started_event_details =
                Some(api::ActivityStartedEventDetails { worker_name: text(worker.as_ref()) });
        }
        E::ActivitySucceeded { output } => {
            shown.activity_succeeded_event_details = Some(api::ActivitySucceededEventDetails {
                output: payload(output, data),
                output_details: whole(),
            });
        }
        E::LambdaFunctionScheduled(work) => {
            shown.lambda_function_scheduled_event_details = Some(api::LambdaFunctionScheduledEventDetails {
                resource: Some(work.resource.to_string()),
                input: payload(&work.input, data),
                input_details: whole(),
                timeout_in_seconds: work.timeout,
                task_credentials: credentials(work.role.as_ref()),
            });
        }
        E::LambdaFunctionSucceeded { output } => {
            shown.lambda_function_succeeded_event_details = Some(api::LambdaFunctionSucceededEventDetails {
                output: payload(output, data),
                output_details: whole(),
            });
        }
        E::ActivityScheduleFailed(failure) => {
            shown.activity_schedule_failed_event_details = Some(api::ActivityScheduleFailedEventDetails {
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
            });
        }
        E::ActivityFailed(failure) => {
            shown.activity_failed_event_details = Some(api::ActivityFailedEventDetails {
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
            });
        }
        E::ActivityTimedOut(failure) => {
            shown.activity_timed_out_event_details = Some(api::ActivityTimedOutEventDetails {
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
            });
        }
        E::LambdaFunctionScheduleFailed(failure) => {
            shown.lambda_function_schedule_failed_event_details =
                Some(api::LambdaFunctionScheduleFailedEventDetails {
                    error: text(failure.error.as_ref()),
                    cause: text(failure.cause.as_ref()),
                });
        }
        E::LambdaFunctionStartFailed(failure) => {
            shown.lambda_function_start_failed_event_details =
                Some(api::LambdaFunctionStartFailedEventDetails {
                    error: text(failure.error.as_ref()),
                    cause: text(failure.cause.as_ref()),
                });
        }
        E::LambdaFunctionFailed(failure) => {
            shown.lambda_function_failed_event_details = Some(api::LambdaFunctionFailedEventDetails {
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
            });
        }
        E::LambdaFunctionTimedOut(failure) => {
            shown.lambda_function_timed_out_event_details = Some(api::LambdaFunctionTimedOutEventDetails {
                error: text(failure.error.as_ref()),
                cause: text(failure.cause.as_ref()),
            });
        }
        // `LambdaFunctionStarted` tells its type only; the rest belongs to the flow.
        _ => {}
    }
}
