//! Functions of jsonata-core whose answers differ from those of JSONata's makers, done anew.

use super::functions::{error, mismatch};
use jsonata_core::evaluator::{Evaluator, EvaluatorError, HostFnResult};
use jsonata_core::value::{JValue, with_stack};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Makes them known to an evaluator; calls are sent here by the rewriting of the expression.
pub(super) fn register(evaluator: &mut Evaluator) -> Result<(), EvaluatorError> {
    evaluator.register_fn("own distinct", distinct)?;
    evaluator.register_fn("own number", number)?;
    evaluator.register_fn("own encodeUrl", encode_url)?;
    evaluator.register_fn("own spread", |arguments: &[JValue]| Ok(spread(arguments.first())))?;
    evaluator.register_fn("own whole", whole)
}

/// `$number`: the crate also takes blanks around the digits and a missing digit before the point.
fn number(arguments: &[JValue]) -> HostFnResult {
    match arguments.first() {
        None | Some(JValue::Undefined) => Ok(JValue::Undefined),
        Some(JValue::Number(value)) => Ok(JValue::Number(*value)),
        Some(JValue::Bool(value)) => Ok(JValue::Number(f64::from(u8::from(*value)))),
        Some(JValue::String(text)) => spelled(text)
            .filter(|value| value.is_finite())
            .map(JValue::Number)
            .ok_or_else(|| error(format!("D3030: Unable to cast value to a number: \"{text}\""))),
        Some(_) => Err(mismatch(1, "number")),
    }
}

/// The number a text spells: as JSON does, or with digits to the base 16, 8 or 2.
fn spelled(text: &str) -> Option<f64> {
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let digits: Option<Vec<u32>> = digits.chars().map(|digit| digit.to_digit(radix)).collect();
            let digits = digits.filter(|digits| !digits.is_empty())?;
            return Some(
                digits.into_iter().fold(0.0, |value, digit| value * f64::from(radix) + f64::from(digit)),
            );
        }
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = digits.split_at(digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len()));
    let leading = whole.is_empty() || (whole.len() > 1 && whole.starts_with('0'));
    let point = rest.strip_prefix('.').is_some_and(|after| !after.starts_with(|c: char| c.is_ascii_digit()));
    let json = !leading && !point;
    json.then(|| text.parse().ok()).flatten()
}

/// What `encodeURI` leaves as it is.
const URI: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b';')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b',')
    .remove(b'#')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// `$encodeUrl`: the crate leaves blanks as they are.
fn encode_url(arguments: &[JValue]) -> HostFnResult {
    match arguments.first() {
        None | Some(JValue::Undefined) => Ok(JValue::Undefined),
        Some(JValue::String(text)) => Ok(JValue::string(utf8_percent_encode(text, URI).to_string())),
        Some(_) => Err(mismatch(1, "encodeUrl")),
    }
}

/// The milliseconds of `$fromMillis`: a fraction is cut off, where the crate refuses it.
fn whole(arguments: &[JValue]) -> HostFnResult {
    Ok(match arguments.first() {
        Some(JValue::Number(value)) => JValue::Number(value.trunc()),
        other => other.cloned().unwrap_or(JValue::Undefined),
    })
}

/// `$spread`: the crate leaves arrays inside arrays as they are.
fn spread(value: Option<&JValue>) -> JValue {
    fn collect(value: &JValue, depth: usize, found: &mut Vec<JValue>) {
        match value {
            JValue::Object(members) => found.extend(members.iter().map(|(name, member)| {
                JValue::object([(name.clone(), member.clone())].into_iter().collect())
            })),
            JValue::Array(items) if depth < crate::text::MAX_DEPTH => {
                items.iter().for_each(|item| collect(item, depth + 1, found));
            }
            other => found.push(other.clone()),
        }
    }
    match value {
        Some(value @ (JValue::Array(_) | JValue::Object(_))) => {
            let mut found = Vec::new();
            collect(value, 0, &mut found);
            JValue::sequence(found)
        }
        other => other.cloned().unwrap_or(JValue::Undefined),
    }
}

/// `$distinct`: the crate holds every item against every other, which takes minutes for what a sequence can hold.
fn distinct(arguments: &[JValue]) -> HostFnResult {
    match arguments {
        [] | [_] => (),
        [JValue::Undefined, JValue::Undefined] => return Err(mismatch(1, "distinct")),
        [_, JValue::Undefined] => (),
        _ => return Err(mismatch(2, "distinct")),
    }
    let value = arguments.first().cloned().unwrap_or(JValue::Undefined);
    let JValue::Array(items) = &value else { return Ok(value) };
    let mut seen = std::collections::HashSet::with_capacity(items.len());
    let kept = items.iter().filter(|item| {
        let mut text = String::new();
        // What has no text, a function, is like nothing else.
        !canonical(item, &mut text) || seen.insert(text)
    });
    Ok(JValue::Array(items.with_items(kept.cloned().collect())))
}

/// A text that is the same for equal values: members in the order of their names.
fn canonical(value: &JValue, text: &mut String) -> bool {
    use std::fmt::Write as _;
    match value {
        JValue::Array(items) => {
            text.push('[');
            let all = items.iter().all(|item| {
                text.push(',');
                with_stack(|| canonical(item, text))
            });
            text.push(']');
            all
        }
        JValue::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            text.push('{');
            let all = members.into_iter().all(|(name, member)| {
                let _ = write!(text, "{name:?}:");
                with_stack(|| canonical(member, text))
            });
            text.push('}');
            all
        }
        JValue::Null => write!(text, "null").is_ok(),
        JValue::Undefined => write!(text, "undefined").is_ok(),
        JValue::Bool(value) => write!(text, "{value}").is_ok(),
        JValue::Number(value) => write!(text, "{}", value + 0.0).is_ok(),
        JValue::String(value) => write!(text, "{value:?}").is_ok(),
        _ => false,
    }
}
