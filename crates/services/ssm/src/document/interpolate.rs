//! `{{ name }}` and `{{ssm:name}}` in texts.

use super::parameters::text_of;
use serde_json::Value;
use std::collections::BTreeMap;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    /// What stands between the braces, trimmed, and the whole with braces.
    Reference(&'a str, &'a str),
}

/// Cuts a text at its references. Braces that hold anything but one word (Go templates, for instance) are plain text.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(open) = rest[from..].find("{{") {
        let open = from + open;
        let Some(close) = rest[open..].find("}}") else { break };
        let inner = rest[open + 2..open + close].trim_matches(' ');
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '/' | '.');
        if inner.is_empty() || inner.starts_with('.') || !inner.chars().all(is_word) {
            from = open + 2;
            continue;
        }
        let end = open + close + 2;
        found.push(Piece::Text(&rest[..open]));
        found.push(Piece::Reference(inner, &rest[open..end]));
        rest = &rest[end..];
        from = 0;
    }
    found.push(Piece::Text(rest));
    found
}

/// How many bytes replacing may still produce: a small document that names a long parameter often would otherwise
/// become gigabytes.
pub(crate) struct Budget(usize);

/// The budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Budget {
    /// For this many bytes.
    pub(crate) fn new(bytes: usize) -> Budget {
        Budget(bytes)
    }

    /// Takes the text's length off.
    fn spend(&mut self, text: &str) -> Result<(), TooLong> {
        self.0 = self.0.checked_sub(text.len()).ok_or(TooLong)?;
        Ok(())
    }
}

/// Replaces each reference for which `value` has something.
pub(crate) fn replace<E: From<TooLong>>(
    text: &str,
    budget: &mut Budget,
    mut value: impl FnMut(&str) -> Result<Option<String>, E>,
) -> Result<String, E> {
    let mut out = String::new();
    for piece in pieces(text) {
        let found;
        let next = match piece {
            Piece::Text(text) => text,
            Piece::Reference(name, whole) => {
                found = value(name)?;
                found.as_deref().unwrap_or(whole)
            }
        };
        budget.spend(next)?;
        out.push_str(next);
    }
    Ok(out)
}

/// A text with the values of parameters put in; lists and maps appear as JSON.
pub(crate) fn text(
    text: &str,
    bound: &BTreeMap<String, Value>,
    budget: &mut Budget,
) -> Result<String, TooLong> {
    replace(text, budget, |name| Ok(bound.get(name).map(text_of)))
}

/// Lines of a script: an item that is nothing but a reference to a list becomes that list's lines.
pub(crate) fn lines(
    value: &Value,
    bound: &BTreeMap<String, Value>,
    budget: &mut Budget,
) -> Result<Vec<String>, TooLong> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut lines = Vec::new();
    for item in items {
        let line = text_of(item);
        if let [Piece::Text(""), Piece::Reference(name, _), Piece::Text("")] = pieces(&line)[..]
            && let Some(Value::Array(items)) = bound.get(name)
        {
            for item in items {
                let item = text_of(item);
                budget.spend(&item)?;
                lines.push(item);
            }
        } else {
            lines.push(text(&line, bound, budget)?);
        }
    }
    Ok(lines)
}

/// The `{{ssm:…}}` references of a text, without `ssm:`.
#[cfg(test)]
pub(crate) fn parameter_references(text: &str) -> Vec<&str> {
    let found = pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Reference(name, _) => name.strip_prefix("ssm:"),
        Piece::Text(_) => None,
    });
    found.collect()
}
