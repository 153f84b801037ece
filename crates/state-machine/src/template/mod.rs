//! Fields whose value is worked out when the state runs: payload templates of JSONPath states (`Parameters`,
//! `ResultSelector`, `ItemSelector`, `Assign`) and every field of JSONata states that may hold `{% … %}`.
//!
//! Source: Amazon States Language, "Payload Template"; developer guide, "Transforming data"; recordings for the order of
//! members and the texts of failures.

mod compile;
mod evaluate;
mod failure;
mod part;

#[cfg(test)]
pub(crate) mod tests;

pub use failure::{EvaluationFailure, QUERY_EVALUATION_ERROR, TemplateError};

use crate::path::Surroundings;
use crate::trail::Trail;
use crate::{Millis, Value, text};
use part::Part;
use std::sync::Arc;

/// Most bytes of a value that is worked out: far more than any state may hand on, and little enough to be written.
pub(crate) const LARGEST: usize = 16 << 20;

/// The two query languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Language {
    /// `JSONPath`, the default.
    #[default]
    JsonPath,
    /// `JSONata`.
    Jsonata,
}

impl Language {
    /// What the `QueryLanguage` of a machine or state says, or what holds around it: in a state of a Map or Parallel that
    /// is the machine's language, not that of the state around it.
    pub fn of(node: &text::Node, around: Language) -> Language {
        match node.get("QueryLanguage").and_then(text::Node::as_str) {
            Some("JSONata") => Language::Jsonata,
            Some("JSONPath") => Language::JsonPath,
            _ => around,
        }
    }
}

/// What a template is evaluated against.
pub struct Scope<'a> {
    /// `$` in JSONPath (for a ResultSelector that is the result), `$states.input` in JSONata.
    pub input: &'a Value,
    /// `$states.result`, where there is one.
    pub result: Option<&'a Value>,
    /// `$states.errorOutput`, in a Catch.
    pub error_output: Option<&'a Value>,
    /// Context object and variables.
    pub surroundings: &'a dyn Surroundings,
    /// The time `$now()` and `$millis()` tell.
    pub now: Millis,
    /// Random numbers: the only source of randomness in here.
    pub draw: &'a mut dyn FnMut() -> u64,
}

/// A compiled field.
#[derive(Clone, Debug)]
pub struct Template {
    field: Arc<str>,
    root: Part,
}

impl Template {
    /// Compiles the value of a field. `field` is the name that failures say, with the way to it where it stands deeper in
    /// the state: `Output`, `Choices[1]/Condition`.
    pub fn compile(node: &text::Node, language: Language, field: &str) -> Result<Template, TemplateError> {
        Ok(Template { field: field.into(), root: compile::part(node, language, &Trail::of(field), 0)? })
    }

    /// Its value where nothing has to be worked out.
    pub fn constant(&self) -> Option<&Value> {
        match &self.root {
            Part::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The JSONata expression, without `{%` and `%}`, if the whole field is one.
    pub fn expression(&self) -> Option<&str> {
        match &self.root {
            Part::Expression(expression, _) => Some(expression.source()),
            _ => None,
        }
    }

    /// Works it out. A value that nests deeper than a reader would take is a failure too: a loop could otherwise nest its
    /// input once more in each turn.
    pub fn evaluate(&self, scope: &mut Scope<'_>) -> Result<Value, EvaluationFailure> {
        let value = evaluate::part(&self.root, &mut evaluate::Pass::new(scope))?;
        if value.is_larger_than(LARGEST) {
            return Err(failure::too_large(&self.field));
        }
        if value.is_deeper_than(text::MAX_DEPTH) {
            return Err(failure::too_deep(&self.field));
        }
        Ok(value)
    }

    /// The failure of an expression whose value is not of the type its field needs, such as `array` for `Items`.
    pub fn wrong_type(&self, expected: &str, value: &Value) -> EvaluationFailure {
        failure::wrong_type(self.expression().unwrap_or_default(), &self.field, expected, value)
    }
}
