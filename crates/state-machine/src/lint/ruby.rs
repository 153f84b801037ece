//! Values as Ruby shows them, for statelint's sentences: `to_s` outside, `inspect` inside arrays and hashes
//! (Ruby 3.1; later versions put blanks around `=>`).

use crate::text::{Kind, Node};
use std::fmt::Write as _;

/// Ruby's `to_s`.
pub(super) fn show(node: &Node) -> String {
    match &node.kind {
        Kind::Null => String::new(),
        Kind::String(text) => text.to_string(),
        _ => {
            let mut out = String::new();
            inspect(node, &mut out);
            out
        }
    }
}

/// An array of texts, as `inspect` shows it.
pub(super) fn names(names: &[&str]) -> String {
    let mut out = String::from("[");
    for (index, name) in names.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        quote(name, &mut out);
    }
    out + "]"
}

fn inspect(node: &Node, out: &mut String) {
    match &node.kind {
        Kind::Null => out.push_str("nil"),
        Kind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Kind::Number(text) => number(text, out),
        Kind::String(text) => quote(text, out),
        Kind::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                inspect(item, out);
            }
            out.push(']');
        }
        Kind::Object(members) => {
            out.push('{');
            for (index, (key, value)) in members.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                quote(&key.name, out);
                out.push_str("=>");
                inspect(value, out);
            }
            out.push('}');
        }
    }
}

fn number(text: &str, out: &mut String) {
    if is_integer(text) {
        out.push_str(if text == "-0" { "0" } else { text });
        return;
    }
    let value: f64 = text.parse().unwrap_or(f64::NAN);
    out.push_str(&float(value));
}

/// Whether Ruby's JSON reader makes an Integer of it.
pub(super) fn is_integer(text: &str) -> bool {
    !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// A Float: shortest digits, decimal between 1e-4 and 1e16, else with an exponent of two digits or more.
pub(super) fn float(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value == 0.0 || (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let fraction = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}{fraction}e{sign}{:02}", exponent.abs())
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\u{1b}' => out.push_str("\\e"),
            // Ruby would put values in here.
            '#' if matches!(letters.peek(), Some('{' | '$' | '@')) => out.push_str("\\#"),
            '\u{7f}' => out.push_str("\\x7F"),
            letter if u32::from(letter) < 0x20 => drop(write!(out, "\\u{:04X}", u32::from(letter))),
            letter if letter.is_control() => drop(write!(out, "\\u{:04X}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push('"');
}
