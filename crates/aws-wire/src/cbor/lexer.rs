//! The data items of CBOR.

use crate::budget::Budget;
use aws_schema::ReadError;
use std::borrow::Cow;

/// The head of an item: what it is and how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Head {
    Unsigned(u64),
    /// The value is -1 minus this.
    Negative(u64),
    /// Length; `None` for indefinite.
    Bytes(Option<u64>),
    Text(Option<u64>),
    List(Option<u64>),
    Map(Option<u64>),
    Tag(u64),
    Boolean(bool),
    /// `null` and `undefined`.
    Null,
    Float(f64),
    /// The end of something indefinite.
    Break,
}

/// What is still to be read.
pub(super) struct Lexer<'a> {
    rest: &'a [u8],
}

/// The one error for bytes that are no CBOR.
pub(super) fn malformed() -> ReadError {
    ReadError::new("The request body is not valid CBOR")
}

impl<'a> Lexer<'a> {
    pub(super) fn new(body: &'a [u8]) -> Lexer<'a> {
        Lexer { rest: body }
    }

    /// Bytes not read yet; two equal counts mean that nothing was read in between.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// Takes so many bytes. A length is checked against what is there before anything is allocated for it.
    fn bytes(&mut self, count: u64) -> Result<&'a [u8], ReadError> {
        let count = usize::try_from(count).map_err(|_| malformed())?;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes a big-endian number of so many bytes.
    fn number(&mut self, width: u64) -> Result<u64, ReadError> {
        Ok(self.bytes(width)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// The next head, left standing.
    pub(super) fn peek(&self) -> Result<Head, ReadError> {
        Lexer { rest: self.rest }.head()
    }

    /// Takes the next head.
    pub(super) fn head(&mut self) -> Result<Head, ReadError> {
        let first = self.bytes(1)?[0];
        let (major, info) = (first >> 5, first & 0x1f);
        if major == 7 {
            return Ok(match info {
                20 => Head::Boolean(false),
                21 => Head::Boolean(true),
                22 | 23 => Head::Null,
                25 => Head::Float(half(self.number(2)?)),
                26 => Head::Float(f64::from(f32::from_bits(
                    u32::try_from(self.number(4)?).map_err(|_| malformed())?,
                ))),
                27 => Head::Float(f64::from_bits(self.number(8)?)),
                31 => Head::Break,
                _ => return Err(malformed()),
            });
        }
        let value = match info {
            0..=23 => Some(u64::from(info)),
            24..=27 => Some(self.number(1 << (info - 24))?),
            31 if (2..=5).contains(&major) => None,
            _ => return Err(malformed()),
        };
        Ok(match (major, value) {
            (0, Some(value)) => Head::Unsigned(value),
            (1, Some(value)) => Head::Negative(value),
            (2, length) => Head::Bytes(length),
            (3, length) => Head::Text(length),
            (4, length) => Head::List(length),
            (5, length) => Head::Map(length),
            (6, Some(tag)) => Head::Tag(tag),
            _ => return Err(malformed()),
        })
    }

    /// The content of a byte string whose head was taken. An indefinite one comes in definite pieces of the same kind.
    pub(super) fn byte_string(&mut self, length: Option<u64>) -> Result<Cow<'a, [u8]>, ReadError> {
        if let Some(length) = length {
            return self.bytes(length).map(Cow::Borrowed);
        }
        let mut whole = Vec::new();
        loop {
            match self.head()? {
                Head::Bytes(Some(length)) => whole.extend_from_slice(self.bytes(length)?),
                Head::Break => return Ok(Cow::Owned(whole)),
                _ => return Err(malformed()),
            }
        }
    }

    /// The content of a text whose head was taken.
    pub(super) fn text(&mut self, length: Option<u64>) -> Result<Cow<'a, str>, ReadError> {
        let utf8 = |bytes| std::str::from_utf8(bytes).map_err(|_| malformed());
        if let Some(length) = length {
            return utf8(self.bytes(length)?).map(Cow::Borrowed);
        }
        let mut whole = String::new();
        loop {
            match self.head()? {
                Head::Text(Some(length)) => whole.push_str(utf8(self.bytes(length)?)?),
                Head::Break => return Ok(Cow::Owned(whole)),
                _ => return Err(malformed()),
            }
        }
    }

    /// Takes a whole item without keeping it.
    pub(super) fn skip(&mut self, budget: &mut Budget) -> Result<(), ReadError> {
        let (count, pair) = match self.head()? {
            Head::Bytes(length) => return self.byte_string(length).map(drop),
            Head::Text(length) => return self.text(length).map(drop),
            Head::Tag(_) => (Some(1), 1),
            Head::List(count) => (count, 1),
            Head::Map(count) => (count, 2),
            Head::Break => return Err(malformed()),
            _ => return Ok(()),
        };
        budget.enter()?;
        let mut left = count;
        while self.more(&mut left)? {
            for _ in 0..pair {
                self.skip(budget)?;
            }
        }
        budget.leave();
        Ok(())
    }

    /// Whether a list or map has another item; `left` counts down a definite one.
    pub(super) fn more(&mut self, left: &mut Option<u64>) -> Result<bool, ReadError> {
        match left {
            Some(0) => Ok(false),
            Some(count) => {
                *count -= 1;
                Ok(true)
            }
            None if self.rest.first() == Some(&0xff) => {
                self.rest = &self.rest[1..];
                Ok(false)
            }
            None if self.rest.is_empty() => Err(malformed()),
            None => Ok(true),
        }
    }
}

/// A 16-bit float (RFC 8949, appendix D).
fn half(bits: u64) -> f64 {
    let (sign, exponent, fraction) = (bits >> 15 & 1, bits >> 10 & 0x1f, bits & 0x3ff);
    #[allow(clippy::cast_precision_loss)] // ten bits
    let fraction = fraction as f64;
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(i32::try_from(exponent).unwrap_or(0) - 15),
    };
    if sign == 1 { -size } else { size }
}
