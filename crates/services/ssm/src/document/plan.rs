//! From a document and a command's parameters to the steps machines run.

use super::content::{Content, SHELL};
use super::interpolate::{lines, replace, text};
use super::parameters::{bind, text_of};
use crate::faults;
use crate::parameter::{ParameterRef, find_selected};
use crate::service::SsmCall;
use aws_schema::Fault;
use records::ssm::{Step, StoredValue};
use serde_json::Value;
use std::collections::BTreeMap;

/// Execution timeout of a step that names none, and the longest allowed, in seconds (user guide, `aws:runShellScript`).
const DEFAULT_TIMEOUT: i64 = 3600;
const LONGEST_TIMEOUT: i64 = 172_800;
/// Longest script, so that a command's record stays within what the store takes.
const LONGEST_SCRIPT: usize = 256 * 1024;

/// Puts parameters into the steps of a document. `{{ssm:name}}` is resolved here, once: all instances get the same.
pub(crate) fn plan(
    call: &SsmCall,
    content: &Content,
    given: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<Step>, Fault> {
    let mut resolved = BTreeMap::new();
    for (name, values) in given {
        let values: Result<Vec<_>, Fault> = values.iter().map(|v| stored_parameters(call, v)).collect();
        resolved.insert(name.clone(), values?);
    }
    let bound = bind(&content.parameters, &resolved)?;
    let mut steps = Vec::with_capacity(content.steps.len());
    let mut total = 0;
    for raw in &content.steps {
        let input =
            |key: &str| raw.inputs.get(key).map(|v| text(&text_of(v), &bound)).filter(|v| !v.is_empty());
        let runs = raw.precondition.as_ref().is_none_or(|(left, right)| {
            let operand = |o: &str| if o == "platformType" { "Linux".to_owned() } else { text(o, &bound) };
            operand(left) == operand(right)
        });
        let script = if runs && raw.action == SHELL {
            let mut script = lines(raw.inputs.get("runCommand").unwrap_or(&Value::Null), &bound).join("\n");
            script = stored_parameters(call, &script)?;
            total += script.len();
            Some(script)
        } else {
            None
        };
        if total > LONGEST_SCRIPT {
            return Err(faults::invalid_parameters(format!(
                "The scripts are longer than {LONGEST_SCRIPT} bytes"
            )));
        }
        steps.push(Step {
            name: raw.name.clone(),
            action: raw.action.clone(),
            script,
            working_directory: input("workingDirectory")
                .map(|dir| stored_parameters(call, &dir))
                .transpose()?,
            timeout_millis: timeout(input("timeoutSeconds").as_deref()) * 1000,
            exit_on_failure: raw.exit_on_failure,
            succeed_on_failure: raw.succeed_on_failure,
            exit_on_success: raw.exit_on_success,
            always: raw.always,
        });
    }
    Ok(steps)
}

/// The agent falls back to the default when the value is no number in range.
fn timeout(text: Option<&str>) -> i64 {
    let seconds = text.and_then(|t| t.trim().parse().ok());
    seconds.filter(|s| (1..=LONGEST_TIMEOUT).contains(s)).unwrap_or(DEFAULT_TIMEOUT)
}

/// Replaces `{{ssm:name}}`, `{{ssm:name:version}}` and `{{ssm:name:label}}`.
fn stored_parameters(call: &SsmCall, text: &str) -> Result<String, Fault> {
    replace(text, |reference| {
        let Some(name) = reference.strip_prefix("ssm:") else { return Ok(None) };
        let missing = || faults::invalid_parameters(format!("Parameter {name} not found."));
        let wanted = ParameterRef::parse(&call.caller, name).ok_or_else(missing)?;
        let found = find_selected(call, call.scope(), &wanted).map_err(|_| missing())?;
        match found.version.value {
            StoredValue::Plain(value) => Ok(Some(value)),
            // AWS's rule: a secret must not end up in the text of a command, where everybody who lists commands sees it.
            StoredValue::Sealed(_) => Err(faults::invalid_parameters(format!(
                "Parameter {name} is of type SecureString, which can't be referenced as {{{{ssm:{name}}}}} in this document."
            ))),
        }
    })
}
