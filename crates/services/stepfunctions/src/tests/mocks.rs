//! Mocks of TestState against the shapes of what they stand for.

use super::world::World;
use api_stepfunctions::{MockInput, MockResponseValidationMode, TestStateInput};

/// The refusal of a mocked result, without the words all begin with; empty where it is taken.
async fn refused(world: &World, resource: &str, mode: &'static str, result: &str) -> String {
    let input = TestStateInput {
        definition: Some(format!(r#"{{"Type":"Task","Resource":"arn:aws:states:::{resource}","End":true}}"#)),
        mock: Some(MockInput {
            result: Some(result.to_owned()),
            field_validation_mode: Some(MockResponseValidationMode::from(mode)),
            ..MockInput::default()
        }),
        ..TestStateInput::default()
    };
    match crate::test_state::test_state(world.call(), input).await {
        Ok(output) => {
            assert_eq!(output.output.as_deref(), Some(result), "{resource} {mode}");
            String::new()
        }
        Err(fault) => {
            assert_eq!(fault.code, "ValidationException");
            fault.message.strip_prefix("Mock result schema validation error: ").unwrap().to_owned()
        }
    }
}

const DESCRIBED: &str = r#"{"ExecutionArn":"e","StateMachineArn":"m","StartDate":1,"Status":"SUCCEEDED""#;

#[tokio::test]
async fn results_fit_the_shape_of_the_answer() {
    let world = World::new();
    let described = |more: &str| format!("{DESCRIBED}{more}}}");
    let (plain, run) = ("aws-sdk:sfn:describeExecution", "aws-sdk:sfn:describeMapRun");
    let cases = [
        (plain, "STRICT", described(r#","RedriveCount":0,"Unknown":[]"#), ""),
        (plain, "STRICT", "{}".to_owned(), "Required field 'ExecutionArn' is missing"),
        (plain, "PRESENT", "{}".to_owned(), ""),
        (plain, "PRESENT", "[]".to_owned(), "The result must be an object"),
        (plain, "NONE", r#"{"ExecutionArn":1}"#.to_owned(), ""),
        (plain, "PRESENT", r#"{"ExecutionArn":1}"#.to_owned(), "Field 'ExecutionArn' must be a string"),
        (
            plain,
            "PRESENT",
            r#"{"ExecutionArn":""}"#.to_owned(),
            "Field 'ExecutionArn' is smaller than the minimum length",
        ),
        (
            plain,
            "PRESENT",
            format!(r#"{{"Name":"{}"}}"#, "n".repeat(81)),
            "Field 'Name' exceeds the maximum length",
        ),
        (plain, "PRESENT", r#"{"Status":"DONE"}"#.to_owned(), "Field 'Status' is not an expected value"),
        (plain, "PRESENT", r#"{"RedriveCount":"0"}"#.to_owned(), "Field 'RedriveCount' must be a number"),
        (
            run,
            "PRESENT",
            r#"{"MaxConcurrency":-1}"#.to_owned(),
            "Field 'MaxConcurrency' is less than the minimum value",
        ),
        (
            run,
            "PRESENT",
            r#"{"ToleratedFailurePercentage":100.5}"#.to_owned(),
            "Field 'ToleratedFailurePercentage' exceeds the maximum value",
        ),
        (plain, "PRESENT", r#"{"InputDetails":1}"#.to_owned(), "Field 'InputDetails' must be an object"),
        (
            plain,
            "PRESENT",
            r#"{"InputDetails":{"Included":"yes"}}"#.to_owned(),
            "Field 'Included' must be a boolean",
        ),
        (plain, "PRESENT", r#"{"Output":{"a":1}}"#.to_owned(), "Field 'Output' must be a string"),
    ];
    for (resource, mode, result, expected) in cases {
        assert_eq!(refused(&world, resource, mode, &result).await, expected, "{resource} {mode} {result}");
    }
}

/// What stands for the answer depends on how it comes.
#[tokio::test]
async fn patterns_and_unknown_services() {
    let world = World::new();
    let output = |value: &str| format!(r#"{DESCRIBED},"Output":{value}}}"#);
    let started = r#"{"ExecutionArn":"e","StartDate":1}"#;
    let missing = "Required field 'StateMachineArn' is missing";
    for (resource, result, expected) in [
        ("states:startExecution", started.to_owned(), ""),
        ("states:startExecution.sync", started.to_owned(), missing),
        ("states:startExecution.sync", output(r#""{}""#), ""),
        ("states:startExecution.sync", output("{}"), "Field 'Output' must be a string"),
        ("states:startExecution.sync:2", output("{}"), ""),
        ("states:startExecution.sync:2", started.to_owned(), missing),
        ("states:startExecution.waitForTaskToken", r#"{"any":1}"#.to_owned(), ""),
        ("sqs:sendMessage", r#"{"MessageId":1}"#.to_owned(), ""),
        ("aws-sdk:s3:getObject", r#"{"ContentLength":"1"}"#.to_owned(), ""),
    ] {
        assert_eq!(refused(&world, resource, "STRICT", &result).await, expected, "{resource} {result}");
    }
}
