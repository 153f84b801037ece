//! TestState as its API answers.

use super::replay::{ACCOUNT, NOW, REGION};
use serde_json::{Map, Value, json};
use state_machine::history::Failure;
use state_machine::test_state::{
    Configuration, Inspection, Mock, Progressed, TestState, TestStateError, TestStateOutcome,
    TestStateRequest,
};
use std::sync::Arc;

pub(super) fn answer(params: &Value) -> Result<Value, &'static str> {
    let text = |value: &Value| value.as_str().map(Arc::from);
    let number = |value: &Value| value.as_u64().map(|number| u32::try_from(number).unwrap());
    let mock = params.get("mock").map(|mock| Mock {
        result: text(&mock["result"]),
        error_output: mock
            .get("errorOutput")
            .map(|output| Failure { error: text(&output["error"]), cause: text(&output["cause"]) }),
    });
    let configuration = &params["stateConfiguration"];
    let request = TestStateRequest {
        definition: text(&params["definition"]).unwrap(),
        state_name: text(&params["stateName"]),
        role_arn: text(&params["roleArn"]),
        input: text(&params["input"]),
        context: text(&params["context"]),
        variables: text(&params["variables"]),
        mock,
        configuration: Configuration {
            retrier_retry_count: number(&configuration["retrierRetryCount"]),
            map_iteration_failure_count: number(&configuration["mapIterationFailureCount"]),
            error_caused_by_state: text(&configuration["errorCausedByState"]),
            map_item_reader_data: text(&configuration["mapItemReaderData"]),
        },
        region: REGION.into(),
        account: ACCOUNT.into(),
        now: NOW,
    };
    let mut seed = 0_u64;
    let mut draw = || {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        seed
    };
    let (code, message) = match TestState::begin(&request, &mut draw) {
        Ok(Progressed::Done(outcome)) => return Ok(wire(&outcome, params["inspectionLevel"].as_str())),
        Ok(Progressed::Task(..)) => return Err("calls a service"),
        Err(TestStateError::Validation(message)) => ("ValidationException", message),
        Err(TestStateError::Definition(message)) => ("InvalidDefinition", message),
        Err(TestStateError::Input(message)) => ("InvalidExecutionInput", message),
    };
    if message.contains("is no type of state") {
        return Err("asks the linter");
    }
    Ok(json!({
        "Error": { "Code": code, "Message": message },
        "ResponseMetadata": { "HTTPHeaders": {}, "HTTPStatusCode": 400 },
        "message": message,
    }))
}

fn wire(outcome: &TestStateOutcome, level: Option<&str>) -> Value {
    let mut answer = Map::new();
    answer.insert("status".into(), json!(outcome.status.name()));
    let mut put = |name: &str, text: Option<&Arc<str>>| {
        if let Some(text) = text {
            answer.insert(name.into(), json!(&**text));
        }
    };
    put("output", outcome.output.as_ref());
    put("error", outcome.failure.error.as_ref());
    put("cause", outcome.failure.cause.as_ref());
    put("nextState", outcome.next_state.as_ref());
    if matches!(level, Some("DEBUG" | "TRACE")) {
        answer.insert("inspectionData".into(), inspection(&outcome.inspection));
    }
    answer.insert("ResponseMetadata".into(), json!({ "HTTPHeaders": {}, "HTTPStatusCode": 200 }));
    answer.into()
}

fn inspection(seen: &Inspection) -> Value {
    let mut data = Map::new();
    for (name, text) in [
        ("input", &seen.input),
        ("afterInputPath", &seen.after_input_path),
        ("afterParameters", &seen.after_parameters),
        ("afterArguments", &seen.after_arguments),
        ("result", &seen.result),
        ("afterResultSelector", &seen.after_result_selector),
        ("afterResultPath", &seen.after_result_path),
        ("afterItemsPath", &seen.after_items_path),
        ("afterItemSelector", &seen.after_item_selector),
        ("variables", &seen.variables),
    ] {
        if let Some(text) = text {
            data.insert(name.into(), json!(&**text));
        }
    }
    let mut details = Map::new();
    if let Some(at) = seen.catcher {
        details.insert("catchIndex".into(), json!(at));
    }
    if let Some(at) = seen.retrier {
        details.insert("retryIndex".into(), json!(at));
    }
    if let Some(seconds) = seen.backoff {
        details.insert("retryBackoffIntervalSeconds".into(), json!(seconds));
    }
    if !details.is_empty() {
        data.insert("errorDetails".into(), details.into());
    }
    let counts =
        [("maxConcurrency", seen.max_concurrency), ("toleratedFailureCount", seen.tolerated_failure_count)];
    for (name, count) in counts {
        if let Some(count) = count {
            data.insert(name.into(), json!(count));
        }
    }
    if let Some(percentage) = seen.tolerated_failure_percentage {
        data.insert("toleratedFailurePercentage".into(), json!(percentage));
    }
    data.into()
}
