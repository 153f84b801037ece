//! JSON values as executions hold them: cheap to clone, immutable, objects in the order they were written.

mod write;

use std::sync::Arc;

/// Members of an object in their order; a repeated name keeps its first place and its last value.
pub type Map = indexmap::IndexMap<Arc<str>, Value>;

/// A JSON value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` and `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(Arc<str>),
    /// A list.
    Array(Arc<Vec<Value>>),
    /// An object.
    Object(Arc<Map>),
}

/// A JSON number.
#[derive(Clone, Debug)]
pub enum Number {
    /// Written without fraction and exponent, and within 64 bits.
    Int(i64),
    /// Any other that a double holds.
    Float(f64),
    /// An integer beyond 64 bits, as written.
    Big(Arc<str>),
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a == b,
            (Number::Big(a), Number::Big(b)) => a == b,
            (a, b) => a.as_f64() == b.as_f64(),
        }
    }
}

impl Number {
    /// The nearest double.
    pub fn as_f64(&self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "the nearest one is asked for")]
            Number::Int(value) => *value as f64,
            Number::Float(value) => *value,
            Number::Big(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// A count of things.
    pub fn from_len(length: usize) -> Number {
        Number::Int(i64::try_from(length).unwrap_or(i64::MAX))
    }

    /// The order of two numbers; exact for integers.
    pub fn order(&self, other: &Number) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => Some(a.cmp(b)),
            (a, b) => a.as_f64().partial_cmp(&b.as_f64()),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.into())
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Number(Number::Int(value))
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Number(Number::Float(value))
    }
}
impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Value {
        Value::Array(Arc::new(items))
    }
}
impl From<Map> for Value {
    fn from(members: Map) -> Value {
        Value::Object(Arc::new(members))
    }
}
