//! JSONata, by the crate jsonata-core behind [`Expression`], with the service's own functions and bounds.
//!
//! What an expression sees: `$states` with `input`, `result`, `errorOutput` and `context`, and the workflow's variables.
//! There is no input document: `$` and `$$` at the top are nothing. Time comes from the turn and randomness is drawn from
//! it, so an evaluation can be repeated exactly; only the guard of the turn ([`crate::guard`]) looks at a clock.
//!
//! Source: developer guide, "Transforming data with JSONata"; docs.jsonata.org.

mod convert;
mod direct;
mod fence;
mod functions;
mod mended;
mod meter;
mod pattern;
mod rewrite;
mod session;
mod tree;
mod wording;

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

pub use session::Session;

use crate::Value;
use crate::template::Scope;
use direct::Direct;
use jsonata_core::ast::AstNode;
use jsonata_core::value::JValue;
use rewrite::Uses;
use std::sync::Arc;

/// Deepest nesting of an evaluation; a call that is no tail call takes about three levels.
pub const DEEPEST: usize = 1_500;
/// Longest sequence an expression may make.
pub const LONGEST_SEQUENCE: usize = 1_000_000;

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expression {
    source: Arc<str>,
    tree: Arc<AstNode>,
    uses: Arc<Uses>,
    direct: Option<Direct>,
}

/// A text that is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid JSONata expression: {0}")]
pub struct SyntaxError(pub String);

/// What came of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A value.
    Value(Value),
    /// Nothing, which JSON cannot say.
    Undefined,
    /// An error.
    Failed {
        /// JSONata's text, with its code in front if it has one.
        message: String,
        /// Whether it has a code.
        coded: bool,
    },
}

/// The expression in a text that is one: `{% … %}` from its first to its last character.
pub fn delimited(text: &str) -> Option<&str> {
    Some(text.strip_prefix("{%")?.strip_suffix("%}")?.trim())
}

impl Expression {
    /// Compiles the text between `{%` and `%}`.
    pub fn compile(source: &str) -> Result<Expression, SyntaxError> {
        Expression::compile_fenced(source, false)
    }

    fn compile_fenced(source: &str, always: bool) -> Result<Expression, SyntaxError> {
        let parsed = std::panic::catch_unwind(|| jsonata_core::parser::parse(source));
        let parsed = parsed.map_err(|_| SyntaxError("the parser failed".into()))?;
        let mut tree = parsed.map_err(|error| SyntaxError(wording::syntax(&error.to_string())))?;
        let direct = Direct::recognise(&tree);
        let uses = rewrite::prepare(&mut tree, always);
        Ok(Expression { source: source.into(), tree: Arc::new(tree), uses: Arc::new(uses), direct })
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The workflow's variables it reads, by their names without `$`.
    pub fn variables(&self) -> &[Arc<str>] {
        &self.uses.variables
    }

    /// Evaluates it. A session serves all expressions of one field, with the same scope.
    pub fn evaluate(&self, session: &mut Session, scope: &mut Scope<'_>) -> Outcome {
        match self.direct.as_ref().and_then(|direct| direct.read(scope)) {
            Some(found) => found.map_or(Outcome::Undefined, Outcome::Value),
            None => session.evaluate(&self.tree, &self.uses, scope, &JValue::Undefined),
        }
    }
}
