//! From the text of a path to its steps.

use super::scanner::Scanner;
use super::step::{Argument, Function, Step};
use super::{LONGEST, LONGEST_VARIABLE, Path, PathError, Root, filter_parser};
use std::sync::Arc;

/// A whole text that must be a path and nothing else.
pub(super) fn parse(text: &str) -> Result<Path, PathError> {
    let mut scanner = Scanner::new(text);
    if text.len() > LONGEST {
        return Err(scanner.error(format!("a path has at most {LONGEST} bytes")));
    }
    let path = parse_here(&mut scanner)?;
    if scanner.is_done() { Ok(path) } else { Err(scanner.error("nothing can follow here")) }
}

/// A path that stands at the scanner's place and ends where no step follows: in filters and among arguments.
pub(crate) fn parse_here(scanner: &mut Scanner<'_>) -> Result<Path, PathError> {
    let from = scanner.at();
    if !scanner.take("$") {
        return Err(scanner.error("a path begins with '$'"));
    }
    let root = if scanner.take("$") {
        Root::Context
    } else if scanner.peek().is_some_and(begins_name) {
        let name = scanner.take_while(continues_name);
        if name.chars().count() > LONGEST_VARIABLE {
            return Err(
                scanner.error(format!("the name of a variable has at most {LONGEST_VARIABLE} characters"))
            );
        }
        Root::Variable(name.into())
    } else {
        Root::Input
    };
    let steps = steps(scanner)?;
    Ok(Path { source: scanner.since(from).into(), root, steps })
}

/// Names of variables are Unicode identifiers.
fn begins_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn continues_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The steps after a root (`$` or `@`).
pub(super) fn steps(scanner: &mut Scanner<'_>) -> Result<Box<[Step]>, PathError> {
    let mut steps = Vec::new();
    loop {
        match scanner.peek() {
            Some('.') => {
                if scanner.take("..") {
                    steps.push(Step::Scan);
                    if scanner.peek() != Some('[') {
                        dotted(scanner, &mut steps)?;
                    }
                } else {
                    scanner.next();
                    if scanner.peek() != Some('[') {
                        dotted(scanner, &mut steps)?;
                    }
                }
            }
            Some('[') => {
                scanner.next();
                steps.push(bracketed(scanner)?);
            }
            _ => return Ok(steps.into()),
        }
    }
}

/// What follows a dot: a name, `*`, or a function with its parentheses.
fn dotted(scanner: &mut Scanner<'_>, steps: &mut Vec<Step>) -> Result<(), PathError> {
    if scanner.take("*") {
        steps.push(Step::Wildcard);
        return Ok(());
    }
    // In filters and among arguments a name also ends at what can follow a path there.
    let goes_on = |c: char| !c.is_whitespace() && !".[()]=!<>~&|,}'\"".contains(c);
    let name = scanner.take_while(|c| c.is_ascii_alphanumeric() || goes_on(c));
    if name.is_empty() {
        return Err(scanner.error("a name is missing"));
    }
    if scanner.peek() != Some('(') {
        steps.push(Step::Names(Box::new([name.into()])));
        return Ok(());
    }
    let function =
        Function::named(name).ok_or_else(|| scanner.error(format!("there is no function '{name}'")))?;
    scanner.next();
    let arguments = arguments(scanner)?;
    steps.push(Step::Call(function, arguments));
    Ok(())
}

/// Arguments of a function; the opening parenthesis has been taken.
fn arguments(scanner: &mut Scanner<'_>) -> Result<Box<[Argument]>, PathError> {
    scanner.enter()?;
    let mut found = Vec::new();
    scanner.skip_blanks();
    if !scanner.take(")") {
        loop {
            scanner.skip_blanks();
            found.push(if scanner.peek() == Some('$') {
                Argument::Path(parse_here(scanner)?)
            } else {
                Argument::Literal(filter_parser::literal(scanner)?)
            });
            scanner.skip_blanks();
            if scanner.take(")") {
                break;
            }
            scanner.expect(",")?;
        }
    }
    scanner.leave();
    Ok(found.into())
}

/// What stands in brackets; the opening one has been taken.
fn bracketed(scanner: &mut Scanner<'_>) -> Result<Step, PathError> {
    scanner.skip_blanks();
    let step = match scanner.peek() {
        Some('*') => {
            scanner.next();
            Step::Wildcard
        }
        Some('?') => Step::Filter(Arc::new(filter_parser::filters(scanner)?)),
        Some('\'' | '"') => names(scanner)?,
        _ => numbers(scanner)?,
    };
    scanner.skip_blanks();
    scanner.expect("]")?;
    Ok(step)
}

fn names(scanner: &mut Scanner<'_>) -> Result<Step, PathError> {
    let mut found: Vec<Arc<str>> = Vec::new();
    loop {
        scanner.skip_blanks();
        match scanner.next() {
            Some(quote @ ('\'' | '"')) => found.push(scanner.quoted(quote)?.into()),
            _ => return Err(scanner.error("a quoted name is missing")),
        }
        scanner.skip_blanks();
        if !scanner.take(",") {
            return Ok(Step::Names(found.into()));
        }
    }
}

fn numbers(scanner: &mut Scanner<'_>) -> Result<Step, PathError> {
    let first = scanner.integer();
    scanner.skip_blanks();
    if scanner.take(":") {
        scanner.skip_blanks();
        let last = scanner.integer();
        scanner.skip_blanks();
        if scanner.peek() == Some(':') {
            return Err(scanner.error("a slice has no step width in this dialect"));
        }
        return Ok(Step::Slice(first, last));
    }
    let mut found =
        vec![first.ok_or_else(|| scanner.error("an index, a slice, a quoted name, '*' or '?' is missing"))?];
    while scanner.take(",") {
        scanner.skip_blanks();
        found.push(scanner.integer().ok_or_else(|| scanner.error("an index is missing"))?);
        scanner.skip_blanks();
    }
    Ok(Step::Indices(found.into()))
}
