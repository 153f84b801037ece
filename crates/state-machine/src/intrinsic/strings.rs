//! `States.Format`, `States.StringSplit`, and the escapes of quoted texts.

use super::{Fault, java};
use crate::Value;
use std::sync::Arc;

/// Most bytes `States.Format` puts together.
const LARGEST: usize = 16 << 20;

/// Resolves `\'`, `\\`, `\{` and `\}`. Any other backslash is an open escape, which fails when the call runs.
pub(super) fn unescaped(text: &Arc<str>) -> Result<Arc<str>, Fault> {
    if !text.contains('\\') {
        return Ok(text.clone());
    }
    let mut found = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            found.push(escaped(characters.next())?);
        } else {
            found.push(character);
        }
    }
    Ok(found.into())
}

fn escaped(character: Option<char>) -> Result<char, Fault> {
    character.filter(|character| "'\\{}".contains(*character)).ok_or_else(|| {
        Fault::new("A backslash can only be followed by a single quote, a brace or another backslash")
    })
}

/// Puts the values, in their order, in place of each `{}`.
pub(super) fn format(pattern: &Value, values: &[Value]) -> Result<Value, Fault> {
    let Value::String(pattern) = pattern else {
        return Err(Fault::new("The first argument of States.Format must be a string"));
    };
    let mut text = String::with_capacity(pattern.len());
    let mut left = values.iter();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.push(escaped(characters.next())?),
            '{' => {
                let next = left.next().filter(|_| characters.next() == Some('}'));
                java::show(next.ok_or_else(mismatch)?, &mut text);
                if text.len() > LARGEST {
                    return Err(Fault::new(format!("The text has more than {LARGEST} bytes")));
                }
            }
            other => text.push(other),
        }
    }
    if left.next().is_some() {
        return Err(mismatch());
    }
    Ok(Value::from(text.as_str()))
}

fn mismatch() -> Fault {
    Fault::new(
        "The number of arguments does not match the number of occurrences of {} in the template string",
    )
}

/// Splits at every character of the second text; empty parts are left out.
pub(super) fn split(text: &Value, delimiters: &Value) -> Result<Value, Fault> {
    let (Value::String(text), Value::String(delimiters)) = (text, delimiters) else {
        return Err(Fault::new("Both arguments of States.StringSplit must be strings"));
    };
    let parts = text.split(|character| delimiters.contains(character)).filter(|part| !part.is_empty());
    Ok(Value::from(parts.map(Value::from).collect::<Vec<_>>()))
}
