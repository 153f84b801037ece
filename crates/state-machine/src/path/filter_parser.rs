//! From the text of a filter to its condition.

use super::filter::{Filter, LARGEST_PATTERN, MOST_STEPS, Operand, Operator, Pattern};
use super::scanner::Scanner;
use super::{PathError, parser};
use crate::{Map, Number, Value};
use std::sync::Arc;

/// `?(…)`, several of them with commas; the scanner stands at the question mark.
pub(super) fn filters(scanner: &mut Scanner<'_>) -> Result<Filter, PathError> {
    let mut parts = Vec::new();
    loop {
        scanner.skip_blanks();
        scanner.expect("?")?;
        scanner.skip_blanks();
        scanner.expect("(")?;
        parts.push(any(scanner)?);
        scanner.skip_blanks();
        scanner.expect(")")?;
        scanner.skip_blanks();
        if !scanner.take(",") {
            break;
        }
    }
    Ok(one_or(parts, Filter::All))
}

fn one_or(mut parts: Vec<Filter>, several: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            several(parts)
        }
        None => several(parts),
    }
}

fn any(scanner: &mut Scanner<'_>) -> Result<Filter, PathError> {
    scanner.enter()?;
    let mut parts = vec![all(scanner)?];
    while takes(scanner, "||") {
        parts.push(all(scanner)?);
    }
    scanner.leave();
    Ok(one_or(parts, Filter::Any))
}

fn all(scanner: &mut Scanner<'_>) -> Result<Filter, PathError> {
    let mut parts = vec![condition(scanner)?];
    while takes(scanner, "&&") {
        parts.push(condition(scanner)?);
    }
    Ok(one_or(parts, Filter::All))
}

fn takes(scanner: &mut Scanner<'_>, text: &str) -> bool {
    scanner.skip_blanks();
    scanner.take(text)
}

fn condition(scanner: &mut Scanner<'_>) -> Result<Filter, PathError> {
    scanner.skip_blanks();
    if scanner.take("!") {
        scanner.enter()?;
        let part = condition(scanner)?;
        scanner.leave();
        return Ok(Filter::Not(Box::new(part)));
    }
    if scanner.take("(") {
        let part = any(scanner)?;
        scanner.skip_blanks();
        scanner.expect(")")?;
        return Ok(part);
    }
    let left = operand(scanner)?;
    scanner.skip_blanks();
    let Some(operator) = operator(scanner) else {
        return match left {
            Operand::Item(_) | Operand::Path(_) => Ok(Filter::Exists(left)),
            _ => Err(scanner.error("an operator is missing")),
        };
    };
    scanner.skip_blanks();
    let right = operand(scanner)?;
    if matches!(right, Operand::Pattern(_)) != (operator == Operator::Matches)
        || matches!(left, Operand::Pattern(_))
    {
        return Err(scanner.error("a pattern stands to the right of '=~' and nowhere else"));
    }
    Ok(Filter::Compare(left, operator, right))
}

fn operator(scanner: &mut Scanner<'_>) -> Option<Operator> {
    const SIGNS: [(&str, Operator); 8] = [
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("=~", Operator::Matches),
        ("=", Operator::Equal),
    ];
    if let Some((_, operator)) = SIGNS.iter().find(|(sign, _)| scanner.take(sign)) {
        return Some(*operator);
    }
    let from = scanner.at();
    let word = scanner.take_while(|c| c.is_ascii_alphabetic());
    let found = match word.to_ascii_lowercase().as_str() {
        "in" => Some(Operator::In),
        "nin" => Some(Operator::NotIn),
        "contains" => Some(Operator::Contains),
        "all" => Some(Operator::All),
        "size" => Some(Operator::Size),
        "empty" => Some(Operator::Empty),
        "subsetof" => Some(Operator::SubsetOf),
        "anyof" => Some(Operator::AnyOf),
        "noneof" => Some(Operator::NoneOf),
        _ => None,
    };
    if found.is_none() {
        scanner.go_to(from);
    }
    found
}

fn operand(scanner: &mut Scanner<'_>) -> Result<Operand, PathError> {
    match scanner.peek() {
        Some('@') => {
            scanner.next();
            scanner.enter()?;
            let steps = parser::steps(scanner)?;
            scanner.leave();
            Ok(Operand::Item(steps))
        }
        Some('$') => {
            scanner.enter()?;
            let path = parser::parse_here(scanner)?;
            scanner.leave();
            Ok(Operand::Path(path))
        }
        Some('/') => pattern(scanner),
        _ => literal(scanner).map(Operand::Literal),
    }
}

fn pattern(scanner: &mut Scanner<'_>) -> Result<Operand, PathError> {
    scanner.next();
    let mut text = String::new();
    loop {
        match scanner.next() {
            None => return Err(scanner.error("a pattern is not closed")),
            Some('/') => break,
            Some('\\') if scanner.take("/") => text.push('/'),
            Some('\\') => {
                text.push('\\');
                text.extend(scanner.next());
            }
            Some(other) => text.push(other),
        }
    }
    let flags = scanner.take_while(|c| c.is_ascii_alphabetic());
    if flags.chars().any(|flag| !"imsxu".contains(flag)) {
        return Err(scanner.error(format!("unknown flags '{flags}' of a pattern")));
    }
    // Java's `matches` wants the whole text.
    let flags = flags.replace('u', "");
    let whole = if flags.is_empty() { format!("^(?:{text})$") } else { format!("(?{flags})^(?:{text})$") };
    fancy_regex::RegexBuilder::new(&whole)
        .backtrack_limit(MOST_STEPS)
        .delegate_size_limit(LARGEST_PATTERN)
        .build()
        .map(|found| Operand::Pattern(Arc::new(Pattern::new(found, &text))))
        .map_err(|error| scanner.error(format!("the pattern '{text}' is not valid: {error}")))
}

/// A text in single or double quotes, a number, `true`, `false`, `null`, an array, an object.
pub(crate) fn literal(scanner: &mut Scanner<'_>) -> Result<Value, PathError> {
    scanner.skip_blanks();
    match scanner.peek() {
        Some(quote @ ('\'' | '"')) => {
            scanner.next();
            Ok(Value::from(scanner.quoted(quote)?.as_str()))
        }
        Some('[') => array(scanner),
        Some('{') => object(scanner),
        Some(c) if c == '-' || c.is_ascii_digit() => number(scanner),
        _ => {
            for (word, value) in
                [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
            {
                if scanner.take(word) {
                    return Ok(value);
                }
            }
            Err(scanner.error("a value is missing"))
        }
    }
}

fn number(scanner: &mut Scanner<'_>) -> Result<Value, PathError> {
    let text = scanner.take_while(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    if let Ok(found) = text.parse::<i64>() {
        return Ok(Value::from(found));
    }
    match text.parse::<f64>() {
        Ok(found) if found.is_finite() => Ok(Value::Number(Number::Float(found))),
        _ => Err(scanner.error(format!("'{text}' is no number"))),
    }
}

fn array(scanner: &mut Scanner<'_>) -> Result<Value, PathError> {
    scanner.next();
    scanner.enter()?;
    let mut items = Vec::new();
    scanner.skip_blanks();
    if !scanner.take("]") {
        loop {
            items.push(literal(scanner)?);
            if takes(scanner, "]") {
                break;
            }
            scanner.expect(",")?;
        }
    }
    scanner.leave();
    Ok(Value::from(items))
}

fn object(scanner: &mut Scanner<'_>) -> Result<Value, PathError> {
    scanner.next();
    scanner.enter()?;
    let mut members = Map::new();
    scanner.skip_blanks();
    if !scanner.take("}") {
        loop {
            scanner.skip_blanks();
            let Some(quote @ ('\'' | '"')) = scanner.next() else {
                return Err(scanner.error("a quoted name is missing"));
            };
            let name = scanner.quoted(quote)?;
            scanner.skip_blanks();
            scanner.expect(":")?;
            members.insert(name.into(), literal(scanner)?);
            if takes(scanner, "}") {
                break;
            }
            scanner.expect(",")?;
        }
    }
    scanner.leave();
    Ok(Value::from(members))
}
