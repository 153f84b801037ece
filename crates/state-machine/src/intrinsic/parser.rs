//! From the text of a call to its parts.

use super::{Argument, Call, DEEPEST_CALL, FUNCTIONS, LONGEST_CALL};
use crate::path::{self, PathError, Scanner};

/// A whole text that must be a call and nothing else.
pub(super) fn parse(text: &str) -> Result<Call, PathError> {
    let mut scanner = Scanner::new(text);
    if text.chars().count() > LONGEST_CALL {
        return Err(scanner.error(format!("a call has at most {LONGEST_CALL} characters")));
    }
    scanner.skip_blanks();
    let call = call(&mut scanner, 1)?;
    scanner.skip_blanks();
    if scanner.is_done() { Ok(call) } else { Err(scanner.error("nothing can follow here")) }
}

fn call(scanner: &mut Scanner<'_>, depth: usize) -> Result<Call, PathError> {
    if depth > DEEPEST_CALL {
        return Err(scanner.error(format!("at most {DEEPEST_CALL} functions can stand inside each other")));
    }
    let from = scanner.at();
    scanner.expect("States.")?;
    let name = scanner.take_while(|c| c.is_ascii_alphanumeric());
    let Some((name, function, fewest, most)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
        return Err(scanner.error(format!("there is no function 'States.{name}'")));
    };
    scanner.skip_blanks();
    scanner.expect("(")?;
    let mut arguments = Vec::new();
    scanner.skip_blanks();
    if !scanner.take(")") {
        loop {
            scanner.skip_blanks();
            arguments.push(argument(scanner, depth)?);
            scanner.skip_blanks();
            if scanner.take(")") {
                break;
            }
            scanner.expect(",")?;
        }
    }
    if arguments.len() < *fewest || arguments.len() > *most {
        return Err(scanner.error(format!("States.{name} does not take {} arguments", arguments.len())));
    }
    Ok(Call { source: scanner.since(from).into(), function: *function, arguments: arguments.into() })
}

fn argument(scanner: &mut Scanner<'_>, depth: usize) -> Result<Argument, PathError> {
    match scanner.peek() {
        Some('\'') => text(scanner),
        Some('$') => path::parse_here(scanner).map(Argument::Path),
        Some('S') => call(scanner, depth + 1).map(|call| Argument::Call(Box::new(call))),
        Some('"' | '[' | '{') => {
            Err(scanner.error("a quoted text, a number, true, false, null, a path or a call is missing"))
        }
        _ => path::literal(scanner).map(Argument::Literal),
    }
}

/// A text in single quotes, its escapes left as they are.
fn text(scanner: &mut Scanner<'_>) -> Result<Argument, PathError> {
    scanner.next();
    let from = scanner.at();
    loop {
        match scanner.peek() {
            None => return Err(scanner.error("a quote is not closed")),
            Some('\'') => break,
            Some('\\') => {
                scanner.next();
                scanner.next();
            }
            Some(_) => {
                scanner.next();
            }
        }
    }
    let found = scanner.since(from).into();
    scanner.next();
    Ok(Argument::Text(found))
}
