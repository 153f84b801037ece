//! Values to JSONata's and back.

use crate::intrinsic::java;
use crate::{Map, Number, Value, text};
use jsonata_core::value::JValue;
use std::sync::Arc;

/// Numbers become doubles, as everywhere in JSONata.
pub(super) fn into_jsonata(value: &Value) -> JValue {
    match value {
        Value::Null => JValue::Null,
        Value::Bool(value) => JValue::Bool(*value),
        Value::Number(number) => JValue::Number(number.as_f64()),
        Value::String(text) => JValue::string(&**text),
        Value::Array(items) => JValue::array(items.iter().map(into_jsonata).collect()),
        Value::Object(members) => JValue::object(
            members.iter().map(|(name, value)| (name.to_string(), into_jsonata(value))).collect(),
        ),
    }
}

/// Why a result cannot be kept.
pub(super) enum Refused {
    TooDeep,
    /// Infinite or not a number.
    NotFinite,
}

/// `None`: undefined, or a function, which has no value in JSON.
pub(super) fn from_jsonata(value: &JValue, depth: usize) -> Result<Option<Value>, Refused> {
    if depth > text::MAX_DEPTH {
        return Err(Refused::TooDeep);
    }
    Ok(Some(match value {
        JValue::Null => Value::Null,
        JValue::Bool(value) => Value::Bool(*value),
        JValue::Number(number) => Value::Number(from_double(*number)?),
        JValue::String(text) => Value::from(&**text),
        JValue::Array(items) => {
            // In an array nothing is `null`, in an object it is left out: as JavaScript writes JSON.
            let items: Result<Vec<Value>, Refused> =
                items.iter().map(|item| Ok(from_jsonata(item, depth + 1)?.unwrap_or_default())).collect();
            Value::from(items?)
        }
        JValue::Object(members) => {
            let mut found = Map::with_capacity(members.len());
            for (name, member) in members.iter() {
                if let Some(member) = from_jsonata(member, depth + 1)? {
                    found.insert(Arc::from(name.as_str()), member);
                }
            }
            Value::from(found)
        }
        _ => return Ok(None),
    }))
}

/// A whole number is written without a fraction.
pub(super) fn from_double(number: f64) -> Result<Number, Refused> {
    if !number.is_finite() {
        return Err(Refused::NotFinite);
    }
    Ok(java::integer(number).map_or(Number::Float(number), Number::Int))
}
