//! Whether a value is of a type.

use super::field::Type;
use super::ruby::is_integer;
use super::walk::Mode;
use crate::path::ReferencePath;
use crate::text::{Kind, Node};
use calendar::days_of_month;

/// Whether a value that is not null is of the type.
pub(super) fn fits(ty: Type, node: &Node, mode: Mode) -> bool {
    match (ty, &node.kind) {
        (Type::Any, _)
        | (Type::Object, Kind::Object(_))
        | (Type::Array, Kind::Array(_))
        | (Type::String, Kind::String(_))
        | (Type::Boolean, Kind::Bool(_))
        | (Type::Numeric, Kind::Number(_)) => true,
        (Type::Integer, Kind::Number(text)) => is_integer(text),
        (Type::Float, Kind::Number(text)) => !is_integer(text),
        (Type::ReferencePath, Kind::String(text)) if mode == Mode::Today => {
            ReferencePath::compile(text).is_ok()
        }
        (Type::ReferencePath, Kind::String(text)) => super::path::is_reference_path(text),
        // The real service wants it strict: no blanks, capital letters.
        (Type::Timestamp, Kind::String(text)) if mode == Mode::Today => {
            is_timestamp(text)
                && text.as_bytes().get(10) == Some(&b'T')
                && text.trim().len() == text.len()
                && !text.ends_with('z')
        }
        (Type::Timestamp, Kind::String(text)) => is_timestamp(text),
        // What the resource names is looked at elsewhere, see `resource`.
        (Type::Uri, Kind::String(_)) if mode == Mode::Today => true,
        (Type::Uri, Kind::String(text)) => text.split('\n').any(starts_with_scheme),
        _ => false,
    }
}

/// What the type is called in statelint's sentences.
pub(super) fn name(ty: Type) -> &'static str {
    match ty {
        Type::Any => "anything",
        Type::Object => "an Object",
        Type::Array => "an Array",
        Type::String => "a String",
        Type::Integer => "an Integer",
        Type::Float => "a Float",
        Type::Numeric => "numeric",
        Type::Boolean => "a Boolean",
        Type::ReferencePath => "a Reference Path",
        Type::Timestamp => "an RFC3339 timestamp",
        Type::Uri => "A URI",
    }
}

fn starts_with_scheme(line: &str) -> bool {
    let scheme = line.bytes().take_while(u8::is_ascii_lowercase).count();
    scheme > 0 && line.as_bytes().get(scheme) == Some(&b':')
}

/// An instant of RFC 3339, with the liberties of Ruby's `DateTime.rfc3339`: blanks around, a blank for the T, any case,
/// hour 24.
fn is_timestamp(text: &str) -> bool {
    // Ruby refuses longer texts unread.
    if text.len() > 128 {
        return false;
    }
    let blank = |letter: char| matches!(letter, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r');
    let text = text.trim_matches(blank);
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let bytes = text.as_bytes();
    let shape = b"dddd-dd-dd?dd:dd:dd";
    let fits = bytes.len() > shape.len()
        && bytes.iter().zip(shape).all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            b'?' => matches!(byte, b'T' | b't') || blank(char::from(*byte)),
            _ => byte == shape,
        });
    if !fits {
        return false;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap_or(-1);
    let year = if negative { -number(0, 4) } else { number(0, 4) };
    let in_range = (1..=days_of_month(year, number(5, 7))).contains(&number(8, 10))
        && (number(11, 13) < 24 || &text[11..19] == "24:00:00")
        && number(14, 16) < 60
        && number(17, 19) <= 60;
    in_range && is_zone(after_fraction(&text[19..]))
}

fn after_fraction(rest: &str) -> &str {
    match rest.strip_prefix('.') {
        // A point without digits leaves a point, which is no zone.
        Some(digits) if digits.starts_with(|letter: char| letter.is_ascii_digit()) => {
            digits.trim_start_matches(|letter: char| letter.is_ascii_digit())
        }
        _ => rest,
    }
}

fn is_zone(zone: &str) -> bool {
    let bytes = zone.as_bytes();
    zone.eq_ignore_ascii_case("z")
        || (bytes.len() == 6
            && matches!(bytes[0], b'+' | b'-')
            && bytes[3] == b':'
            && [1, 2, 4, 5].iter().all(|at| bytes[*at].is_ascii_digit()))
}
