//! Answers of tasks, taken from the recording itself: so that what the interpreter makes of them can be compared where the
//! services that gave them are missing here.

use serde_json::Value;
use state_machine::history::Failure;
use state_machine::interpret::TaskAnswer;
use std::collections::VecDeque;
use std::sync::Arc;

/// What AWS's tasks answered in one execution, attempt by attempt; `None`: the attempt timed out.
pub(super) type Answers = VecDeque<Vec<TaskAnswer>>;

/// The answers in the recorded history of the execution that a step starts. Only histories without side by side are
/// told apart by their order.
pub(super) fn answers(recording: &Value, start: &str) -> Option<Answers> {
    let execution = format!("${{{start}.executionArn}}");
    let histories = recording["steps"].as_array()?.iter().filter(|step| {
        step["op"] == "states.GetExecutionHistory" && step["params"]["executionArn"] == execution.as_str()
    });
    let names: Vec<&str> = histories.filter_map(|step| step["n"].as_str()).collect();
    let compare = recording["compare"].as_object()?;
    let key = compare.iter().find(|(_, instruction)| {
        instruction["from"].as_str().is_some_and(|from| names.contains(&from))
            && instruction.get("path").is_none()
    })?;
    let mut answers = Answers::new();
    for event in recording["expected"][key.0]["events"].as_array()? {
        let kind = event["type"].as_str()?;
        if matches!(kind, "TaskScheduled" | "LambdaFunctionScheduled" | "ActivityScheduled") {
            answers.push_back(Vec::new());
            continue;
        }
        let details = event.as_object()?.iter().find(|(name, _)| name.ends_with("Details"));
        let details = details.map_or(&Value::Null, |(_, details)| details);
        let failure = || Failure { error: text(&details["error"]), cause: text(&details["cause"]) };
        let output = || text(&details["output"]).unwrap_or_else(|| "null".into());
        let answer = match kind {
            "TaskStarted" | "LambdaFunctionStarted" => TaskAnswer::Started(None),
            "ActivityStarted" => TaskAnswer::Started(text(&details["workerName"])),
            "TaskStartFailed" | "LambdaFunctionStartFailed" => TaskAnswer::StartFailed(failure()),
            "TaskSubmitted" => TaskAnswer::Submitted(output()),
            "TaskSubmitFailed" => TaskAnswer::SubmitFailed(failure()),
            "TaskSucceeded" | "LambdaFunctionSucceeded" | "ActivitySucceeded" => {
                TaskAnswer::Succeeded(output())
            }
            "TaskFailed" | "LambdaFunctionFailed" | "ActivityFailed" => TaskAnswer::Failed(failure()),
            _ => continue,
        };
        answers.back_mut()?.push(answer);
    }
    Some(answers)
}

/// A text, or the JSON that stood in one before normalisation.
fn text(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.as_str().into()),
        other => Some(other.to_string().into()),
    }
}
