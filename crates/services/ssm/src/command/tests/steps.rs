//! Documents with several steps.

use super::*;
use crate::document;
use serde_json::{Value, json};

async fn run(steps: Value) -> (Cloud, String, (String, String)) {
    let cloud = Cloud::new();
    let _engine = cloud.engine();
    let ids = instances(&cloud, 1).await;
    let input = CreateDocumentRequest {
        name: Some("Steps".into()),
        content: Some(json!({ "schemaVersion": "2.2", "mainSteps": steps }).to_string()),
        document_type: Some("Command".into()),
        ..Default::default()
    };
    document::create(cloud.call(), input).await.unwrap();
    let input = SendCommandRequest {
        document_name: Some("Steps".into()),
        instance_ids: Some(ids),
        ..Default::default()
    };
    let id = sent(&cloud, input).await;
    let outcome = ended(&cloud, &id).await;
    (cloud, id, outcome)
}

fn step(name: &str, line: &str, more: Value) -> Value {
    let mut step =
        json!({ "action": "aws:runShellScript", "name": name, "inputs": { "runCommand": [line] } });
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

#[tokio::test(start_paused = true)]
async fn steps_follow_on_failure_and_on_success() {
    let none = json!({});
    for (middle, ran, outcome) in [
        (step("b", "echo b", none.clone()), &["a", "b", "c", "f"][..], "Success"),
        (step("b", "exit 1", none.clone()), &["a", "b", "c", "f"], "Failed"),
        (step("b", "exit 1", json!({ "onFailure": "exit" })), &["a", "b", "f"], "Failed"),
        (step("b", "exit 1", json!({ "onFailure": "successAndExit" })), &["a", "b", "f"], "Success"),
        (step("b", "echo b", json!({ "onFailure": "exit" })), &["a", "b", "c", "f"], "Success"),
        (step("b", "echo b", json!({ "onSuccess": "exit" })), &["a", "b", "f"], "Success"),
        (step("b", "exit 1", json!({ "onSuccess": "exit" })), &["a", "b", "c", "f"], "Failed"),
        (
            step("b", "exit 1", json!({ "precondition": { "StringEquals": ["platformType", "Windows"] } })),
            &["a", "c", "f"],
            "Success",
        ),
        (step("b", "hang", json!({ "timeoutSeconds": 5 })), &["a", "b", "c", "f"], "Failed"),
    ] {
        let shown = middle.to_string();
        let last = step("f", "echo f", json!({ "finallyStep": true }));
        let steps =
            json!([step("a", "echo a", none.clone()), middle, step("c", "echo c", none.clone()), last]);
        let (cloud, id, end) = run(steps).await;
        let names = ["a", "b", "c", "f"];
        let started: Vec<&str> =
            cloud.host.started().iter().map(|r| names[r.id.chars().last().unwrap() as usize - 48]).collect();
        assert_eq!(started, ran, "{shown}");
        assert_eq!(end.0, outcome, "{shown}");
        let plugin = |name: &str| GetCommandInvocationRequest {
            command_id: Some(id.clone()),
            instance_id: Some(instance_id(0)),
            plugin_name: Some(name.into()),
        };
        let last = get_invocation(cloud.call(), plugin("f")).await.unwrap();
        assert_eq!(last.standard_output_content.as_deref(), Some("f\n"));
        let unnamed = GetCommandInvocationRequest { plugin_name: None, ..plugin("f") };
        assert_eq!(crate::testing::code(get_invocation(cloud.call(), unnamed).await), "InvalidPluginName");
    }
}
