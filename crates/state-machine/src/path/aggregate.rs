//! Functions at the end of a path: `$.prices.max()`.

use super::step::{Argument, Function};
use super::{Roots, walk};
use crate::{Number, Value};

/// Applies a function. `Ok(None)`: it has no result, such as the length of a number.
pub(super) fn call(
    function: Function,
    arguments: &[Argument],
    on: &Value,
    roots: &Roots<'_>,
    work: &mut walk::Work<'_>,
) -> Result<Option<Value>, String> {
    let mut given = Vec::with_capacity(arguments.len());
    for argument in arguments {
        match argument {
            Argument::Literal(value) => given.push(value.clone()),
            Argument::Path(path) => {
                let found = match path.start(roots) {
                    Some(start) => walk::find(&path.steps, &start, roots, work)?,
                    None => None,
                };
                given.push(found.ok_or_else(|| format!("No results for path: {}", path.source()))?);
            }
        }
    }
    Ok(match function {
        Function::Length => match (on, given.first()) {
            (_, Some(argument)) => length(argument),
            (value, None) => length(value),
        },
        Function::Keys => match on {
            Value::Object(members) => {
                Some(Value::from(members.keys().map(|name| Value::String(name.clone())).collect::<Vec<_>>()))
            }
            _ => None,
        },
        Function::Concat => Some(Value::from(concatenated(on, &given).as_str())),
        Function::Append => match on {
            Value::Array(items) => {
                let mut items = items.to_vec();
                items.extend(given);
                Some(Value::from(items))
            }
            other => Some(other.clone()),
        },
        Function::First => item(on, 0)?,
        Function::Last => item(on, -1)?,
        Function::Index => match given.first() {
            Some(Value::Number(Number::Int(index))) => item(on, *index)?,
            _ => return Err("Arguments to function: 'index' must be an integer".into()),
        },
        Function::Min | Function::Max | Function::Avg | Function::Stddev | Function::Sum => {
            Some(Value::from(statistics(function, &numbers(on, &given)?)))
        }
    })
}

fn length(value: &Value) -> Option<Value> {
    let length = match value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        Value::String(text) => text.chars().count(),
        _ => return None,
    };
    Some(Value::Number(Number::from_len(length)))
}

fn item(on: &Value, index: i64) -> Result<Option<Value>, String> {
    match on {
        Value::Array(items) => Ok(walk::place(index, items.len()).map(|at| items[at].clone())),
        _ => Err("Aggregation function attempted to calculate value using empty array".into()),
    }
}

fn concatenated(on: &Value, given: &[Value]) -> String {
    let mut text = String::new();
    let mut add = |value: &Value| {
        if let Value::String(part) = value {
            text.push_str(part);
        }
    };
    if let Value::Array(items) = on {
        items.iter().for_each(&mut add);
    }
    given.iter().for_each(&mut add);
    text
}

/// Numbers of the array the function is applied to, and those among the arguments.
fn numbers(on: &Value, given: &[Value]) -> Result<Vec<f64>, String> {
    let mut found = Vec::new();
    let items = match on {
        Value::Array(items) => items.as_slice(),
        _ => &[],
    };
    for value in items.iter().chain(given) {
        match value {
            Value::Number(number) => found.push(number.as_f64()),
            Value::Array(items) => found.extend(items.iter().filter_map(|item| match item {
                Value::Number(number) => Some(number.as_f64()),
                _ => None,
            })),
            _ => (),
        }
    }
    if found.is_empty() {
        return Err("Aggregation function attempted to calculate value using empty array".into());
    }
    Ok(found)
}

fn statistics(function: Function, numbers: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a payload has far fewer than 2^52 numbers")]
    let count = numbers.len() as f64;
    let sum: f64 = numbers.iter().sum();
    match function {
        Function::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
        Function::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Function::Avg => sum / count,
        Function::Stddev => {
            let squares: f64 = numbers.iter().map(|number| number * number).sum();
            (squares / count - (sum / count) * (sum / count)).max(0.0).sqrt()
        }
        _ => sum,
    }
}
