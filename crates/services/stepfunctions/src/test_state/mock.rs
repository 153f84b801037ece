//! Holds the result of a mock against the shape of the answer it stands for (API reference, `MockInput`,
//! `fieldValidationMode`).

use crate::faults;
use crate::service::StatesCall;
use crate::task::member_name;
use api_stepfunctions::MockResponseValidationMode;
use aws_schema::{Fault, Kind, Shape};
use state_machine::text::{self, Node};
use state_machine::value::Number;
use state_machine::{Value, text::parse_value};

/// Checks a mocked result: with `STRICT`, the default, required members must be there; with `PRESENT` only those that
/// are there are looked at; with `NONE` nothing is.
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
    let Some(shape) = resource.and_then(|resource| answer_shape(call, resource)) else { return Ok(()) };
    structure(&value, shape, strict, "")
        .map_err(|why| faults::validation(format!("Mock result schema validation error: {why}")))
}

/// The shape of what a task's service answers.
fn answer_shape(call: &StatesCall, resource: &str) -> Option<&'static Shape> {
    let rest = resource.strip_prefix("arn:aws:states:::")?;
    let (service, action) = rest.rsplit_once(':').filter(|(_, action)| *action != "2").or_else(|| {
        let (rest, _) = rest.rsplit_once(':')?;
        rest.rsplit_once(':')
    })?;
    let (action, pattern) =
        action.split_once('.').map_or((action, ""), |(action, pattern)| (action, pattern));
    if service == "states" && action == "startExecution" {
        let operation = if pattern.starts_with("sync") { "DescribeExecution" } else { "StartExecution" };
        return api_stepfunctions::SERVICE.operation(operation).map(|operation| operation.output);
    }
    call.answer_shape(service, action)
}

fn structure(value: &Value, shape: &'static Shape, strict: bool, name: &str) -> Result<(), String> {
    let Value::Object(members) = value else { return Err(format!("Field '{name}' must be an object")) };
    for member in shape.members {
        let name = member_name(member.name);
        match members.get(name.as_str()) {
            Some(value) => field(value, member.shape, strict, &name)?,
            None if strict && member.required => return Err(format!("Required field '{name}' is missing")),
            None => {}
        }
    }
    Ok(())
}

fn field(value: &Value, shape: &'static Shape, strict: bool, name: &str) -> Result<(), String> {
    let must = |what: &str| Err(format!("Field '{name}' must be {what}"));
    match (shape.kind, value) {
        (Kind::Structure, _) => structure(value, shape, strict, name),
        (Kind::List, Value::Array(items)) => {
            let Some(item) = shape.members.first() else { return Ok(()) };
            items.iter().try_for_each(|value| field(value, item.shape, strict, name))
        }
        (Kind::List, _) => must("an array"),
        (Kind::Map, Value::Object(entries)) => {
            let Some(entry) = shape.members.get(1) else { return Ok(()) };
            entries.values().try_for_each(|value| field(value, entry.shape, strict, name))
        }
        (Kind::Map, _) => must("an object"),
        (Kind::String | Kind::Blob, Value::String(text)) => {
            let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            if !shape.values.is_empty() && !shape.values.contains(&&**text) {
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
        (Kind::String | Kind::Blob, _) => must("a string"),
        (Kind::Boolean, Value::Bool(_)) => Ok(()),
        (Kind::Boolean, _) => must("a boolean"),
        (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, Value::Number(number)) => {
            let Number::Int(number) = number else { return Ok(()) };
            if shape.limits.min.is_some_and(|min| *number < min) {
                return Err(format!("Field '{name}' is less than the minimum value"));
            }
            if shape.limits.max.is_some_and(|max| *number > max) {
                return Err(format!("Field '{name}' exceeds the maximum value"));
            }
            Ok(())
        }
        (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, _) => must("a number"),
        (Kind::Timestamp | Kind::Document, _) => Ok(()),
    }
}
