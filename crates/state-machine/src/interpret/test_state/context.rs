//! The context object a test brings along.

use super::{TestStateError, TestStateRequest};
use crate::interpret::Pattern;
use crate::program::{Body, Resource, State};
use crate::text::parse_value;
use crate::value::Value;

/// What a member may hold.
#[derive(Clone, Copy)]
enum Shape {
    Any,
    Text,
    Number,
    Members(&'static [(&'static str, Shape)]),
}

/// The context object (developer guide, "Accessing execution data from the Context object").
const CONTEXT: &[(&str, Shape)] = &[
    (
        "Execution",
        Shape::Members(&[
            ("Id", Shape::Text),
            ("Input", Shape::Any),
            ("Name", Shape::Text),
            ("RoleArn", Shape::Text),
            ("StartTime", Shape::Text),
            ("RedriveCount", Shape::Number),
            ("RedriveTime", Shape::Text),
        ]),
    ),
    (
        "State",
        Shape::Members(&[("EnteredTime", Shape::Text), ("Name", Shape::Text), ("RetryCount", Shape::Number)]),
    ),
    ("StateMachine", Shape::Members(&[("Id", Shape::Text), ("Name", Shape::Text)])),
    ("Task", Shape::Members(&[("Token", Shape::Text)])),
    (
        "Map",
        Shape::Members(&[(
            "Item",
            Shape::Members(&[
                ("Index", Shape::Number),
                ("Value", Shape::Any),
                ("Key", Shape::Text),
                ("Source", Shape::Text),
            ]),
        )]),
    ),
];

/// Reads the context of a request, and holds it against the shape and the state.
pub(super) fn read(request: &TestStateRequest, state: &State) -> Result<Option<Value>, TestStateError> {
    let Some(text) = &request.context else { return Ok(None) };
    let invalid =
        |message: String| TestStateError::Validation(format!("Invalid Context object provided: {message}"));
    let context = parse_value(text).map_err(|error| invalid(error.to_string()))?;
    fits(&context, "", Shape::Members(CONTEXT)).map_err(invalid)?;
    let Value::Object(members) = &context else { return Ok(Some(context)) };
    let waits = match &state.body {
        Body::Task(task) => {
            matches!(&task.resource, Resource::Service { pattern, .. } if *pattern != Pattern::RequestResponse)
        }
        _ => false,
    };
    if members.contains_key("Task") && !waits {
        return Err(invalid(
            "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' \
             service integration pattern"
                .to_owned(),
        ));
    }
    Ok(Some(context))
}

/// The table is as deep as this goes.
fn fits(value: &Value, place: &str, shape: Shape) -> Result<(), String> {
    match (shape, value) {
        (Shape::Any, _) | (Shape::Text, Value::String(_)) | (Shape::Number, Value::Number(_)) => Ok(()),
        (Shape::Text, _) => Err(format!("{place} must be a string")),
        (Shape::Number, _) => Err(format!("{place} must be a number")),
        (Shape::Members(table), Value::Object(members)) => {
            for (name, value) in members.iter() {
                let Some((_, shape)) = table.iter().find(|(known, _)| *known == &**name) else {
                    return Err(format!("Field '{name}' is not allowed"));
                };
                let place = if place.is_empty() { name.to_string() } else { format!("{place}.{name}") };
                fits(value, &place, *shape)?;
            }
            Ok(())
        }
        (Shape::Members(_), _) if place.is_empty() => Err("Context object must be an object".to_owned()),
        (Shape::Members(_), _) => Err(format!("{place} must be an object")),
    }
}
