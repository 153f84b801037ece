//! What a request for a test may ask, in AWS's sentences and order.

use super::{TestStateError, TestStateRequest};
use crate::program::{Body, State};
use crate::text::parse_value;
use crate::value::Value;

fn refuse<T>(message: impl Into<String>) -> Result<T, TestStateError> {
    Err(TestStateError::Validation(message.into()))
}

pub(super) fn check(request: &TestStateRequest, state: &State) -> Result<(), TestStateError> {
    let kind = state.kind();
    let configuration = &request.configuration;
    if let Some(mock) = &request.mock {
        if mock.result.is_some() && mock.error_output.is_some() {
            return refuse(
                "A test mock should have only one of the following fields: [result, errorOutput].",
            );
        }
        if !matches!(state.body, Body::Task(_) | Body::Parallel(_) | Body::Map(_)) {
            return refuse(format!("State type '{kind:?}' is not supported when a mock is specified"));
        }
        check_result(request, state)?;
    } else {
        if configuration.map_iteration_failure_count.is_some() {
            return refuse(
                "TestState does not support MapIterationFailureCount when a mock is not specified.",
            );
        }
        match state.body {
            Body::Parallel(_) | Body::Map(_) => {
                let message = "TestState API does not support Map or Parallel states. Supported state types include: \
                               [Task, Wait, Pass, Succeed, Fail, Choice]";
                return Err(TestStateError::Definition(message.to_owned()));
            }
            Body::Task(_) if request.role_arn.is_none() => {
                return refuse("RoleArn must be specified when testing a Task state");
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_result(request: &TestStateRequest, state: &State) -> Result<(), TestStateError> {
    let Some(result) = request.mock.as_ref().and_then(|mock| mock.result.as_ref()) else { return Ok(()) };
    let Ok(value) = parse_value(result) else { return refuse("Mocked result must be a valid JSON.") };
    let items = match (&state.body, &value) {
        (Body::Task(_), _) => return Ok(()),
        (Body::Map(map), _) if map.distributed.as_ref().is_some_and(|map| map.writer.is_some()) => {
            return Ok(());
        }
        (_, Value::Array(items)) => items,
        _ => return refuse("Mocked result must be an array."),
    };
    if let Body::Parallel(branches) = &state.body
        && branches.len() != items.len()
    {
        return refuse("Mocked result must contain the same number of items as number of Parallel branches.");
    }
    let failed = request.configuration.map_iteration_failure_count.unwrap_or(0) as usize;
    if matches!(state.body, Body::Map(_)) && failed > items.len() {
        return refuse(
            "Map iteration failure count must be less than or equal to the number of Map iterations",
        );
    }
    Ok(())
}
