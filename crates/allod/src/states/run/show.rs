//! Events as lines, for people and for programs.

use serde_json::{Map, Value, json};
use state_machine::Millis;
use state_machine::history::{Event, EventKind, Failure};
use std::fmt::Write as _;

/// The longest payload shown to people, in characters.
const MOST: usize = 200;

/// What a line tells besides its type: name and value.
fn parts(kind: &EventKind) -> Vec<(&'static str, String)> {
    use EventKind as E;
    let failure = |failure: &Failure| {
        let parts = [("error", &failure.error), ("cause", &failure.cause)];
        parts.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?.to_string()))).collect()
    };
    match kind {
        E::ExecutionStarted { input, .. } => vec![("input", input.to_string())],
        E::ExecutionSucceeded { output }
        | E::ActivitySucceeded { output }
        | E::LambdaFunctionSucceeded { output } => {
            vec![("output", output.to_string())]
        }
        E::StateEntered { name, input, .. } => vec![("name", name.to_string()), ("input", input.to_string())],
        E::StateExited { name, output, assigned, .. } => {
            let mut parts = vec![("name", name.to_string()), ("output", output.to_string())];
            for (variable, value) in assigned.iter().flat_map(|assigned| assigned.iter()) {
                parts.push(("assigned", format!("{variable} = {value}")));
            }
            parts
        }
        E::MapStateStarted { length } => vec![("length", length.to_string())],
        E::MapIterationStarted(place)
        | E::MapIterationSucceeded(place)
        | E::MapIterationFailed(place)
        | E::MapIterationAborted(place) => {
            vec![("name", place.name.to_string()), ("index", place.index.to_string())]
        }
        E::MapRunStarted { arn } | E::MapRunRedriven { arn, .. } => vec![("mapRunArn", arn.to_string())],
        E::TaskScheduled(task) => vec![
            ("resource", format!("{}:{}", task.resource.resource_type, task.resource.resource)),
            ("parameters", task.parameters.to_string()),
        ],
        E::ActivityScheduled(work) | E::LambdaFunctionScheduled(work) => {
            vec![("resource", work.resource.to_string()), ("input", work.input.to_string())]
        }
        E::TaskSubmitted { output, .. } | E::TaskSucceeded { output, .. } => {
            vec![("output", output.to_string())]
        }
        E::ExecutionFailed(why)
        | E::ExecutionTimedOut(why)
        | E::ExecutionAborted(why)
        | E::MapRunFailed(why)
        | E::TaskStartFailed(_, why)
        | E::TaskSubmitFailed(_, why)
        | E::TaskFailed(_, why)
        | E::TaskTimedOut(_, why)
        | E::ActivityScheduleFailed(why)
        | E::ActivityFailed(why)
        | E::ActivityTimedOut(why)
        | E::LambdaFunctionScheduleFailed(why)
        | E::LambdaFunctionStartFailed(why)
        | E::LambdaFunctionFailed(why)
        | E::LambdaFunctionTimedOut(why)
        | E::EvaluationFailed { failure: why, .. } => failure(why),
        _ => Vec::new(),
    }
}

/// For people: seconds since the start, the event, what it tells. Children of a distributed Map stand further in.
pub(super) fn line(event: &Event, begin: Millis, depth: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "seconds of one execution")]
    let seconds = (event.at - begin) as f64 / 1000.0;
    let mut line =
        format!("{seconds:>9.3}  {:depth$}{:<5} {}", "", event.id, event.kind.name(), depth = depth * 2);
    for (name, value) in parts(&event.kind) {
        let cut = value.char_indices().nth(MOST).map(|(at, _)| &value[..at]);
        let shown = cut.unwrap_or(&value);
        let more = if cut.is_some() { "…" } else { "" };
        // A string takes everything that is written into it.
        let _ = match name {
            "name" => write!(line, "  {shown}{more}"),
            _ => write!(line, "  {name}: {shown}{more}"),
        };
    }
    line
}

/// For programs: one object a line.
pub(super) fn json(event: &Event, execution: &str) -> String {
    let mut object = Map::new();
    object.insert("executionArn".into(), json!(execution));
    object.insert("id".into(), json!(event.id));
    object.insert("previousEventId".into(), json!(event.previous));
    object.insert("timestamp".into(), json!(event.at));
    object.insert("type".into(), json!(event.kind.name()));
    let mut assigned = Vec::new();
    for (name, value) in parts(&event.kind) {
        match name {
            "assigned" => assigned.push(value),
            "length" | "index" => {
                object.insert(name.into(), serde_json::from_str(&value).unwrap_or(Value::Null));
            }
            _ => {
                object.insert(name.into(), value.into());
            }
        }
    }
    if !assigned.is_empty() {
        object.insert("assigned".into(), assigned.into());
    }
    Value::Object(object).to_string()
}
