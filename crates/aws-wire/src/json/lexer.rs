//! The tokens of JSON (RFC 8259) over text that is known to be UTF-8.

use crate::budget::Budget;
use aws_schema::ReadError;
use std::borrow::Cow;

/// What kind of value begins here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    True,
    False,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// AWS's name of the token in its error messages.
    pub(super) fn token(self) -> &'static str {
        match self {
            Kind::Null => "NULL_VALUE",
            Kind::True => "TRUE_VALUE",
            Kind::False => "FALSE_VALUE",
            Kind::Number => "NUMBER_VALUE",
            Kind::String => "STRING_VALUE",
            Kind::Array => "START_ARRAY",
            Kind::Object => "START_OBJECT",
        }
    }
}

/// A position in the text. Every method leaves it on a character boundary.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

/// The one error for text that is no JSON.
pub(super) fn malformed() -> ReadError {
    ReadError::new("The request body is not valid JSON")
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Lexer<'a> {
        Lexer { text, at: 0 }
    }

    /// Where the next token begins; two equal positions mean that nothing was read in between.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Takes white space.
    fn space(&mut self) {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// The next byte that is not white space, left standing.
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.space();
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes `byte` if it comes next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Takes `byte` or fails.
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), ReadError> {
        if self.take(byte) { Ok(()) } else { Err(malformed()) }
    }

    /// What kind of value comes next, left standing.
    pub(super) fn kind(&mut self) -> Result<Kind, ReadError> {
        Ok(match self.peek() {
            Some(b'"') => Kind::String,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            Some(b't') => Kind::True,
            Some(b'f') => Kind::False,
            Some(b'n') => Kind::Null,
            _ => return Err(malformed()),
        })
    }

    /// Takes one of `null`, `true`, `false`.
    pub(super) fn literal(&mut self, word: &str) -> Result<(), ReadError> {
        self.space();
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            Err(malformed())
        }
    }

    /// Takes a number and gives its text, which obeys JSON's grammar.
    pub(super) fn number(&mut self) -> Result<&'a str, ReadError> {
        self.space();
        let bytes = self.text.as_bytes();
        let start = self.at;
        let digits = |at: &mut usize| {
            let from = *at;
            while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
                *at += 1;
            }
            *at - from
        };
        let mut at = start + usize::from(bytes.get(start) == Some(&b'-'));
        // The grammar is checked here because Rust's own parser allows more (`01`, `.5`, `1.`).
        let leading_zero = bytes.get(at) == Some(&b'0');
        let whole = digits(&mut at);
        if whole == 0 || (leading_zero && whole > 1) {
            return Err(malformed());
        }
        if bytes.get(at) == Some(&b'.') {
            at += 1;
            if digits(&mut at) == 0 {
                return Err(malformed());
            }
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            at += 1;
            at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
            if digits(&mut at) == 0 {
                return Err(malformed());
            }
        }
        self.at = at;
        Ok(&self.text[start..at])
    }

    /// Takes a string; borrowed unless it holds escapes.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, ReadError> {
        self.expect(b'"')?;
        let start = self.at;
        let end = self.plain_run(start)?;
        // No escape before the closing quote: the text can be borrowed as it stands.
        if self.text.as_bytes()[end] == b'"' {
            self.at = end + 1;
            return Ok(Cow::Borrowed(&self.text[start..end]));
        }
        let mut out = String::with_capacity(end - start + 16);
        let mut from = start;
        loop {
            let end = self.plain_run(from)?;
            out.push_str(&self.text[from..end]);
            self.at = end + 1;
            if self.text.as_bytes()[end] == b'"' {
                return Ok(Cow::Owned(out));
            }
            out.push(self.escape()?);
            from = self.at;
        }
    }

    /// Position of the next `"` or `\` at or after `from`; control characters must be escaped.
    fn plain_run(&self, from: usize) -> Result<usize, ReadError> {
        let rest = &self.text.as_bytes()[from..];
        let length = memchr::memchr2(b'"', b'\\', rest).ok_or_else(malformed)?;
        if rest[..length].iter().any(|byte| *byte < 0x20) {
            return Err(malformed());
        }
        Ok(from + length)
    }

    /// The character of an escape whose backslash was taken.
    fn escape(&mut self) -> Result<char, ReadError> {
        let byte = self.text.as_bytes().get(self.at).copied().ok_or_else(malformed)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex4()?;
                if !(0xd800..0xe000).contains(&high) {
                    return char::from_u32(high).ok_or_else(malformed);
                }
                // Beyond the basic plane: two escapes make one character; a lone half is no text at all.
                let low = if self.text.as_bytes()[self.at..].starts_with(b"\\u") {
                    self.at += 2;
                    self.hex4()?
                } else {
                    0
                };
                if high >= 0xdc00 || !(0xdc00..0xe000).contains(&low) {
                    return Err(malformed());
                }
                char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)).ok_or_else(malformed)?
            }
            _ => return Err(malformed()),
        })
    }

    /// Takes the four digits of a `\\u` escape.
    fn hex4(&mut self) -> Result<u32, ReadError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or_else(malformed)?;
        let mut value = 0;
        for digit in digits {
            value = value * 16 + char::from(*digit).to_digit(16).ok_or_else(malformed)?;
        }
        self.at += 4;
        Ok(value)
    }

    /// Takes a whole value without keeping it.
    pub(super) fn skip(&mut self, budget: &mut Budget) -> Result<(), ReadError> {
        match self.kind()? {
            Kind::Null => self.literal("null"),
            Kind::True => self.literal("true"),
            Kind::False => self.literal("false"),
            Kind::Number => self.number().map(drop),
            Kind::String => self.string().map(drop),
            Kind::Array => {
                budget.enter()?;
                self.expect(b'[')?;
                if !self.take(b']') {
                    loop {
                        self.skip(budget)?;
                        if !self.take(b',') {
                            break self.expect(b']')?;
                        }
                    }
                }
                budget.leave();
                Ok(())
            }
            Kind::Object => {
                budget.enter()?;
                self.expect(b'{')?;
                if !self.take(b'}') {
                    loop {
                        self.string()?;
                        self.expect(b':')?;
                        self.skip(budget)?;
                        if !self.take(b',') {
                            break self.expect(b'}')?;
                        }
                    }
                }
                budget.leave();
                Ok(())
            }
        }
    }
}
