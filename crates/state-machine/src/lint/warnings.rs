//! What is accepted and yet probably a slip: paths where they are taken for plain texts (API reference,
//! `ValidateStateMachineDefinitionDiagnostic`, "List of warning codes").

use super::fault::{Code, Fault, Problems};
use crate::intrinsic::Call;
use crate::path::Path;
use crate::text::{Kind, Node};
use crate::trail::Trail;

/// Looks at a JSONPath state.
pub(super) fn check(state: &Node, at: &Trail<'_>, problems: &mut Problems) {
    for field in ["Parameters", "ResultSelector", "ItemSelector"] {
        if let Some(value) = state.get(field) {
            texts(value, &at.field(field), problems, Code::NoDollar);
        }
    }
    match state.get("Type").and_then(Node::as_str) {
        Some("Pass") => {
            if let Some(value) = state.get("Result") {
                texts(value, &at.field("Result"), problems, Code::PassResultIsStatic);
            }
        }
        Some("Fail") => {
            for field in ["Error", "Cause"] {
                if let Some(value) = state.get(field) {
                    texts(value, &at.field(field), problems, Code::NoPath);
                }
            }
        }
        _ => {}
    }
}

/// Every text below that looks like a path and stands under a name without `.$`.
fn texts(node: &Node, at: &Trail<'_>, problems: &mut Problems, code: Code) {
    match &node.kind {
        Kind::String(text) if looks_like_a_path(text) => {
            let message = match code {
                Code::NoDollar => format!(
                    "The value '{text}' appears to be a JSONPath or an intrinsic function, but the name of the field \
                     does not end with '.$'"
                ),
                Code::NoPath => {
                    format!(
                        "The value '{text}' looks like a path, but the name of the field does not end with 'Path'"
                    )
                }
                _ => format!(
                    "The value '{text}' looks like a path, but the result of a Pass state is taken as it stands"
                ),
            };
            problems.add(at, &node.span, Fault::own(code, message));
        }
        Kind::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(item, &at.index(index), problems, code);
            }
        }
        Kind::Object(members) => {
            for (key, value) in members.iter().filter(|(key, _)| !key.name.ends_with(".$")) {
                texts(value, &at.field(&key.name), problems, code);
            }
        }
        _ => {}
    }
}

fn looks_like_a_path(text: &str) -> bool {
    let path = ["$.", "$$.", "$["].iter().any(|start| text.starts_with(start)) && Path::compile(text).is_ok();
    path || (text.starts_with("States.") && Call::compile(text).is_ok())
}
