//! Events as GetExecutionHistory tells them.

use serde_json::{Map, Value, json};
use state_machine::Millis;
use state_machine::history::{
    Event, EventKind, Failure, Iteration, ScheduledTask, ScheduledWork, TaskResource,
};

/// `YYYY-MM-DDTHH:MM:SS`, as the symbol `${time:…}` gives it.
pub(super) fn timestamp(at: Millis) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    time::OffsetDateTime::from_unix_timestamp(at / 1000).unwrap().format(&format).unwrap()
}

pub(super) fn event(event: &Event) -> Value {
    let name = event.kind.name();
    let mut out = json!({
        "id": event.id,
        "previousEventId": event.previous,
        "timestamp": "datetime",
        "type": name,
    });
    if let Some((member, details)) = details(&event.kind) {
        out[member] = details;
    }
    out
}

fn failure(failure: &Failure) -> Map<String, Value> {
    let mut members = Map::new();
    if let Some(error) = &failure.error {
        members.insert("error".into(), json!(&**error));
    }
    if let Some(cause) = &failure.cause {
        members.insert("cause".into(), json!(&**cause));
    }
    members
}

fn input(text: &str) -> Value {
    json!({ "input": text, "inputDetails": { "truncated": false } })
}

fn output(text: &str) -> Value {
    json!({ "output": text, "outputDetails": { "truncated": false } })
}

fn with(mut value: Value, members: Value) -> Value {
    if let (Value::Object(into), Value::Object(from)) = (&mut value, members) {
        into.extend(from);
    }
    value
}

fn resource(resource: &TaskResource) -> Value {
    json!({ "resourceType": &*resource.resource_type, "resource": &*resource.resource })
}

fn iteration(iteration: &Iteration) -> Value {
    json!({ "name": &*iteration.name, "index": iteration.index })
}

fn limits(timeout: Option<i64>, heartbeat: Option<i64>, role: Option<&str>) -> Value {
    let mut limits = json!({});
    if let Some(seconds) = timeout {
        limits["timeoutInSeconds"] = json!(seconds);
    }
    if let Some(seconds) = heartbeat {
        limits["heartbeatInSeconds"] = json!(seconds);
    }
    if let Some(role) = role {
        limits["taskCredentials"] = json!({ "roleArn": role });
    }
    limits
}

fn task_scheduled(task: &ScheduledTask) -> Value {
    let more = json!({ "region": &*task.region, "parameters": &*task.parameters });
    let limits = limits(task.timeout, task.heartbeat, task.role.as_deref());
    with(with(resource(&task.resource), more), limits)
}

fn scheduled(work: &ScheduledWork) -> Value {
    let limits = limits(work.timeout, work.heartbeat, work.role.as_deref());
    with(with(input(&work.input), json!({ "resource": &*work.resource })), limits)
}

/// The member with the details of an event, where it has one.
fn details(kind: &EventKind) -> Option<(&'static str, Value)> {
    use EventKind as E;
    Some(match kind {
        E::ExecutionStarted { input: text, role_arn, .. } => {
            ("executionStartedEventDetails", with(input(text), json!({ "roleArn": &**role_arn })))
        }
        E::ExecutionSucceeded { output: text } => ("executionSucceededEventDetails", output(text)),
        E::ExecutionFailed(why) => ("executionFailedEventDetails", failure(why).into()),
        E::ExecutionTimedOut(why) => ("executionTimedOutEventDetails", failure(why).into()),
        E::ExecutionAborted(why) => ("executionAbortedEventDetails", failure(why).into()),
        E::StateEntered { name, input: text, .. } => {
            ("stateEnteredEventDetails", with(input(text), json!({ "name": &**name })))
        }
        E::StateExited { name, output: text, assigned, .. } => {
            let mut details = with(output(text), json!({ "name": &**name }));
            if let Some(assigned) = assigned {
                let variables: Map<String, Value> =
                    assigned.iter().map(|(name, value)| (name.to_string(), json!(&**value))).collect();
                details["assignedVariables"] = variables.into();
                details["assignedVariablesDetails"] = json!({ "truncated": false });
            }
            ("stateExitedEventDetails", details)
        }
        E::MapStateStarted { length } => ("mapStateStartedEventDetails", json!({ "length": length })),
        E::MapIterationStarted(place) => ("mapIterationStartedEventDetails", iteration(place)),
        E::MapIterationSucceeded(place) => ("mapIterationSucceededEventDetails", iteration(place)),
        E::MapIterationFailed(place) => ("mapIterationFailedEventDetails", iteration(place)),
        E::MapIterationAborted(place) => ("mapIterationAbortedEventDetails", iteration(place)),
        E::MapRunStarted { arn } => ("mapRunStartedEventDetails", json!({ "mapRunArn": &**arn })),
        E::MapRunFailed(why) => ("mapRunFailedEventDetails", failure(why).into()),
        E::TaskScheduled(scheduled) => ("taskScheduledEventDetails", task_scheduled(scheduled)),
        E::TaskStarted(task) => ("taskStartedEventDetails", resource(task)),
        E::TaskSubmitted { resource: task, output: text } => {
            ("taskSubmittedEventDetails", with(resource(task), output(text)))
        }
        E::TaskSucceeded { resource: task, output: text } => {
            ("taskSucceededEventDetails", with(resource(task), output(text)))
        }
        E::TaskFailed(task, why) => ("taskFailedEventDetails", with(resource(task), failure(why).into())),
        E::TaskTimedOut(task, why) => ("taskTimedOutEventDetails", with(resource(task), failure(why).into())),
        E::LambdaFunctionScheduled(work) => ("lambdaFunctionScheduledEventDetails", scheduled(work)),
        E::LambdaFunctionSucceeded { output: text } => ("lambdaFunctionSucceededEventDetails", output(text)),
        E::LambdaFunctionFailed(why) => ("lambdaFunctionFailedEventDetails", failure(why).into()),
        E::LambdaFunctionTimedOut(why) => ("lambdaFunctionTimedOutEventDetails", failure(why).into()),
        E::ActivityScheduled(work) => ("activityScheduledEventDetails", scheduled(work)),
        E::ActivityStarted { worker } => (
            "activityStartedEventDetails",
            worker.as_ref().map_or(json!({}), |worker| json!({ "workerName": &**worker })),
        ),
        E::ActivitySucceeded { output: text } => ("activitySucceededEventDetails", output(text)),
        E::EvaluationFailed { failure: why, location, state } => {
            let mut details = with(Value::Object(failure(why)), json!({ "state": &**state }));
            if let Some(location) = location {
                details["location"] = json!(&**location);
            }
            ("evaluationFailedEventDetails", details)
        }
        _ => return None,
    })
}
