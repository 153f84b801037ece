//! Text to document.

use crate::condition::is_operator;
use crate::principal::{PrincipalName, is_provider, is_service};
use crate::{Condition, Document, Effect, Malformed, Patterns, Principals, Statement};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Where a policy is to be used, which decides the elements it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyUse {
    /// Of a user, group, role or session: says what may be done, and with what.
    Identity,
    /// Of a role: says who may assume it.
    Trust,
    /// Of a VPC endpoint: says who may do what through it.
    Endpoint,
}

const STATEMENT: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// Reads a document and checks it against the grammar.
pub fn parse(text: &str, usage: PolicyUse) -> Result<Document, Malformed> {
    // serde_json stops at 128 levels, so a deep document cannot exhaust the stack.
    let value: Value = serde_json::from_str(text).map_err(|_| Malformed::Json)?;
    let Value::Object(document) = value else { return Err(Malformed::Syntax) };
    if document.keys().any(|key| !["Version", "Id", "Statement"].contains(&key.as_str())) {
        return Err(Malformed::Syntax);
    }
    match document.get("Version") {
        None => {}
        Some(Value::String(version)) if version == "2012-10-17" || version == "2008-10-17" => {}
        Some(_) => return Err(Malformed::Version),
    }
    if document.get("Id").is_some_and(|id| !id.is_string()) {
        return Err(Malformed::Syntax);
    }
    let statements: Vec<&Value> = match document.get("Statement") {
        Some(Value::Array(several)) => several.iter().collect(),
        Some(one) => vec![one],
        None => return Err(Malformed::Syntax),
    };
    if statements.is_empty() {
        return Err(Malformed::Syntax);
    }
    let mut seen = BTreeSet::new();
    let mut parsed = Vec::with_capacity(statements.len());
    for value in statements {
        let Value::Object(fields) = value else { return Err(Malformed::Syntax) };
        let statement = statement(fields, usage)?;
        if let Some(sid) = statement.sid.as_deref().filter(|sid| !sid.is_empty())
            && !seen.insert(sid.to_owned())
        {
            return Err(Malformed::SidTwice);
        }
        parsed.push(statement);
    }
    Ok(Document { statements: parsed })
}

/// Size of a document as quotas count it: white space does not count (IAM User Guide, "IAM and AWS STS quotas").
pub fn size(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).map(char::len_utf8).sum()
}

fn statement(fields: &Map<String, Value>, usage: PolicyUse) -> Result<Statement, Malformed> {
    if fields.keys().any(|key| !STATEMENT.contains(&key.as_str())) {
        return Err(Malformed::Syntax);
    }
    let sid = match fields.get("Sid") {
        None => None,
        Some(Value::String(sid)) if sid.bytes().all(|b| b.is_ascii_alphanumeric()) => Some(sid.clone()),
        Some(Value::String(_)) => return Err(Malformed::Sid),
        Some(_) => return Err(Malformed::Syntax),
    };
    let effect = match fields.get("Effect") {
        Some(Value::String(effect)) => match effect.as_str() {
            "Allow" => Effect::Allow,
            "Deny" => Effect::Deny,
            other => return Err(Malformed::Effect(other.to_owned())),
        },
        Some(_) => return Err(Malformed::Syntax),
        None => return Err(Malformed::Missing("Effect")),
    };
    let actions = patterns(fields, "Action", "NotAction")?.ok_or(Malformed::NoActions)?;
    let resources = patterns(fields, "Resource", "NotResource")?;
    for action in &actions.patterns {
        check_action(action, usage)?;
    }
    match (usage, &resources) {
        (PolicyUse::Trust, Some(_)) => return Err(Malformed::Prohibited("Resource")),
        (PolicyUse::Identity | PolicyUse::Endpoint, None) => return Err(Malformed::NoResources),
        _ => {}
    }
    for resource in resources.iter().flat_map(|r| &r.patterns) {
        if resource != "*" && resource.split(':').count() < 6 {
            return Err(Malformed::Resource(resource.clone()));
        }
    }
    let principals = principals(fields)?;
    match (usage, &principals) {
        (PolicyUse::Identity, Some(_)) => return Err(Malformed::PrincipalInIdentityPolicy),
        (PolicyUse::Trust | PolicyUse::Endpoint, None) => return Err(Malformed::Missing("Principal")),
        // AWS took NotPrincipal out of trust policies; it would admit the whole world but one.
        (PolicyUse::Trust, Some(of)) if of.negated => return Err(Malformed::Prohibited("NotPrincipal")),
        _ => {}
    }
    let conditions = conditions(fields.get("Condition"))?;
    Ok(Statement { sid, effect, principals, actions, resources, conditions })
}

fn check_action(action: &str, usage: PolicyUse) -> Result<(), Malformed> {
    if usage == PolicyUse::Trust {
        let name = action.strip_prefix("sts:").unwrap_or_default();
        return match name {
            "AssumeRole"
            | "AssumeRoleWithSAML"
            | "AssumeRoleWithWebIdentity"
            | "TagSession"
            | "SetSourceIdentity"
            | "SetContext"
            | "*"
            | "AssumeRole*" => Ok(()),
            _ => Err(Malformed::TrustAction),
        };
    }
    if action == "*" {
        return Ok(());
    }
    let (vendor, name) = action.split_once(':').ok_or(Malformed::NoVendor)?;
    let sound = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    if !sound(vendor, "-") {
        return Err(Malformed::Vendor(vendor.to_owned()));
    }
    if sound(name, "*?:-_.") { Ok(()) } else { Err(Malformed::Syntax) }
}

/// The element `name` or its negation, as a list; AWS takes a single text for a list of one.
fn patterns(fields: &Map<String, Value>, name: &str, negation: &str) -> Result<Option<Patterns>, Malformed> {
    let (value, negated) = match (fields.get(name), fields.get(negation)) {
        (Some(_), Some(_)) => return Err(Malformed::Syntax),
        (Some(value), None) => (value, false),
        (None, Some(value)) => (value, true),
        (None, None) => return Ok(None),
    };
    let patterns = texts(value)?;
    if patterns.is_empty() {
        return Ok(None);
    }
    Ok(Some(Patterns { negated, patterns }))
}

fn texts(value: &Value) -> Result<Vec<String>, Malformed> {
    match value {
        Value::String(one) => Ok(vec![one.clone()]),
        Value::Array(several) => {
            several.iter().map(|text| text.as_str().map(str::to_owned).ok_or(Malformed::Syntax)).collect()
        }
        _ => Err(Malformed::Syntax),
    }
}

fn principals(fields: &Map<String, Value>) -> Result<Option<Principals>, Malformed> {
    let (value, negated) = match (fields.get("Principal"), fields.get("NotPrincipal")) {
        (Some(_), Some(_)) => return Err(Malformed::Syntax),
        (Some(value), None) => (value, false),
        (None, Some(value)) => (value, true),
        (None, None) => return Ok(None),
    };
    let mut names = Vec::new();
    match value {
        Value::String(all) if all == "*" => names.push(("*".to_owned(), "*".to_owned())),
        Value::Object(kinds) if !kinds.is_empty() => {
            for (kind, value) in kinds {
                for name in texts(value)? {
                    check_principal(kind, &name)?;
                    names.push((kind.clone(), name));
                }
            }
        }
        _ => return Err(Malformed::Syntax),
    }
    if names.is_empty() {
        return Err(Malformed::Missing("Principal"));
    }
    Ok(Some(Principals { negated, names }))
}

fn check_principal(kind: &str, name: &str) -> Result<(), Malformed> {
    let (known, sound) = match kind {
        "AWS" => ("AWS", PrincipalName::parse(name).is_some()),
        "Service" => ("SERVICE", is_service(name)),
        "Federated" => ("FEDERATED", is_provider(name)),
        _ => return Err(Malformed::Syntax),
    };
    if sound { Ok(()) } else { Err(Malformed::Principal { kind: known.to_owned(), name: name.to_owned() }) }
}

fn conditions(value: Option<&Value>) -> Result<Vec<Condition>, Malformed> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let Value::Object(operators) = value else { return Err(Malformed::Syntax) };
    let mut found = Vec::new();
    for (operator, keys) in operators {
        if !is_operator(operator) {
            return Err(Malformed::Operator(operator.clone()));
        }
        let Value::Object(keys) = keys else { return Err(Malformed::Syntax) };
        for (key, values) in keys {
            if !key.contains(':') {
                return Err(Malformed::NoVendor);
            }
            let values = match values {
                Value::Array(several) => several.iter().map(scalar).collect::<Result<_, _>>()?,
                one => vec![scalar(one)?],
            };
            found.push(Condition { operator: operator.clone(), key: key.clone(), values });
        }
    }
    Ok(found)
}

/// Condition values may be texts, numbers or truth values.
fn scalar(value: &Value) -> Result<String, Malformed> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        _ => Err(Malformed::Syntax),
    }
}
