//! The grammar of JSON (RFC 8259), by recursive descent with a bounded depth.

use super::build::Build;
use super::scanner::Scanner;
use super::{MAX_DEPTH, SyntaxError};

/// Reads the one value of a text; only blanks may stand around it.
pub(super) fn read<B: Build>(text: &str) -> Result<B::Out, SyntaxError> {
    let mut scanner = Scanner::new(text, B::SHARES);
    if scanner.peek().is_none() {
        return scanner.error("No content to map due to end-of-input");
    }
    let value = value::<B>(&mut scanner, 0)?;
    match scanner.peek() {
        None => Ok(value),
        Some(_) => scanner.unexpected("was expecting the end of the text"),
    }
}

fn value<B: Build>(scanner: &mut Scanner<'_>, depth: usize) -> Result<B::Out, SyntaxError> {
    let next = scanner.peek();
    let start = scanner.at;
    match next {
        Some(b'{') => object::<B>(scanner, depth + 1),
        Some(b'[') => array::<B>(scanner, depth + 1),
        Some(b'"') => {
            let text = scanner.string("string value")?;
            Ok(B::string(text, start..scanner.at))
        }
        Some(b'-' | b'0'..=b'9') => {
            let text = scanner.number()?;
            Ok(B::number(text, start..scanner.at))
        }
        Some(_) => {
            let word = scanner.word()?;
            let span = start..scanner.at;
            Ok(if word == "null" { B::null(span) } else { B::truth(word == "true", span) })
        }
        None => scanner.error("Unexpected end-of-input"),
    }
}

fn array<B: Build>(scanner: &mut Scanner<'_>, depth: usize) -> Result<B::Out, SyntaxError> {
    let start = enter(scanner, depth)?;
    let mut items = Vec::new();
    if !scanner.take(b']') {
        loop {
            items.push(value::<B>(scanner, depth)?);
            if scanner.take(b']') {
                break;
            }
            separator(scanner, "Array")?;
        }
    }
    Ok(B::array(items, start..scanner.at))
}

fn object<B: Build>(scanner: &mut Scanner<'_>, depth: usize) -> Result<B::Out, SyntaxError> {
    let start = enter(scanner, depth)?;
    let mut members = B::Members::default();
    if !scanner.take(b'}') {
        loop {
            match scanner.peek() {
                Some(b'"') => {}
                Some(_) => return scanner.unexpected("was expecting double-quote to start field name"),
                None => return scanner.error("Unexpected end-of-input: expected close marker for Object"),
            }
            let name_start = scanner.at;
            let name = scanner.string("name")?;
            let span = name_start..scanner.at;
            if !scanner.take(b':') {
                return scanner.unexpected("was expecting a colon to separate field name and value");
            }
            let value = value::<B>(scanner, depth)?;
            B::member(&mut members, name, span, value);
            if scanner.take(b'}') {
                break;
            }
            separator(scanner, "Object")?;
        }
    }
    Ok(B::object(members, start..scanner.at))
}

/// Takes the opening bracket and gives its place.
fn enter(scanner: &mut Scanner<'_>, depth: usize) -> Result<usize, SyntaxError> {
    if depth > MAX_DEPTH {
        return scanner
            .error(format!("Document nesting depth ({depth}) exceeds the maximum allowed ({MAX_DEPTH})"));
    }
    scanner.at += 1;
    Ok(scanner.at - 1)
}

fn separator(scanner: &mut Scanner<'_>, of: &str) -> Result<(), SyntaxError> {
    if scanner.take(b',') {
        return Ok(());
    }
    if scanner.peek().is_none() {
        return scanner.error(format!("Unexpected end-of-input: expected close marker for {of}"));
    }
    scanner.unexpected(&format!("was expecting comma to separate {of} entries"))
}
