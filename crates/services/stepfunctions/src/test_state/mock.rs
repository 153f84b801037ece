//! Holds the result of a mock against the shape of the answer it stands for (API reference, `MockInput`,
//! `fieldValidationMode`).

use crate::faults;
use crate::service::StatesCall;
use crate::task::member_name;
use api_stepfunctions::MockResponseValidationMode;
use aws_schema::{Fault, Kind, Shape};
use state_machine::interpret::Pattern;
use state_machine::program::Resource;
use state_machine::text::{self, Node, parse_value};
use state_machine::{Map, Value};

/// Checks a mocked result: with `STRICT`, the default, required members must be there; with `PRESENT` only those that
/// are there are looked at; with `NONE` nothing is. Of a service that this cloud does not have no shape is known, so any
/// result passes.
pub(super) fn check(
    call: &StatesCall,
    definition: &str,
    state_name: Option<&str>,
    result: &str,
    mode: Option<&MockResponseValidationMode>,
) -> Result<(), Fault> {
    if mode == Some(&MockResponseValidationMode::NONE) {
        return Ok(());
    }
    let strict = mode != Some(&MockResponseValidationMode::PRESENT);
    // What is no JSON, and what names no service, others have judged.
    let (Ok(node), Ok(value)) = (text::read(definition), parse_value(result)) else { return Ok(()) };
    let state = match state_name {
        None => Some(&node),
        Some(name) => node.get("States").and_then(|states| states.get(name)),
    };
    let resource = state.and_then(|state| state.get("Resource")).and_then(Node::as_str);
    let Some(Resource::Service { service, action, pattern, .. }) = resource.and_then(Resource::parse) else {
        return Ok(());
    };
    let shape = match (&*service, &*action, pattern) {
        // Whoever holds the token answers what he likes.
        (_, _, Pattern::Callback) => None,
        ("states", "startExecution", pattern) => start_execution(pattern),
        (service, action, _) => call.answer_shape(service, action),
    };
    let Some(shape) = shape else { return Ok(()) };
    // Behind `.sync:2` these two are not texts but what is in them.
    let free: &[&str] = if pattern == Pattern::Sync(2) { &["Input", "Output"] } else { &[] };
    let Value::Object(members) = &value else {
        return Err(faults::validation(format!("{INVALID}: The result must be an object")));
    };
    (Check { strict, free })
        .structure(members, shape)
        .map_err(|why| faults::validation(format!("{INVALID}: {why}")))
}

/// How AWS's sentences begin (recordings `test_state/test-strict-mode-…`).
const INVALID: &str = "Mock result schema validation error";

/// The shape of what a nested execution answers: with `.sync` that of the call that asks how it ended.
fn start_execution(pattern: Pattern) -> Option<&'static Shape> {
    let operation = match pattern {
        Pattern::Sync(_) => "DescribeExecution",
        _ => "StartExecution",
    };
    api_stepfunctions::SERVICE.operation(operation).map(|operation| operation.output)
}

struct Check {
    strict: bool,
    /// Members that may hold anything.
    free: &'static [&'static str],
}

impl Check {
    fn structure(&self, members: &Map, shape: &'static Shape) -> Result<(), String> {
        for member in shape.members {
            let name = member_name(member.name);
            match members.get(name.as_str()) {
                Some(_) if self.free.contains(&name.as_str()) => {}
                Some(value) => self.field(value, member.shape, &name)?,
                None if self.strict && member.required => {
                    return Err(format!("Required field '{name}' is missing"));
                }
                None => {}
            }
        }
        Ok(())
    }

    fn field(&self, value: &Value, shape: &'static Shape, name: &str) -> Result<(), String> {
        let must = |what: &str| Err(format!("Field '{name}' must be {what}"));
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(members)) => self.structure(members, shape),
            (Kind::List, Value::Array(items)) => {
                let Some(item) = shape.members.first() else { return Ok(()) };
                items.iter().try_for_each(|value| self.field(value, item.shape, name))
            }
            (Kind::List, _) => must("an array"),
            (Kind::Map, Value::Object(entries)) => {
                let Some(entry) = shape.members.get(1) else { return Ok(()) };
                entries.values().try_for_each(|value| self.field(value, entry.shape, name))
            }
            (Kind::Structure | Kind::Map, _) => must("an object"),
            (Kind::String | Kind::Blob, Value::String(text)) => letters(text, shape, name),
            (Kind::String | Kind::Blob, _) => must("a string"),
            (Kind::Boolean, Value::Bool(_)) | (Kind::Timestamp | Kind::Document, _) => Ok(()),
            (Kind::Boolean, _) => must("a boolean"),
            (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, Value::Number(number)) => {
                size(number.as_f64(), shape, name)
            }
            (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, _) => must("a number"),
        }
    }
}

fn letters(text: &str, shape: &'static Shape, name: &str) -> Result<(), String> {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    if !shape.values.is_empty() && !shape.values.contains(&text) {
        return Err(format!("Field '{name}' is not an expected value"));
    }
    if shape.limits.min.is_some_and(|min| length < min) {
        return Err(format!("Field '{name}' is smaller than the minimum length"));
    }
    if shape.limits.max.is_some_and(|max| length > max) {
        return Err(format!("Field '{name}' exceeds the maximum length"));
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "limits of the models are far below 2^53")]
fn size(number: f64, shape: &'static Shape, name: &str) -> Result<(), String> {
    if shape.limits.min.is_some_and(|min| number < min as f64) {
        return Err(format!("Field '{name}' is less than the minimum value"));
    }
    if shape.limits.max.is_some_and(|max| number > max as f64) {
        return Err(format!("Field '{name}' exceeds the maximum value"));
    }
    Ok(())
}
