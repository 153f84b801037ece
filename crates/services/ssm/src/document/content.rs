//! Content of Command documents: schema 1.2, 2.0 and 2.2, as JSON or YAML (user guide, "SSM document schema features").

use super::parameters::ParameterSpec;
use crate::faults;
use aws_schema::Fault;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Runs a script by the shell.
pub(crate) const SHELL: &str = "aws:runShellScript";
/// Runs on Windows only here, so a step of it must be bound to Windows and is skipped.
const POWERSHELL: &str = "aws:runPowerShellScript";
/// Most steps of a document.
const MOST_STEPS: usize = 100;

/// A document's content, checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Content {
    /// `1.2`, `2.0` or `2.2`.
    pub(crate) schema: String,
    /// Words for people.
    pub(crate) description: Option<String>,
    /// Declared parameters, in the document's order.
    pub(crate) parameters: Vec<ParameterSpec>,
    /// At least one.
    pub(crate) steps: Vec<RawStep>,
}

/// A step before parameters are put in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RawStep {
    /// Unique in the document.
    pub(crate) name: String,
    /// The plugin, such as `aws:runShellScript`.
    pub(crate) action: String,
    /// What the plugin is given; texts may hold references.
    pub(crate) inputs: Map<String, Value>,
    /// The two operands of `StringEquals`.
    pub(crate) precondition: Option<(String, String)>,
    /// `onFailure: exit`.
    pub(crate) exit_on_failure: bool,
    /// `onFailure: successAndExit`.
    pub(crate) succeed_on_failure: bool,
    /// `onSuccess: exit`.
    pub(crate) exit_on_success: bool,
    /// `finallyStep: true`.
    pub(crate) always: bool,
}

/// The error of every rule here.
fn invalid(message: impl Into<String>) -> Fault {
    faults::invalid_document_content(message)
}

/// The content as JSON, whatever its form.
pub(crate) fn to_value(content: &str, format: &str) -> Result<Value, Fault> {
    let value: Result<Value, String> = match format {
        "JSON" => serde_json::from_str(content).map_err(|error| format!("JSON not well-formed. {error}")),
        "YAML" => serde_saphyr::from_str(content).map_err(|error| format!("YAML not well-formed. {error}")),
        other => return Err(invalid(format!("Command documents can't have the format {other}."))),
    };
    value.map_err(invalid)
}

/// The same content in another form.
pub(crate) fn convert(content: &str, from: &str, to: &str) -> Result<String, Fault> {
    if from == to {
        return Ok(content.to_owned());
    }
    let value = to_value(content, from)?;
    match to {
        "YAML" => serde_saphyr::to_string(&value).map_err(|error| invalid(error.to_string())),
        "JSON" => serde_json::to_string_pretty(&value).map_err(|error| invalid(error.to_string())),
        other => Err(invalid(format!("Command documents can't have the format {other}."))),
    }
}

/// Reads and checks a document.
pub(crate) fn parse(content: &str, format: &str) -> Result<Content, Fault> {
    let value = to_value(content, format)?;
    let root = value.as_object().ok_or_else(|| invalid("The document must be an object."))?;
    let schema = match root.get("schemaVersion") {
        Some(Value::String(text)) => text.clone(),
        // YAML reads an unquoted 2.2 as a number.
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err(invalid("schemaVersion is required.")),
    };
    let description = root.get("description").and_then(Value::as_str).map(str::to_owned);
    let (allowed, steps) = match schema.as_str() {
        "1.2" => (&["schemaVersion", "description", "parameters", "runtimeConfig"][..], steps_of_1(root)?),
        "2.0" | "2.2" => (
            &[
                "schemaVersion",
                "description",
                "parameters",
                "mainSteps",
                "assumeRole",
                "outputs",
                "variables",
            ][..],
            steps_of_2(root)?,
        ),
        _ => return Err(faults::invalid_document_schema(&schema)),
    };
    if let Some(unknown) = root.keys().find(|key| !allowed.contains(&key.as_str())) {
        return Err(invalid(format!("Unknown top-level property {unknown} for schema version {schema}.")));
    }
    if steps.is_empty() || steps.len() > MOST_STEPS {
        return Err(invalid(format!("A document must have 1 to {MOST_STEPS} steps.")));
    }
    let mut names = BTreeSet::new();
    for step in &steps {
        if !names.insert(&step.name) {
            return Err(invalid(format!("The step name {} is used twice.", step.name)));
        }
        check_action(step)?;
    }
    let parameters = super::parameters::parse(root.get("parameters"))?;
    Ok(Content { schema, description, parameters, steps })
}

/// A step must be one this cloud can run, or one that is skipped on all its machines. Accepting more would be a promise
/// nobody keeps.
fn check_action(step: &RawStep) -> Result<(), Fault> {
    match step.action.as_str() {
        SHELL => {}
        POWERSHELL => {
            if step.precondition != Some(("platformType".to_owned(), "Windows".to_owned())) {
                return Err(invalid(format!(
                    "Step {}: {POWERSHELL} needs the precondition platformType equals Windows; the machines of this cloud run Linux.",
                    step.name
                )));
            }
        }
        other => {
            return Err(invalid(format!("Step {}: the plugin {other} isn't supported.", step.name)));
        }
    }
    match step.inputs.get("runCommand") {
        Some(Value::String(_)) => Ok(()),
        Some(Value::Array(lines)) if !lines.is_empty() && lines.iter().all(Value::is_string) => Ok(()),
        _ => Err(invalid(format!("Step {}: runCommand must be a list of strings.", step.name))),
    }
}

/// Schema 1.2: plugins as keys of `runtimeConfig`, each with one or several sets of properties. With one set the step has
/// the plugin's name, which is what callers of AWS-RunShellScript ask GetCommandInvocation for.
fn steps_of_1(root: &Map<String, Value>) -> Result<Vec<RawStep>, Fault> {
    let config = root.get("runtimeConfig").and_then(Value::as_object);
    let config = config.ok_or_else(|| invalid("runtimeConfig is required for schema version 1.2."))?;
    let mut steps = Vec::new();
    for (action, plugin) in config {
        let properties = match plugin.get("properties") {
            Some(Value::Array(list)) => list.clone(),
            Some(object @ Value::Object(_)) => vec![object.clone()],
            _ => return Err(invalid(format!("{action}: properties are required."))),
        };
        let single = properties.len() == 1;
        for (number, inputs) in properties.into_iter().enumerate() {
            let Value::Object(inputs) = inputs else {
                return Err(invalid(format!("{action}: properties must be objects.")));
            };
            let id = inputs.get("id").and_then(Value::as_str).map(str::to_owned);
            let numbered = || id.unwrap_or_else(|| format!("{number}.{action}"));
            steps.push(RawStep {
                name: if single { action.clone() } else { numbered() },
                action: action.clone(),
                inputs,
                precondition: None,
                exit_on_failure: false,
                succeed_on_failure: false,
                exit_on_success: false,
                always: false,
            });
        }
    }
    Ok(steps)
}

/// Schema 2.x: a list of named steps.
fn steps_of_2(root: &Map<String, Value>) -> Result<Vec<RawStep>, Fault> {
    let list = root.get("mainSteps").and_then(Value::as_array);
    let list = list.ok_or_else(|| invalid("mainSteps is required for schema version 2.x."))?;
    let steps: Vec<RawStep> = list.iter().map(step_of_2).collect::<Result<_, _>>()?;
    if steps.iter().rev().skip(1).any(|step| step.always) {
        return Err(invalid("Only the last step can be the finallyStep."));
    }
    Ok(steps)
}

/// One of them. Unknown properties are refused rather than ignored: each of them would change what the step does.
fn step_of_2(value: &Value) -> Result<RawStep, Fault> {
    let step = value.as_object().ok_or_else(|| invalid("Each step must be an object."))?;
    let text = |key: &str| step.get(key).and_then(Value::as_str);
    let name = text("name").ok_or_else(|| invalid("Each step needs a name."))?.to_owned();
    let action = text("action").ok_or_else(|| invalid(format!("Step {name} needs an action.")))?.to_owned();
    let right = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if name.is_empty() || name.len() > 128 || !right {
        return Err(invalid(format!("Step name {name}: only letters, digits, _ and - are allowed.")));
    }
    let known = [
        "name",
        "action",
        "description",
        "inputs",
        "precondition",
        "onFailure",
        "onSuccess",
        "finallyStep",
        "maxAttempts",
        "timeoutSeconds",
        "isEnd",
    ];
    if let Some(unknown) = step.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(invalid(format!("Step {name}: unknown property {unknown}.")));
    }
    let mut inputs = match step.get("inputs") {
        Some(Value::Object(inputs)) => inputs.clone(),
        None => Map::new(),
        Some(_) => return Err(invalid(format!("Step {name}: inputs must be an object."))),
    };
    if let (Some(seconds), false) = (step.get("timeoutSeconds"), inputs.contains_key("timeoutSeconds")) {
        inputs.insert("timeoutSeconds".to_owned(), seconds.clone());
    }
    let on_failure = text("onFailure").unwrap_or("");
    let on_success = text("onSuccess").unwrap_or("");
    if !matches!(on_failure, "" | "exit" | "successAndExit") || !matches!(on_success, "" | "exit") {
        return Err(invalid(format!("Step {name}: onFailure is exit or successAndExit, onSuccess is exit.")));
    }
    Ok(RawStep {
        precondition: precondition(&name, step.get("precondition"))?,
        name,
        action,
        inputs,
        exit_on_failure: on_failure == "exit",
        succeed_on_failure: on_failure == "successAndExit",
        exit_on_success: on_success == "exit",
        always: step.get("finallyStep").is_some_and(|v| v == &Value::Bool(true) || v == "true"),
    })
}

/// `{"StringEquals": [left, right]}`, the only form Command documents have.
fn precondition(name: &str, value: Option<&Value>) -> Result<Option<(String, String)>, Fault> {
    let Some(value) = value else { return Ok(None) };
    let operands = value.as_object().filter(|o| o.len() == 1).and_then(|o| o.get("StringEquals"));
    match operands.and_then(Value::as_array).map(Vec::as_slice) {
        Some([Value::String(left), Value::String(right)]) => Ok(Some((left.clone(), right.clone()))),
        _ => Err(invalid(format!("Step {name}: a precondition is StringEquals with two values."))),
    }
}

impl Content {
    /// Platforms it can run on.
    pub(crate) fn platforms(&self) -> Vec<&'static str> {
        let mut platforms = Vec::new();
        for platform in ["Windows", "Linux", "MacOS"] {
            let runs = |step: &RawStep| {
                let native = (step.action == POWERSHELL) == (platform == "Windows");
                let bound = step.precondition.as_ref().filter(|(left, _)| left == "platformType");
                native && bound.is_none_or(|(_, wanted)| wanted == platform)
            };
            if self.steps.iter().any(runs) {
                platforms.push(platform);
            }
        }
        platforms
    }
}
