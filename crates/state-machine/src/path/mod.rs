//! JSONPath as Step Functions understands it: the Jayway dialect over the state's input (`$`), the context object
//! (`$$`) and variables (`$name`).
//!
//! A path is compiled once into steps and read many times. A *definite* path (only names and single indices) gives the one
//! value it points to or fails; any other gives an array of what it finds, empty if that is nothing.
//!
//! Source: Amazon States Language, "Paths"; the README of the Jayway JsonPath library for the dialect; recordings for the
//! texts of failures.

mod aggregate;
mod compare;
mod filter;
mod filter_parser;
mod parser;
mod reference;
mod scanner;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use filter_parser::literal;
pub(crate) use parser::parse_here;
pub use reference::{Mismatch, ReferencePath};
pub(crate) use scanner::Scanner;

use crate::Value;
use crate::guard::Guard;
use std::sync::Arc;
use step::Step;

mod step;

/// Longest path accepted, in bytes.
pub const LONGEST: usize = 10_000;
/// Longest name of a variable, in characters (Step Functions quota).
pub const LONGEST_VARIABLE: usize = 80;

/// What stands around an expression besides the state's input.
pub trait Surroundings {
    /// The context object: `$$`, and `$states.context` in JSONata.
    fn context(&self) -> Value;
    /// A variable by its name without `$`, looked up from the inner scope to the outer.
    fn variable(&self, name: &str) -> Option<Value>;
    /// The guard of the turn; `None`: every evaluation has its whole time.
    fn guard(&self) -> Option<&Guard<'_>> {
        None
    }
}

/// No variables, and an empty object for a context.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Surroundings for Nowhere {
    fn context(&self) -> Value {
        Value::Object(Arc::default())
    }
    fn variable(&self, _: &str) -> Option<Value> {
        None
    }
}

/// What a path reads from.
#[derive(Clone, Copy)]
pub struct Roots<'a> {
    /// `$`.
    pub input: &'a Value,
    /// `$$` and `$name`.
    pub surroundings: &'a dyn Surroundings,
}

/// Where a path begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// `$`.
    Input,
    /// `$$`.
    Context,
    /// `$name`.
    Variable(Arc<str>),
}

/// A compiled path.
#[derive(Clone, Debug)]
pub struct Path {
    source: Arc<str>,
    root: Root,
    steps: Box<[Step]>,
}

/// A text that is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {at} of '{path}')")]
pub struct PathError {
    /// The text.
    pub path: Arc<str>,
    /// Byte in it where reading stopped.
    pub at: usize,
    /// What is wrong.
    pub message: String,
}

/// A path that finds nothing where it must find something. The error of the execution is `States.Runtime`; callers take
/// the sentence that AWS uses for their field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathFailure {
    /// The path as written.
    pub path: Arc<str>,
    /// Jayway's sentence, such as `No results for path: $['a']`.
    pub reason: String,
    /// What `$` was, as JSON text. AWS names the input also when the path begins elsewhere.
    pub input: String,
}

impl PathFailure {
    /// AWS's sentence for `InputPath`, `OutputPath`, `TimeoutSecondsPath` and the like.
    pub fn invalid_path(&self) -> String {
        format!("Invalid path '{}' : {}", self.path, self.reason)
    }

    /// AWS's sentence for members of payload templates (`field` is then the member's name with its `.$`), for `CausePath`
    /// and the like.
    pub fn not_found(&self, field: &str) -> String {
        format!(
            "The JSONPath '{}' specified for the field '{field}' could not be found in the input '{}'",
            self.path, self.input
        )
    }
}

impl Path {
    /// Compiles a path that begins with `$`, `$$` or `$name`.
    pub fn compile(text: &str) -> Result<Path, PathError> {
        parser::parse(text)
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where it begins.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Whether it is `$` alone.
    pub fn is_whole_input(&self) -> bool {
        self.root == Root::Input && self.steps.is_empty()
    }

    /// Whether it can point to one value only.
    pub fn is_definite(&self) -> bool {
        step::definite(&self.steps)
    }

    /// The names of variables it reads, its filters included.
    pub fn variables(&self, found: &mut std::collections::BTreeSet<Arc<str>>) {
        if let Root::Variable(name) = &self.root {
            found.insert(name.clone());
        }
        for step in &*self.steps {
            step.variables(found);
        }
    }

    /// Reads it. An indefinite path gives an array.
    pub fn read(&self, roots: &Roots<'_>) -> Result<Value, PathFailure> {
        let fail = |reason: String| PathFailure {
            path: self.source.clone(),
            reason,
            input: roots.input.to_string(),
        };
        let start = self.start(roots).ok_or_else(|| fail(format!("No results for path: {}", self.source)))?;
        if self.steps.is_empty() {
            return Ok(start);
        }
        walk::read(&self.steps, &start, roots).map_err(fail)
    }

    fn start(&self, roots: &Roots<'_>) -> Option<Value> {
        match &self.root {
            Root::Input => Some(roots.input.clone()),
            Root::Context => Some(roots.surroundings.context()),
            Root::Variable(name) => roots.surroundings.variable(name),
        }
    }
}
