//! Condition operators.

use crate::Condition;
use crate::wildcard::matches;
use std::collections::BTreeMap;

/// What is known about a request: condition key in lower case → its value.
#[derive(Clone, Debug, Default)]
pub struct Context(BTreeMap<String, String>);

impl Context {
    /// Adds a key.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.0.insert(key.to_lowercase(), value.into());
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(&key.to_lowercase()).map(String::as_str)
    }
}

/// IAM User Guide, "IAM JSON policy elements: Condition operators".
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
];

/// The operator without set prefix and `IfExists`.
fn bare(operator: &str) -> (&str, bool, bool) {
    let sets = ["ForAllValues:", "ForAnyValue:"];
    let rest = sets.iter().find_map(|set| operator.strip_prefix(set));
    let (operator, is_set) = rest.map_or((operator, false), |rest| (rest, true));
    match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, is_set, true),
        None => (operator, is_set, false),
    }
}

/// Whether AWS has this operator.
pub(crate) fn is_operator(operator: &str) -> bool {
    let (name, _, if_exists) = bare(operator);
    OPERATORS.contains(&name) || (name == "Null" && !if_exists && operator == "Null")
}

/// Whether a condition holds; nothing for an operator that is not evaluated yet.
pub(crate) fn holds(condition: &Condition, context: &Context) -> Option<bool> {
    let (operator, is_set, if_exists) = bare(&condition.operator);
    if is_set {
        return None;
    }
    let actual = context.get(&condition.key);
    if operator == "Null" {
        let absent = actual.is_none().to_string();
        return Some(condition.values.iter().any(|wanted| wanted.eq_ignore_ascii_case(&absent)));
    }
    let (name, negated) = match operator {
        "StringNotEquals" => ("StringEquals", true),
        "StringNotEqualsIgnoreCase" => ("StringEqualsIgnoreCase", true),
        "StringNotLike" => ("StringLike", true),
        "ArnNotEquals" | "ArnNotLike" => ("ArnLike", true),
        other => (other, false),
    };
    let test: fn(&str, &str) -> bool = match name {
        "StringEquals" => |wanted, actual| wanted == actual,
        "StringEqualsIgnoreCase" | "Bool" => |wanted, actual| wanted.eq_ignore_ascii_case(actual),
        "StringLike" => matches,
        "ArnEquals" | "ArnLike" => arn_like,
        _ => return None,
    };
    // A key that is not there fails every comparison but the negated ones and those with IfExists.
    let Some(actual) = actual else { return Some(negated || if_exists) };
    Some(condition.values.iter().any(|wanted| test(wanted, actual)) != negated)
}

/// Each of the six parts of an ARN is compared by itself.
fn arn_like(pattern: &str, arn: &str) -> bool {
    let (wanted, actual): (Vec<_>, Vec<_>) = (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    wanted.len() == 6 && actual.len() == 6 && wanted.iter().zip(actual).all(|(w, a)| matches(w, a))
}
