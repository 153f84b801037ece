//! What the reader makes of what it reads: nodes with places, or plain values.

use super::node::{Key, Kind, Node};
use crate::value::{Map, Number, Value};
use std::ops::Range;
use std::sync::Arc;

/// Takes the parts of a text as the reader meets them.
pub(super) trait Build {
    /// What is built.
    type Out;
    /// Whether equal texts shall be kept once: worth it where there are many.
    const SHARES: bool;
    /// Members of an object under construction.
    type Members: Default;
    fn null(span: Range<usize>) -> Self::Out;
    fn truth(value: bool, span: Range<usize>) -> Self::Out;
    fn number(text: &str, span: Range<usize>) -> Self::Out;
    fn string(text: Arc<str>, span: Range<usize>) -> Self::Out;
    fn array(items: Vec<Self::Out>, span: Range<usize>) -> Self::Out;
    fn member(members: &mut Self::Members, name: Arc<str>, span: Range<usize>, value: Self::Out);
    fn object(members: Self::Members, span: Range<usize>) -> Self::Out;
}

/// Builds [`Node`]s.
pub(super) enum Nodes {}

impl Build for Nodes {
    type Out = Node;
    const SHARES: bool = true;
    type Members = Vec<(Key, Node)>;

    fn null(span: Range<usize>) -> Node {
        Node { span, kind: Kind::Null }
    }
    fn truth(value: bool, span: Range<usize>) -> Node {
        Node { span, kind: Kind::Bool(value) }
    }
    fn number(text: &str, span: Range<usize>) -> Node {
        Node { span, kind: Kind::Number(text.into()) }
    }
    fn string(text: Arc<str>, span: Range<usize>) -> Node {
        Node { span, kind: Kind::String(text) }
    }
    fn array(items: Vec<Node>, span: Range<usize>) -> Node {
        Node { span, kind: Kind::Array(items) }
    }
    fn member(members: &mut Self::Members, name: Arc<str>, span: Range<usize>, value: Node) {
        members.push((Key { name, span }, value));
    }
    fn object(members: Self::Members, span: Range<usize>) -> Node {
        Node { span, kind: Kind::Object(members) }
    }
}

/// Builds [`Value`]s.
pub(super) enum Values {}

impl Build for Values {
    type Out = Value;
    const SHARES: bool = false;
    type Members = Map;

    fn null(_: Range<usize>) -> Value {
        Value::Null
    }
    fn truth(value: bool, _: Range<usize>) -> Value {
        Value::Bool(value)
    }
    fn number(text: &str, _: Range<usize>) -> Value {
        Value::Number(number(text))
    }
    fn string(text: Arc<str>, _: Range<usize>) -> Value {
        Value::String(text)
    }
    fn array(items: Vec<Value>, _: Range<usize>) -> Value {
        Value::Array(Arc::new(items))
    }
    fn member(members: &mut Map, name: Arc<str>, _: Range<usize>, value: Value) {
        members.insert(name, value);
    }
    fn object(members: Map, _: Range<usize>) -> Value {
        Value::Object(Arc::new(members))
    }
}

/// The number a JSON text writes.
pub(super) fn number(text: &str) -> Number {
    if !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return text.parse().map_or_else(|_| Number::Big(text.into()), Number::Int);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Number::Float(value),
        // Beyond a double: kept as written rather than made infinite, which JSON cannot say.
        _ => Number::Big(text.into()),
    }
}
