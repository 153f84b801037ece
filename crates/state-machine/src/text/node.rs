//! JSON as it was written: every member, also a repeated one, and where it stands.

use super::build::number;
use crate::value::{Map, Value};
use indexmap::IndexMap;
use std::collections::HashSet;
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

/// One bit, the same for equal names: tells most names apart without a look at the whole of them.
pub(crate) const fn mark(name: &str) -> u64 {
    let name = name.as_bytes();
    let last = name.len().saturating_sub(1);
    if name.is_empty() {
        return 1;
    }
    1 << ((name.len() + name[0] as usize * 3 + name[last] as usize * 5 + name[last / 2] as usize * 11) % 64)
}

impl Key {
    /// Whether this is the name. Most names that are not are told apart by their length and last letter.
    pub fn is(&self, name: &str) -> bool {
        self.name.len() == name.len()
            && self.name.as_bytes().last() == name.as_bytes().last()
            && *self.name == *name
    }
}

impl Node {
    /// The value of a member; of a repeated one the last, as Step Functions takes it. `None` where this is no object.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.member(name).map(|(_, value)| value)
    }

    /// A member with its key; of a repeated one the last.
    pub fn member(&self, name: &str) -> Option<(&Key, &Node)> {
        self.members().iter().rev().find(|(key, _)| key.is(name)).map(|(key, value)| (key, value))
    }

    /// All members in their order; none where this is no object.
    pub fn members(&self) -> &[(Key, Node)] {
        match &self.kind {
            Kind::Object(members) => members,
            _ => &[],
        }
    }

    /// Whether a member is here more than once.
    pub fn has_repeated_members(&self) -> bool {
        /// Up to this many members are compared with one another; that is faster than to hash them.
        const FEW: usize = 24;
        let members = self.members();
        if members.len() <= FEW {
            let mut marks = 0;
            return members.iter().enumerate().any(|(at, (key, _))| {
                let mark = mark(&key.name);
                let perhaps = marks & mark != 0;
                marks |= mark;
                perhaps && members[..at].iter().any(|(other, _)| other.is(&key.name))
            });
        }
        let mut seen = HashSet::with_capacity(members.len());
        members.iter().any(|(key, _)| !seen.insert(&*key.name))
    }

    /// The members as a reader sees them that does not see repetitions: each in its first place with its last value.
    pub(crate) fn members_once(&self) -> Vec<(&Arc<str>, &Node)> {
        let members = self.members().iter().map(|(key, value)| (&key.name, value));
        if !self.has_repeated_members() {
            return members.collect();
        }
        members.collect::<IndexMap<_, _>>().into_iter().collect()
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
