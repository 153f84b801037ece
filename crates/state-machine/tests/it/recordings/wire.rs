//! Events as GetExecutionHistory tells them.

use serde_json::{Map, Value, json};
use state_machine::Millis;
use state_machine::history::{Event, EventKind, Failure, Iteration, TaskResource};

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
        E::TaskFailed(task, why) => ("taskFailedEventDetails", with(resource(task), failure(why).into())),
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
