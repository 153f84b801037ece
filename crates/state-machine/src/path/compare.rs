//! How filters compare.

use super::filter::Operator;
use crate::Value;
use std::cmp::Ordering;

/// Whether `left operator right` holds; `None` is a path that leads nowhere. Nothing is equal only to nothing, and no order
/// holds with it.
pub(super) fn holds(left: Option<&Value>, operator: Operator, right: Option<&Value>) -> bool {
    match operator {
        Operator::Equal => return left == right,
        Operator::NotEqual => return left != right,
        _ => (),
    }
    let (Some(left), Some(right)) = (left, right) else {
        return operator == Operator::NotIn || operator == Operator::NoneOf;
    };
    match operator {
        Operator::Equal | Operator::NotEqual | Operator::Matches => false,
        Operator::Less => order(left, right) == Some(Ordering::Less),
        Operator::LessOrEqual => order(left, right).is_some_and(Ordering::is_le),
        Operator::Greater => order(left, right) == Some(Ordering::Greater),
        Operator::GreaterOrEqual => order(left, right).is_some_and(Ordering::is_ge),
        Operator::In => items(right).contains(left),
        Operator::NotIn => !items(right).contains(left),
        Operator::Contains => match (left, right) {
            (Value::Array(items), _) => items.contains(right),
            (Value::String(text), Value::String(part)) => text.contains(&**part),
            _ => false,
        },
        Operator::All => {
            matches!(left, Value::Array(_)) && items(right).iter().all(|item| items(left).contains(item))
        }
        Operator::Size => {
            size(left).is_some_and(|size| *right == Value::Number(crate::Number::from_len(size)))
        }
        Operator::Empty => size(left).is_some_and(|size| *right == Value::Bool(size == 0)),
        Operator::SubsetOf => items(left).iter().all(|item| items(right).contains(item)),
        Operator::AnyOf => items(left).iter().any(|item| items(right).contains(item)),
        Operator::NoneOf => !items(left).iter().any(|item| items(right).contains(item)),
    }
}

/// Whether a pattern fits the whole of a text; of an array, of any of its texts. A pattern that needs too many steps does
/// not fit.
pub(super) fn matches(left: Option<&Value>, pattern: &fancy_regex::Regex) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => pattern.is_match(&**text).unwrap_or(false),
        Value::Number(number) => pattern.is_match(number.to_string().as_str()).unwrap_or(false),
        Value::Bool(value) => pattern.is_match(value.to_string().as_str()).unwrap_or(false),
        _ => false,
    };
    match left {
        Some(Value::Array(items)) => items.iter().any(text),
        Some(value) => text(value),
        None => false,
    }
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        other => std::slice::from_ref(other),
    }
}

fn size(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(items.len()),
        Value::String(text) => Some(text.chars().count()),
        Value::Object(members) => Some(members.len()),
        _ => None,
    }
}

/// Numbers are ordered among themselves, and texts; nothing else is.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.order(right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}
