//! How filters compare.

use super::filter::{MOST_STEPS, Operator, Pattern};
use super::walk::Work;
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

/// Takes what a comparison costs off the work of the read: both sides of one, every pair of two lists.
pub(super) fn charge(
    left: Option<&Value>,
    operator: Operator,
    right: Option<&Value>,
    work: &mut Work<'_>,
) -> Result<(), String> {
    let (Some(left), Some(right)) = (left, right) else { return work.spend(1) };
    match operator {
        Operator::In | Operator::NotIn => work.spend(items(right).len() * weight(left)),
        Operator::Contains => work.spend(items(left).len().max(weight(left)) * weight(right)),
        Operator::All | Operator::SubsetOf | Operator::AnyOf | Operator::NoneOf => {
            work.spend(items(left).len().saturating_mul(items(right).len()))
        }
        _ => work.spend(weight(left).min(weight(right))),
    }
}

/// About how long it takes to hold a value against an equal one, in visits; at least 1.
fn weight(value: &Value) -> usize {
    1 + match value {
        Value::String(text) => text.len() / 256,
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(members) => members.values().map(weight).sum(),
        _ => 0,
    }
}

/// Whether a pattern fits the whole of a text; of an array, of any of its texts. A pattern that needs too many steps does
/// not fit. Fails when the read has no work left.
pub(super) fn matches(left: Option<&Value>, pattern: &Pattern, work: &mut Work<'_>) -> Result<bool, String> {
    let mut fits = |text: &str| {
        work.spend(pattern.cost + text.len() / pattern.speed)?;
        match pattern.regex.is_match(text) {
            Ok(fits) => Ok(fits),
            // The steps it took in vain.
            Err(_) => work.spend(MOST_STEPS / 2).map(|()| false),
        }
    };
    let mut fit = |value: &Value| match value {
        Value::String(text) => fits(text),
        Value::Number(number) => fits(&number.to_string()),
        Value::Bool(value) => fits(&value.to_string()),
        _ => Ok(false),
    };
    match left {
        Some(Value::Array(items)) => {
            for item in items.iter() {
                if fit(item)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Some(value) => fit(value),
        None => Ok(false),
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
