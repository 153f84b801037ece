//! A form (`key=value&…`) parsed once: what the query protocols send in the body or, with GET, in the query string.

use crate::error::WireError;
use crate::message::RequestParts;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Most parameters one request may have.
pub const MAX_PARAMETERS: usize = 20_000;

/// One decoded parameter.
pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The parameters of a query request, decoded and ordered as a tree.
#[derive(Debug)]
pub struct QueryForm<'a> {
    /// Ordered so that everything under `A` stands together: `A`, `A.1`, `A.1.B`, then `AB`.
    pub(crate) pairs: Vec<Pair<'a>>,
}

impl<'a> QueryForm<'a> {
    /// Parses one text.
    ///
    /// # Errors
    /// [`WireError::Form`] for wrong percent-encoding, text that is not UTF-8, or more than [`MAX_PARAMETERS`] parameters.
    pub fn parse(text: &'a [u8]) -> Result<QueryForm<'a>, WireError> {
        let mut pairs = Vec::new();
        collect(text, &mut pairs)?;
        Ok(QueryForm::ordered(pairs))
    }

    /// Parses the query string and, if there is one, the form body of a request.
    ///
    /// # Errors
    /// As [`QueryForm::parse`].
    pub fn from_request(parts: &RequestParts<'a>) -> Result<QueryForm<'a>, WireError> {
        let mut pairs = Vec::new();
        collect(parts.query.as_bytes(), &mut pairs)?;
        collect(parts.body, &mut pairs)?;
        Ok(QueryForm::ordered(pairs))
    }

    fn ordered(mut pairs: Vec<Pair<'a>>) -> QueryForm<'a> {
        // Stable: of a parameter given twice the first counts.
        pairs.sort_by(|a, b| tree_order(&a.0, &b.0));
        QueryForm { pairs }
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.pairs.partition_point(|pair| tree_order(&pair.0, name) == Ordering::Less);
        self.pairs.get(at).filter(|pair| pair.0 == name).map(|pair| &*pair.1)
    }

    /// Name of the operation.
    pub fn action(&self) -> Option<&str> {
        self.get("Action")
    }

    /// API version, a date.
    pub fn version(&self) -> Option<&str> {
        self.get("Version")
    }
}

/// Byte order in which `.` comes before everything else.
fn tree_order(a: &str, b: &str) -> Ordering {
    let rank = |byte: u8| if byte == b'.' { 0u16 } else { u16::from(byte) + 1 };
    let (a, b) = (a.as_bytes(), b.as_bytes());
    match a.iter().zip(b).find(|(x, y)| x != y) {
        Some((x, y)) => rank(*x).cmp(&rank(*y)),
        None => a.len().cmp(&b.len()),
    }
}

fn collect<'a>(text: &'a [u8], pairs: &mut Vec<Pair<'a>>) -> Result<(), WireError> {
    for piece in text.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()) {
        if pairs.len() >= MAX_PARAMETERS {
            return Err(WireError::Form("The request has too many parameters"));
        }
        let (name, value) = match memchr::memchr(b'=', piece) {
            Some(at) => (&piece[..at], &piece[at + 1..]),
            None => (piece, &piece[..0]),
        };
        pairs.push((decode(name)?, decode(value)?));
    }
    Ok(())
}

/// Undoes form encoding: `+` is a space, `%XX` a byte of UTF-8.
pub(crate) fn decode(text: &[u8]) -> Result<Cow<'_, str>, WireError> {
    let invalid = |_| WireError::Form("The query string is not valid UTF-8");
    if memchr::memchr2(b'%', b'+', text).is_none() {
        return std::str::from_utf8(text).map(Cow::Borrowed).map_err(invalid);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |offset: usize| text.get(at + offset).and_then(|d| char::from(*d).to_digit(16));
                let (Some(high), Some(low)) = (digit(0), digit(1)) else {
                    return Err(WireError::Form("The query string contains a syntax error"));
                };
                at += 2;
                u8::try_from(high * 16 + low).unwrap_or_default()
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| WireError::Form("The query string is not valid UTF-8"))
}
