//! Reads JSON: definitions with offsets and every member as written, inputs straight to values.
//!
//! A reader of our own, for three reasons: a linter must say where, a repeated member must be seen, and what is wrong
//! with an input is said in the words of the real service (its messages are those of Jackson, the usual JSON reader of
//! the Java world; two of them stand in `tests/recordings`).

mod build;
mod node;
mod reader;
mod scanner;
#[cfg(test)]
mod tests;

pub(crate) use node::mark;
pub use node::{Key, Kind, Node};

use crate::value::Value;

/// The longest definition in bytes (Step Functions quotas: 1 MB).
pub const MAX_DEFINITION: usize = 1_048_576;

/// How deep arrays and objects may nest. Far beyond what people write, far below what a thread's stack bears.
pub const MAX_DEPTH: usize = 512;

/// Why a text is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// Byte offset of what was not expected.
    pub at: usize,
    /// What is wrong, as the real service words it, without the place.
    pub message: String,
}

/// Reads a definition.
///
/// Fails with the place and the reason when the text is no JSON, is longer than [`MAX_DEFINITION`] or nests deeper
/// than [`MAX_DEPTH`]. Never panics.
pub fn read(text: &str) -> Result<Node, SyntaxError> {
    if text.len() > MAX_DEFINITION {
        let message = format!("Definition is longer than {MAX_DEFINITION} bytes");
        return Err(SyntaxError { at: MAX_DEFINITION, message });
    }
    reader::read::<build::Nodes>(text)
}

/// Reads an input or output straight to a value; a repeated member keeps its first place and its last value.
///
/// Fails like [`read`], but has no limit of length: that of payloads is the caller's.
pub fn parse_value(text: &str) -> Result<Value, SyntaxError> {
    reader::read::<build::Values>(text)
}

/// Line and column of a byte offset, both from 1; columns count characters.
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
