//! Every definition the recordings sent to AWS: what it accepted is accepted, what it refused is refused in its words.

use super::super::{Code, MachineKind, Severity, findings, refusal, report, validate};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

fn recordings() -> Vec<(String, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recordings/stepfunctions");
    let mut found = Vec::new();
    files(&root, &mut found);
    found.sort();
    assert!(found.len() > 600);
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    };
    found.iter().map(read).collect()
}

/// Symbols of the recordings stand for ARNs and the like.
fn filled(definition: &str) -> String {
    let mut text = String::new();
    let mut rest = definition;
    while let Some((before, symbol)) = rest.split_once("${") {
        let (name, after) = symbol.split_once('}').unwrap();
        let arn = if name.contains("activityArn") {
            "arn:aws:states:us-east-1:111111111111:activity:a"
        } else if name.contains("Function") {
            "arn:aws:lambda:us-east-1:111111111111:function:f"
        } else if name.starts_with("time:") {
            "2030-01-01T00:00:00"
        } else {
            "arn:aws:states:us-east-1:111111111111:stateMachine:m"
        };
        text += before;
        text += arn;
        rest = after;
    }
    text + rest
}

fn kind(params: &Value) -> MachineKind {
    if params["type"] == "EXPRESS" { MachineKind::Express } else { MachineKind::Standard }
}

/// Texts anywhere in the answers that begin like a refused definition.
fn refusals<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => {
            if let Some(at) = text.find("Invalid State Machine Definition: '") {
                found.push(&text[at..]);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| refusals(item, found)),
        Value::Object(members) => members.values().for_each(|member| refusals(member, found)),
        _ => {}
    }
}

#[test]
fn create_and_update_accept_and_refuse_what_aws_does() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (name, recording) in recordings() {
        let mut expected = Vec::new();
        refusals(&recording["expected"], &mut expected);
        for step in recording["steps"].as_array().unwrap() {
            let operation = step["op"].as_str().unwrap();
            let Some(definition) = step["params"]["definition"].as_str() else { continue };
            if !matches!(operation, "states.CreateStateMachine" | "states.UpdateStateMachine") {
                continue;
            }
            checked += 1;
            let said = refusal(&validate(&filled(definition), kind(&step["params"])));
            let refused = step.get("errors").is_some();
            let invalid = recording["expected"].to_string().contains("InvalidDefinition");
            let good = match &said {
                None => !(refused && invalid),
                Some(said) => {
                    refused
                        && (expected.iter().any(|text| text.replace("<partition>", "aws") == *said)
                            // The answers to bad labels are not AWS's words, see the README of this folder's notes.
                            || said.contains("INVALID_LABEL_NAME"))
                }
            };
            if !good {
                wrong.push(format!("{name}: {said:?}\n   expected {expected:?}\n   {definition}"));
            }
        }
    }
    assert!(checked > 400, "{checked}");
    assert!(wrong.is_empty(), "{} of {checked}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn validation_answers_as_aws_did() {
    let mut checked = 0;
    for (name, recording) in recordings() {
        for step in recording["steps"].as_array().unwrap() {
            if step["op"] != "states.ValidateStateMachineDefinition" {
                continue;
            }
            let params = &step["params"];
            let expected = &recording["expected"]["validation_response"];
            let report =
                report(&filled(params["definition"].as_str().unwrap()), kind(params), Severity::Warning, 0);
            let own: Vec<Value> = report
                .diagnostics
                .iter()
                .map(|diagnostic| {
                    let mut own = serde_json::json!({
                        "severity": diagnostic.severity.name(),
                        "code": diagnostic.code.name(),
                        "message": diagnostic.message,
                    });
                    if let Some(location) = &diagnostic.location {
                        own["location"] = location.as_str().into();
                    }
                    own
                })
                .collect();
            assert_eq!(Value::from(own), expected["diagnostics"], "{name}");
            assert_eq!(if report.ok { "OK" } else { "FAIL" }, expected["result"], "{name}");
            assert_eq!(report.truncated, expected["truncated"], "{name}");
            checked += 1;
        }
    }
    assert_eq!(checked, 8);
}

/// Of variables we complain in no more definitions than those that fail in the recordings for that, or would.
#[test]
fn warnings_of_variables() {
    let mut warned = std::collections::BTreeSet::new();
    for (name, recording) in recordings() {
        for step in recording["steps"].as_array().unwrap() {
            let Some(definition) = step["params"]["definition"].as_str() else { continue };
            for finding in findings(&filled(definition), kind(&step["params"])) {
                if matches!(finding.diagnostic.code, Code::UnassignedVariable | Code::ShadowedVariable) {
                    let place = finding.diagnostic.location.unwrap();
                    warned.insert(format!("{} {place}", name.rsplit_once('-').unwrap().0));
                }
            }
        }
    }
    let sampling = "states_variables/test-parallel-catch-error-PARALLEL-CATCH-ERROR-VARIABLE-SAMPLING";
    let retry = "states_variables/test-map-catch-error-MAP-CATCH-ERROR-OUTPUT-WITH-RETRY";
    let expected = [
        "assign/test-undefined-reference-BASE-UNDEFINED-ARGUMENTS /States/State0/Arguments".to_owned(),
        "assign/test-undefined-reference-BASE-UNDEFINED-ASSIGN /States/State0/Assign/result".to_owned(),
        "assign/test-undefined-reference-BASE-UNDEFINED-OUTPUT-MULTIPLE-STATES /States/State2/Output/result"
            .to_owned(),
        format!("{retry} /States/ProcessItems/ItemProcessor/States/Fallback/Output/error"),
        format!("{retry} /States/ProcessItems/ItemProcessor/States/Finish/Output/result"),
        format!("{sampling} /States/Finish/Output/result"),
        format!("{sampling} /States/ParallelState/Branches[0]/States/ExecuteLambdaTask/Assign/inputVar"),
    ];
    assert_eq!(warned.into_iter().collect::<Vec<_>>(), expected);
}
