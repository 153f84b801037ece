//! `States.JsonMerge`, `States.StringToJson`.

use super::{Fault, java};
use crate::{Map, Value, text};
use std::sync::Arc;

/// Members of both, the second's before the first's of the same name. Only the shallow merge exists: the developer guide
/// says that the third argument must be `false`.
pub(super) fn merge(first: &Value, second: &Value, deep: &Value) -> Result<Value, Fault> {
    let (Value::Object(first), Value::Object(second)) = (first, second) else {
        return Err(Fault::new("The first two arguments of States.JsonMerge must be JSON objects"));
    };
    match deep {
        Value::Bool(false) => (),
        Value::Bool(true) => {
            return Err(Fault::new(
                "States.JsonMerge only supports the shallow merging mode: the third argument must be false",
            ));
        }
        _ => return Err(Fault::new("The third argument of States.JsonMerge must be a boolean")),
    }
    let mut merged: Map = Map::clone(first);
    merged.extend(second.iter().map(|(name, value)| (name.clone(), value.clone())));
    let mut members: Vec<(Arc<str>, Value)> = merged.into_iter().collect();
    java::hash_map_order(&mut members, |(name, _)| name);
    Ok(Value::from(members.into_iter().collect::<Map>()))
}

/// A text of blanks only is `null`.
pub(super) fn from_text(value: &Value) -> Result<Value, Fault> {
    let Value::String(json) = value else {
        return Err(Fault::new("The argument of States.StringToJson must be a string"));
    };
    if json.trim().is_empty() {
        return Ok(Value::Null);
    }
    text::parse_value(json).map_err(|error| Fault::new(format!("Invalid JSON: {error}")))
}
