//! JSON as it was written: every member, also a repeated one, and where it stands.

use super::build::number;
use crate::value::{Map, Value};
use std::ops::Range;
use std::sync::Arc;

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Bytes of the text it was read from.
    pub span: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// The name of a member and its place, quotes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Name, escapes resolved.
    pub name: Arc<str>,
    /// Bytes of the text it was read from.
    pub span: Range<usize>,
}

/// The kinds of JSON values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` and `false`.
    Bool(bool),
    /// A number as written.
    Number(Arc<str>),
    /// A text, escapes resolved.
    String(Arc<str>),
    /// A list.
    Array(Vec<Node>),
    /// All members in their order.
    Object(Vec<(Key, Node)>),
}

impl Node {
    /// The value of a member; of a repeated one the last, as Step Functions takes it. `None` where this is no object.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.member(name).map(|(_, value)| value)
    }

    /// A member with its key; of a repeated one the last.
    pub fn member(&self, name: &str) -> Option<(&Key, &Node)> {
        self.members().iter().rev().find(|(key, _)| &*key.name == name).map(|(key, value)| (key, value))
    }

    /// All members in their order; none where this is no object.
    pub fn members(&self) -> &[(Key, Node)] {
        match &self.kind {
            Kind::Object(members) => members,
            _ => &[],
        }
    }

    /// The items; none where this is no array.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::Array(items) => items,
            _ => &[],
        }
    }

    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number as written, where it is one.
    pub fn as_number(&self) -> Option<&str> {
        match &self.kind {
            Kind::Number(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, where it is one of 64 bits without fraction and exponent.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.parse().ok()
    }

    /// The nearest double, where it is a number.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number()?.parse().ok()
    }

    /// The truth value, where it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self.kind, Kind::Object(_))
    }

    /// Whether it is an array.
    pub fn is_array(&self) -> bool {
        matches!(self.kind, Kind::Array(_))
    }

    /// The value without its place; a repeated member keeps its first place and its last value.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(text) => Value::Number(number(text)),
            Kind::String(text) => Value::String(text.clone()),
            Kind::Array(items) => Value::Array(Arc::new(items.iter().map(Node::to_value).collect())),
            Kind::Object(members) => {
                let members: Map =
                    members.iter().map(|(key, value)| (key.name.clone(), value.to_value())).collect();
                Value::Object(Arc::new(members))
            }
        }
    }
}
