//! Intrinsic functions of JSONPath states: `States.Format('{}', $.name)`.
//!
//! Source: Step Functions developer guide, "Intrinsic functions"; recordings for roundings, orders and texts.

mod arrays;
mod encoding;
mod failure;
pub(crate) mod java;
mod json;
pub(crate) mod math;
mod parser;
mod strings;

#[cfg(test)]
mod tests;

pub(crate) use encoding::digest;
pub use failure::{CallFailure, Fault};

use crate::Value;
use crate::path::{Path, PathError, Roots};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Longest text of one call, its inner calls included, in characters.
pub const LONGEST_CALL: usize = 10_000;
/// How deep calls may stand inside calls (developer guide: "up to 10 intrinsic functions").
pub const DEEPEST_CALL: usize = 10;

/// Most bytes of an argument. Calls in calls multiply what they put together.
const LARGEST_ARGUMENT: usize = 4 << 20;

/// A compiled call.
#[derive(Clone, Debug)]
pub struct Call {
    source: Arc<str>,
    function: Function,
    arguments: Box<[Argument]>,
}

/// The functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Array,
    ArrayContains,
    ArrayGetItem,
    ArrayLength,
    ArrayPartition,
    ArrayRange,
    ArrayUnique,
    Base64Decode,
    Base64Encode,
    Format,
    Hash,
    JsonMerge,
    JsonToString,
    MathAdd,
    MathRandom,
    StringSplit,
    StringToJson,
    Uuid,
}

/// Name after `States.`, function, fewest and most arguments.
const FUNCTIONS: [(&str, Function, usize, usize); 18] = [
    ("Array", Function::Array, 0, usize::MAX),
    ("ArrayContains", Function::ArrayContains, 2, 2),
    ("ArrayGetItem", Function::ArrayGetItem, 2, 2),
    ("ArrayLength", Function::ArrayLength, 1, 1),
    ("ArrayPartition", Function::ArrayPartition, 2, 2),
    ("ArrayRange", Function::ArrayRange, 3, 3),
    ("ArrayUnique", Function::ArrayUnique, 1, 1),
    ("Base64Decode", Function::Base64Decode, 1, 1),
    ("Base64Encode", Function::Base64Encode, 1, 1),
    ("Format", Function::Format, 1, usize::MAX),
    ("Hash", Function::Hash, 2, 2),
    ("JsonMerge", Function::JsonMerge, 3, 3),
    ("JsonToString", Function::JsonToString, 1, 1),
    ("MathAdd", Function::MathAdd, 2, 2),
    ("MathRandom", Function::MathRandom, 2, 3),
    ("StringSplit", Function::StringSplit, 2, 2),
    ("StringToJson", Function::StringToJson, 1, 1),
    ("UUID", Function::Uuid, 0, 0),
];

/// An argument of a call.
#[derive(Clone, Debug)]
enum Argument {
    /// A quoted text with its escapes as written; what they mean depends on the function.
    Text(Arc<str>),
    /// A number, `true`, `false`, `null`.
    Literal(Value),
    Path(Path),
    Call(Box<Call>),
}

impl Call {
    /// Whether a text is meant as a call rather than as a path.
    pub fn looks_like(text: &str) -> bool {
        text.starts_with("States.")
    }

    /// Compiles a call. Fails on unknown functions, wrong numbers of arguments, unclosed quotes, too deep nesting.
    pub fn compile(text: &str) -> Result<Call, PathError> {
        parser::parse(text)
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names of variables its arguments read.
    pub fn variables(&self, found: &mut BTreeSet<Arc<str>>) {
        for argument in &*self.arguments {
            match argument {
                Argument::Path(path) => path.variables(found),
                Argument::Call(call) => call.variables(found),
                Argument::Text(_) | Argument::Literal(_) => (),
            }
        }
    }

    /// Calls it. `draw` gives random numbers; nothing else is random in here.
    pub fn evaluate(&self, roots: &Roots<'_>, draw: &mut dyn FnMut() -> u64) -> Result<Value, CallFailure> {
        let mut values = Vec::with_capacity(self.arguments.len());
        for (index, argument) in self.arguments.iter().enumerate() {
            values.push(match argument {
                Argument::Literal(value) => value.clone(),
                // The pattern of Format keeps its escapes: they tell its placeholders from braces.
                Argument::Text(text) if self.function == Function::Format && index == 0 => {
                    Value::String(text.clone())
                }
                Argument::Text(text) => {
                    strings::unescaped(text).map(Value::String).map_err(|fault| self.failed(fault))?
                }
                Argument::Path(path) => path.read(roots).map_err(CallFailure::Path)?,
                Argument::Call(call) => call.evaluate(roots, draw)?,
            });
        }
        // Arguments that stand in each other many times would be written as many times.
        if values.iter().any(|value| value.is_larger_than(LARGEST_ARGUMENT)) {
            let text = format!("An argument has more than {LARGEST_ARGUMENT} bytes");
            return Err(self.failed(Fault::new(text)));
        }
        self.apply(&values, draw).map_err(|fault| self.failed(fault))
    }

    fn apply(&self, values: &[Value], draw: &mut dyn FnMut() -> u64) -> Result<Value, Fault> {
        match (self.function, values) {
            (Function::Array, values) => Ok(Value::from(values.to_vec())),
            (Function::ArrayContains, [array, item]) => arrays::contains(array, item),
            (Function::ArrayGetItem, [array, index]) => arrays::item(array, index),
            (Function::ArrayLength, [array]) => arrays::length(array),
            (Function::ArrayPartition, [array, size]) => arrays::partition(array, size),
            (Function::ArrayRange, [first, last, step]) => arrays::range(first, last, step),
            (Function::ArrayUnique, [array]) => arrays::unique(array),
            (Function::Base64Decode, [text]) => encoding::decode(text),
            (Function::Base64Encode, [text]) => encoding::encode(text),
            (Function::Format, [pattern, values @ ..]) => strings::format(pattern, values),
            (Function::Hash, [data, algorithm]) => encoding::hash(data, algorithm),
            (Function::JsonMerge, [first, second, deep]) => json::merge(first, second, deep),
            (Function::JsonToString, [value]) => Ok(Value::from(value.to_string().as_str())),
            (Function::MathAdd, [first, second]) => math::add(first, second),
            (Function::MathRandom, [first, last]) => math::random(first, last, None, draw),
            (Function::MathRandom, [first, last, seed]) => math::random(first, last, Some(seed), draw),
            (Function::StringSplit, [text, delimiters]) => strings::split(text, delimiters),
            (Function::StringToJson, [text]) => json::from_text(text),
            (Function::Uuid, []) => Ok(Value::from(math::uuid(draw).as_str())),
            _ => Err(Fault::new("Invalid number of arguments")),
        }
    }

    fn failed(&self, fault: Fault) -> CallFailure {
        CallFailure::Function { call: self.source.clone(), fault }
    }
}
