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

/// Replaces each reference for which `value` has something.
pub(crate) fn replace<E>(
    text: &str,
    mut value: impl FnMut(&str) -> Result<Option<String>, E>,
) -> Result<String, E> {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Reference(name, whole) => match value(name)? {
                Some(value) => out.push_str(&value),
                None => out.push_str(whole),
            },
        }
    }
    Ok(out)
}

/// A text with the values of parameters put in; lists and maps appear as JSON.
pub(crate) fn text(text: &str, bound: &BTreeMap<String, Value>) -> String {
    let replaced = replace(text, |name| Ok::<_, std::convert::Infallible>(bound.get(name).map(text_of)));
    match replaced {
        Ok(text) => text,
        Err(never) => match never {},
    }
}

/// Lines of a script: an item that is nothing but a reference to a list becomes that list's lines.
pub(crate) fn lines(value: &Value, bound: &BTreeMap<String, Value>) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(|item| lines(item, bound)).collect(),
        Value::String(line) => {
            if let [Piece::Text(""), Piece::Reference(name, _), Piece::Text("")] = pieces(line)[..]
                && let Some(Value::Array(items)) = bound.get(name)
            {
                return items.iter().map(text_of).collect();
            }
            vec![text(line, bound)]
        }
        other => vec![text_of(other)],
    }
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
