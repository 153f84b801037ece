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
        let mut pairs = Vec::with_capacity(capacity(text));
        collect(text, &mut pairs)?;
        Ok(QueryForm::ordered(pairs))
    }

    /// Parses the query string and, if there is one, the form body of a request.
    ///
    /// # Errors
    /// As [`QueryForm::parse`].
    pub fn from_request(parts: &RequestParts<'a>) -> Result<QueryForm<'a>, WireError> {
        let mut pairs = Vec::with_capacity(capacity(parts.query.as_bytes()) + capacity(parts.body));
        collect(parts.query.as_bytes(), &mut pairs)?;
        collect(parts.body, &mut pairs)?;
        Ok(QueryForm::ordered(pairs))
    }

    fn ordered(mut pairs: Vec<Pair<'a>>) -> QueryForm<'a> {
        // Stable: of a parameter given twice the first counts. SDKs send the members of one structure together but in the
        // model's order, so there is nearly always something to sort.
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

/// How many parameters a text has at most.
fn capacity(text: &[u8]) -> usize {
    (memchr::memchr_iter(b'&', text).count() + 1).min(MAX_PARAMETERS)
}

fn collect<'a>(text: &'a [u8], pairs: &mut Vec<Pair<'a>>) -> Result<(), WireError> {
    let text = std::str::from_utf8(text).map_err(|_| NOT_UTF8)?;
    for piece in text.split('&').filter(|piece| !piece.is_empty()) {
        if pairs.len() >= MAX_PARAMETERS {
            return Err(WireError::Form("The request has too many parameters"));
        }
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        pairs.push((decode(name)?, decode(value)?));
    }
    Ok(())
}

const NOT_UTF8: WireError = WireError::Form("The query string is not valid UTF-8");

/// Undoes form encoding: `+` is a space, `%XX` a byte of UTF-8.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, WireError> {
    let raw = text.as_bytes();
    if !raw.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(byte) = raw.get(at) {
        at += 1;
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |offset: usize| raw.get(at + offset).and_then(|d| char::from(*d).to_digit(16));
                let (Some(high), Some(low)) = (digit(0), digit(1)) else {
                    return Err(WireError::Form("The query string contains a syntax error"));
                };
                at += 2;
                u8::try_from(high * 16 + low).unwrap_or_default()
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| NOT_UTF8)
}
