//! A cursor over the text of a path, shared by paths, filters and intrinsic functions.

use super::PathError;

/// Position in a text.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// How many brackets, parentheses and nested paths are open, bounded so that no text exhausts the stack.
    depth: u32,
}

/// Deepest nesting of filters and arguments.
const DEEPEST: u32 = 40;

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, at: 0, depth: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn since(&self, from: usize) -> &'a str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Takes one character.
    pub(crate) fn next(&mut self) -> Option<char> {
        let found = self.peek()?;
        self.at += found.len_utf8();
        Some(found)
    }

    /// Takes this text if it stands here.
    pub(crate) fn take(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Takes this text or fails.
    pub(crate) fn expect(&mut self, expected: &str) -> Result<(), PathError> {
        if self.take(expected) { Ok(()) } else { Err(self.error(format!("'{expected}' is missing"))) }
    }

    pub(crate) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let found = &rest[..rest.find(|c| !wanted(c)).unwrap_or(rest.len())];
        self.at += found.len();
        found
    }

    pub(crate) fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    pub(crate) fn error(&self, message: impl Into<String>) -> PathError {
        PathError { path: self.text.into(), at: self.at, message: message.into() }
    }

    /// Goes one level down; every success is paired with [`Scanner::leave`].
    pub(crate) fn enter(&mut self) -> Result<(), PathError> {
        if self.depth >= DEEPEST {
            return Err(self.error("it is nested too deeply"));
        }
        self.depth += 1;
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// A quoted text; the opening quote has been taken. A backslash stands before a quote of the same kind, before a
    /// backslash, and in `\n`, `\t`, `\r`, `\b`, `\f`, `\uXXXX` as in JSON; before anything else it is a character like others
    /// (recording scenarios/test-escape-sequence-parsing-ESCAPE-SEQUENCES-JSONPATH…).
    pub(crate) fn quoted(&mut self, quote: char) -> Result<String, PathError> {
        let mut found = String::new();
        loop {
            match self.next() {
                None => return Err(self.error("a quote is not closed")),
                Some(end) if end == quote => return Ok(found),
                Some('\\') => match self.next() {
                    Some('n') => found.push('\n'),
                    Some('t') => found.push('\t'),
                    Some('r') => found.push('\r'),
                    Some('b') => found.push('\u{8}'),
                    Some('f') => found.push('\u{c}'),
                    Some('u') => found.push(self.unicode()?),
                    Some(other) if other == quote || other == '\\' => found.push(other),
                    Some(other) => found.extend(['\\', other]),
                    None => return Err(self.error("a quote is not closed")),
                },
                Some(other) => found.push(other),
            }
        }
    }

    fn unicode(&mut self) -> Result<char, PathError> {
        let digits = self.rest().get(..4).unwrap_or_default();
        let code = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
        let found = code.ok_or_else(|| self.error("\\u needs four hexadecimal digits of a character"))?;
        self.at += 4;
        Ok(found)
    }

    /// An integer with an optional minus.
    pub(crate) fn integer(&mut self) -> Option<i64> {
        let from = self.at;
        self.take("-");
        self.take_while(|c| c.is_ascii_digit());
        let found = self.since(from).parse().ok();
        if found.is_none() {
            self.at = from;
        }
        found
    }
}
