//! From a document and a command's parameters to the steps machines run.

use super::content::{Content, RawStep, SHELL};
use super::interpolate::{Budget, TooLong, lines, replace, text};
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
/// 48 hours.
const LONGEST_TIMEOUT: i64 = 172_800;
/// Bytes of all parameters and scripts together, so that a command's record stays within what the store takes.
const LONGEST: usize = 512 * 1024;

/// Puts parameters into the steps of a document. `{{ssm:name}}` is resolved here, once: all instances get the same.
pub(crate) fn plan(
    call: &SsmCall,
    content: &Content,
    given: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<Step>, Fault> {
    let budget = &mut Budget::new(LONGEST);
    let mut resolved = BTreeMap::new();
    for (name, values) in given {
        let values: Result<Vec<_>, Fault> =
            values.iter().map(|v| stored_parameters(call, v, budget)).collect();
        resolved.insert(name.clone(), values?);
    }
    let bound = bind(&content.parameters, &resolved)?;
    content.steps.iter().map(|raw| step(call, raw, &bound, budget)).collect()
}

/// One step with everything put in. A step whose precondition does not hold keeps no script.
fn step(
    call: &SsmCall,
    raw: &RawStep,
    bound: &BTreeMap<String, Value>,
    budget: &mut Budget,
) -> Result<Step, Fault> {
    let mut input = |key: &str| -> Result<Option<String>, Fault> {
        let Some(value) = raw.inputs.get(key) else { return Ok(None) };
        let value = text(&text_of(value), bound, budget)?;
        let value = stored_parameters(call, &value, budget)?;
        Ok(if value.is_empty() { None } else { Some(value) })
    };
    let timeout_millis = timeout(input("timeoutSeconds")?.as_deref()) * 1000;
    let working_directory = input("workingDirectory")?;
    let mut runs = true;
    if let Some((left, right)) = &raw.precondition {
        let mut operand =
            |o: &str| if o == "platformType" { Ok("Linux".to_owned()) } else { text(o, bound, budget) };
        runs = operand(left)? == operand(right)?;
    }
    let mut script = None;
    if runs && raw.action == SHELL {
        let lines = lines(raw.inputs.get("runCommand").unwrap_or(&Value::Null), bound, budget)?;
        script = Some(stored_parameters(call, &lines.join("\n"), budget)?);
    }
    Ok(Step {
        name: raw.name.clone(),
        action: raw.action.clone(),
        script,
        working_directory,
        timeout_millis,
        exit_on_failure: raw.exit_on_failure,
        succeed_on_failure: raw.succeed_on_failure,
        exit_on_success: raw.exit_on_success,
        always: raw.always,
    })
}

impl From<TooLong> for Fault {
    /// A command that would become too long is the fault of its parameters.
    fn from(_: TooLong) -> Fault {
        faults::invalid_parameters(format!("The command is longer than {LONGEST} bytes with its parameters"))
    }
}

/// The agent falls back to the default when the value is no number in range.
fn timeout(text: Option<&str>) -> i64 {
    let seconds = text.and_then(|t| t.trim().parse().ok());
    seconds.filter(|s| (1..=LONGEST_TIMEOUT).contains(s)).unwrap_or(DEFAULT_TIMEOUT)
}

/// Replaces `{{ssm:name}}`, `{{ssm:name:version}}` and `{{ssm:name:label}}`.
fn stored_parameters(call: &SsmCall, text: &str, budget: &mut Budget) -> Result<String, Fault> {
    replace(text, budget, |reference| {
        let Some(name) = reference.strip_prefix("ssm:") else { return Ok(None) };
        let missing = || faults::invalid_parameters(format!("Parameter {name} not found."));
        let wanted = ParameterRef::parse(&call.caller, name).ok_or_else(missing)?;
        let found = find_selected(call, call.scope(), &wanted).map_err(|_| missing())?;
        match &found.version.value {
            StoredValue::Text(_) => {
                let value =
                    call.shown_value(call.scope(), &found.parameter.id, &found.version.value, true)?;
                Ok(Some(value))
            }
            // AWS's rule: a secret must not end up in the text of a command, where everybody who lists commands sees it.
            StoredValue::Secret(_) => Err(faults::invalid_parameters(format!(
                "Parameter {name} is of type SecureString, which can't be referenced as {{{{ssm:{name}}}}} in this document."
            ))),
        }
    })
}
