//! Parameters of documents: their declaration, and the check of what a command gives for them.

use crate::faults;
use crate::pattern;
use aws_schema::Fault;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    String,
    StringList,
    Boolean,
    Integer,
    MapList,
    StringMap,
}

/// A declared parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ParameterSpec {
    /// As `{{ name }}` refers to it.
    pub(crate) name: String,
    /// Its type.
    pub(crate) kind: Kind,
    /// Words for people.
    pub(crate) description: Option<String>,
    /// Its value where a command gives none; without one a command must give it.
    pub(crate) default: Option<Value>,
    allowed_values: Vec<String>,
    allowed_pattern: Option<String>,
    min_chars: Option<u64>,
    max_chars: Option<u64>,
    min_items: Option<u64>,
    max_items: Option<u64>,
}

/// The error of every rule on declarations.
fn invalid(message: impl Into<String>) -> Fault {
    faults::invalid_document_content(message)
}

/// Reads the `parameters` of a document.
pub(crate) fn parse(value: Option<&Value>) -> Result<Vec<ParameterSpec>, Fault> {
    let declared = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(declared)) => declared,
        Some(_) => return Err(invalid("parameters must be an object.")),
    };
    declared.iter().map(|(name, spec)| one(name, spec)).collect()
}

/// Reads one declaration.
fn one(name: &str, value: &Value) -> Result<ParameterSpec, Fault> {
    let right = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if name.is_empty() || !right {
        return Err(invalid(format!("The parameter name {name} may hold letters, digits, _ and - only.")));
    }
    let kind = match value.get("type").and_then(Value::as_str) {
        Some("String") => Kind::String,
        Some("StringList") => Kind::StringList,
        Some("Boolean") => Kind::Boolean,
        Some("Integer") => Kind::Integer,
        Some("MapList") => Kind::MapList,
        Some("StringMap") => Kind::StringMap,
        _ => {
            return Err(invalid(format!(
                "Parameter {name} needs a type: String, StringList, Boolean, Integer, MapList or StringMap."
            )));
        }
    };
    let number = |key: &str| match value.get(key) {
        None => Ok(None),
        Some(n) => {
            let n = n.as_u64().or_else(|| n.as_str()?.parse().ok());
            n.map(Some).ok_or_else(|| invalid(format!("Parameter {name}: {key} must be a number.")))
        }
    };
    let allowed_values = match value.get("allowedValues") {
        None => Vec::new(),
        Some(Value::Array(list)) => list.iter().map(text_of).collect(),
        Some(_) => return Err(invalid(format!("Parameter {name}: allowedValues must be a list."))),
    };
    let allowed_pattern = value.get("allowedPattern").and_then(Value::as_str).map(str::to_owned);
    if allowed_pattern.as_deref().is_some_and(|p| pattern::check(p, "") == Err(pattern::Mismatch::BadPattern))
    {
        return Err(invalid(format!("Parameter {name}: allowedPattern is not a regular expression.")));
    }
    let default = value.get("default").cloned();
    if default.as_ref().is_some_and(|d| !fits(kind, d)) {
        return Err(invalid(format!("Parameter {name}: the default isn't of the parameter's type.")));
    }
    Ok(ParameterSpec {
        name: name.to_owned(),
        kind,
        description: value.get("description").and_then(Value::as_str).map(str::to_owned),
        default,
        allowed_values,
        allowed_pattern,
        min_chars: number("minChars")?,
        max_chars: number("maxChars")?,
        min_items: number("minItems")?,
        max_items: number("maxItems")?,
    })
}

/// Its type.
fn fits(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::String => value.is_string() || value.is_number() || value.is_boolean(),
        Kind::StringList => {
            value.as_array().is_some_and(|l| l.iter().all(|i| !i.is_array() && !i.is_object()))
        }
        Kind::Boolean => value.is_boolean() || matches!(value.as_str(), Some("true" | "false")),
        Kind::Integer => value.is_i64() || value.as_str().is_some_and(|s| s.parse::<i64>().is_ok()),
        Kind::MapList => value.as_array().is_some_and(|l| l.iter().all(Value::is_object)),
        Kind::StringMap => value.is_object(),
    }
}

/// A scalar as the text that is put into scripts; anything else as JSON.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Gives every declared parameter its value: what the command says, or the default.
pub(crate) fn bind(
    specs: &[ParameterSpec],
    given: &BTreeMap<String, Vec<String>>,
) -> Result<BTreeMap<String, Value>, Fault> {
    let bad = |message: String| faults::invalid_parameters(message);
    if let Some(unknown) = given.keys().find(|name| !specs.iter().any(|s| s.name == **name)) {
        return Err(bad(format!("Parameters [{unknown}] not defined in document")));
    }
    let mut bound = BTreeMap::new();
    for spec in specs {
        let value = match (given.get(&spec.name), &spec.default) {
            (Some(values), _) => from_request(spec, values).map_err(bad)?,
            (None, Some(default)) => default.clone(),
            (None, None) => return Err(bad(format!("Parameter {} is required", spec.name))),
        };
        // Defaults are the document author's business, except that they must be there.
        if given.contains_key(&spec.name) {
            check(spec, &value).map_err(bad)?;
        }
        bound.insert(spec.name.clone(), value);
    }
    Ok(bound)
}

/// The API carries every value as a list of texts: lists as they are, all else as exactly one text (JSON for maps).
fn from_request(spec: &ParameterSpec, values: &[String]) -> Result<Value, String> {
    let name = &spec.name;
    if spec.kind == Kind::StringList {
        return Ok(Value::Array(values.iter().cloned().map(Value::String).collect()));
    }
    let [text] = values else {
        return Err(format!("Parameter {name} takes exactly one value"));
    };
    let value = match spec.kind {
        Kind::String | Kind::StringList => Value::String(text.clone()),
        _ => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
    };
    if fits(spec.kind, &value) {
        Ok(value)
    } else {
        Err(format!("Parameter {name} is not of type {:?}", spec.kind))
    }
}

/// Checks a value against the limits of its declaration.
fn check(spec: &ParameterSpec, value: &Value) -> Result<(), String> {
    let name = &spec.name;
    let items: Vec<String> = match value {
        Value::Array(list) => list.iter().map(text_of).collect(),
        single => vec![text_of(single)],
    };
    if spec.kind == Kind::StringList || spec.kind == Kind::MapList {
        let count = items.len() as u64;
        if spec.min_items.is_some_and(|min| count < min) || spec.max_items.is_some_and(|max| count > max) {
            return Err(format!("Parameter {name} has {count} items, which the document does not allow"));
        }
    }
    for item in &items {
        if !spec.allowed_values.is_empty() && !spec.allowed_values.contains(item) {
            return Err(format!(
                "Value '{item}' for parameter {name} is not one of [{}]",
                spec.allowed_values.join(", ")
            ));
        }
        if let Some(allowed) = &spec.allowed_pattern
            && pattern::check(allowed, item).is_err()
        {
            return Err(format!(
                "Value '{item}' for parameter {name} does not match the allowed pattern {allowed}"
            ));
        }
        let chars = item.chars().count() as u64;
        if spec.min_chars.is_some_and(|min| chars < min) || spec.max_chars.is_some_and(|max| chars > max) {
            return Err(format!(
                "Value for parameter {name} has {chars} characters, which the document does not allow"
            ));
        }
    }
    Ok(())
}
