//! `States.Array…`.

use super::{Fault, math};
use crate::{Number, Value};
use std::collections::HashSet;

/// Most items `States.ArrayRange` makes (developer guide).
const LONGEST_RANGE: i64 = 1000;
/// Most parts `States.ArrayPartition` makes.
const MOST_PARTS: usize = 1000;

fn items<'v>(array: &'v Value, function: &str) -> Result<&'v [Value], Fault> {
    match array {
        Value::Array(items) => Ok(items),
        _ => Err(Fault::new(format!("The first argument of {function} must be an array"))),
    }
}

pub(super) fn contains(array: &Value, item: &Value) -> Result<Value, Fault> {
    Ok(Value::Bool(items(array, "States.ArrayContains")?.contains(item)))
}

pub(super) fn length(array: &Value) -> Result<Value, Fault> {
    Ok(Value::Number(Number::from_len(items(array, "States.ArrayLength")?.len())))
}

pub(super) fn item(array: &Value, index: &Value) -> Result<Value, Fault> {
    let items = items(array, "States.ArrayGetItem")?;
    let index = math::integer(index, "The index")?;
    let found = usize::try_from(index).ok().and_then(|index| items.get(index));
    found.cloned().ok_or_else(|| {
        Fault::new(format!("The index {index} is out of bounds for an array of length {}", items.len()))
    })
}

pub(super) fn partition(array: &Value, size: &Value) -> Result<Value, Fault> {
    let items = items(array, "States.ArrayPartition")?;
    let size = usize::try_from(math::integer(size, "The chunk size")?).unwrap_or(0);
    if size == 0 {
        return Err(Fault::new("The chunk size must be a positive integer"));
    }
    if items.len().div_ceil(size) > MOST_PARTS {
        return Err(Fault::new(format!("The array cannot be split into more than {MOST_PARTS} chunks")));
    }
    Ok(Value::from(items.chunks(size).map(|part| Value::from(part.to_vec())).collect::<Vec<_>>()))
}

pub(super) fn range(first: &Value, last: &Value, step: &Value) -> Result<Value, Fault> {
    let first = math::integer(first, "The start")?;
    let last = math::integer(last, "The end")?;
    let step = math::integer(step, "The step")?;
    if step == 0 {
        return Err(Fault::new("The step must not be zero"));
    }
    // In 128 bits no difference and no sum of these overflows.
    let (first, last, step) = (i128::from(first), i128::from(last), i128::from(step));
    let count = (last - first) / step + 1;
    if (last - first).signum() * step.signum() < 0 {
        return Ok(Value::from(Vec::new()));
    }
    if count > i128::from(LONGEST_RANGE) {
        return Err(Fault::new(format!("The range cannot have more than {LONGEST_RANGE} items")));
    }
    let at = |index: i128| i64::try_from(first + index * step).map(Value::from);
    let items: Result<Vec<Value>, _> = (0..count).map(at).collect();
    items.map(Value::from).map_err(|_| Fault::new("The range leaves the integers"))
}

pub(super) fn unique(array: &Value) -> Result<Value, Fault> {
    let items = items(array, "States.ArrayUnique")?;
    let mut seen = HashSet::with_capacity(items.len());
    let kept = items.iter().filter(|item| seen.insert(canonical(item))).cloned();
    Ok(Value::from(kept.collect::<Vec<_>>()))
}

/// A text that is the same for equal values: members in the order of their names, numbers by their value.
fn canonical(value: &Value) -> String {
    match value {
        Value::Number(Number::Float(number)) => match super::java::integer(*number) {
            Some(whole) => whole.to_string(),
            None => value.to_string(),
        },
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let members: Vec<String> =
                members.into_iter().map(|(name, member)| format!("{name:?}:{}", canonical(member))).collect();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    }
}
