//! Values out of CBOR.

use super::lexer::{Head, Lexer, malformed};
use crate::budget::Budget;
use aws_schema::{Document, Member, ReadError, ReadMembers, Reader, Timestamp};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Reads one CBOR item.
pub(crate) struct CborReader<'a> {
    lexer: Lexer<'a>,
    budget: Budget,
}

/// A value of another type than the model says.
fn unexpected(wanted: &str) -> ReadError {
    ReadError::new(format!("Unexpected type of value where {wanted} was expected"))
}

impl<'a> CborReader<'a> {
    /// Stands before the first byte.
    pub(crate) fn new(body: &'a [u8]) -> CborReader<'a> {
        CborReader { lexer: Lexer::new(body), budget: Budget::new() }
    }

    /// The same with other limits.
    pub(crate) fn within(self, budget: Budget) -> CborReader<'a> {
        CborReader { budget, ..self }
    }

    /// Fills `target` from the whole body. An empty body is an empty map.
    pub(crate) fn root(mut self, target: &mut dyn ReadMembers) -> Result<(), ReadError> {
        if self.lexer.left() == 0 {
            return Ok(());
        }
        self.members(target)?;
        if self.lexer.left() == 0 { Ok(()) } else { Err(malformed()) }
    }

    /// The next head that is not a tag.
    fn head(&mut self) -> Result<Head, ReadError> {
        self.budget.spend(1)?;
        loop {
            match self.lexer.head()? {
                Head::Tag(_) => self.budget.spend(1)?,
                other => return Ok(other),
            }
        }
    }

    /// The key of a map entry, which is always text.
    fn key(&mut self) -> Result<Cow<'a, str>, ReadError> {
        match self.head()? {
            Head::Text(length) => self.lexer.text(length),
            _ => Err(unexpected("a text key")),
        }
    }

    /// Takes a null, if one stands here.
    fn null(&mut self) -> Result<bool, ReadError> {
        let null = self.lexer.peek()? == Head::Null;
        if null {
            self.lexer.head()?;
        }
        Ok(null)
    }

    /// Fills a structure from the map standing here. Keys the model does not know are passed over, so that newer clients
    /// can still be understood.
    fn members(&mut self, target: &mut dyn ReadMembers) -> Result<(), ReadError> {
        let members = target.shape().members;
        self.budget.spend(members.len())?;
        let Head::Map(mut left) = self.head()? else { return Err(unexpected("a structure")) };
        self.budget.enter()?;
        while self.lexer.more(&mut left)? {
            let key = self.key()?;
            match members.iter().position(|member| member.wire_name() == key) {
                Some(index) if !self.null()? => self
                    .visit(|reader| target.read_member(index, reader))
                    .map_err(|error| error.within(members[index].wire_name()))?,
                Some(_) => {}
                None => self.lexer.skip(&mut self.budget)?,
            }
        }
        self.budget.leave();
        Ok(())
    }

    /// One step over the item standing here, skipping what the visitor left.
    fn visit(&mut self, each: impl FnOnce(&mut Self) -> Result<(), ReadError>) -> Result<(), ReadError> {
        let before = self.lexer.left();
        each(self)?;
        if self.lexer.left() == before {
            self.lexer.skip(&mut self.budget)?;
        }
        Ok(())
    }

    /// An untyped value, whatever it is.
    fn any(&mut self) -> Result<Document, ReadError> {
        self.budget.spend(2)?;
        Ok(match self.head()? {
            Head::Null => Document::Null,
            Head::Boolean(value) => Document::Boolean(value),
            Head::Float(value) => Document::Double(value),
            head @ (Head::Unsigned(_) | Head::Negative(_)) => Document::Integer(signed(head)?),
            Head::Text(length) => Document::String(self.lexer.text(length)?.into_owned()),
            Head::List(mut left) => {
                let mut items = Vec::new();
                self.budget.enter()?;
                while self.lexer.more(&mut left)? {
                    items.push(self.any()?);
                }
                self.budget.leave();
                Document::List(items)
            }
            Head::Map(mut left) => {
                let mut entries = BTreeMap::new();
                self.budget.enter()?;
                while self.lexer.more(&mut left)? {
                    let key = self.key()?.into_owned();
                    entries.insert(key, self.any()?);
                }
                self.budget.leave();
                Document::Map(entries)
            }
            Head::Bytes(_) | Head::Break | Head::Tag(_) => return Err(malformed()),
        })
    }
}

/// An integer of any width, or a float that is one (clients may send either, RFC 8949, 4.1).
fn signed(head: Head) -> Result<i64, ReadError> {
    let value = match head {
        Head::Unsigned(value) => i64::try_from(value).ok(),
        Head::Negative(value) => i64::try_from(value).ok().map(|value| -1 - value),
        // 2^53: beyond it a float no longer tells neighbouring integers apart.
        #[allow(clippy::cast_possible_truncation)]
        Head::Float(value) if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 => {
            Some(value as i64)
        }
        _ => return Err(unexpected("an integer")),
    };
    value.ok_or_else(|| ReadError::new("The number is out of range of a 64-bit integer"))
}

#[allow(clippy::cast_precision_loss)] // a float member holds what fits a float
/// A number as a float; integers are widened.
fn float(head: Head) -> Result<f64, ReadError> {
    match head {
        Head::Float(value) => Ok(value),
        Head::Unsigned(value) => Ok(value as f64),
        Head::Negative(value) => Ok(-1.0 - value as f64),
        _ => Err(unexpected("a number")),
    }
}

impl Reader for CborReader<'_> {
    fn boolean(&mut self, _: &'static Member) -> Result<bool, ReadError> {
        match self.head()? {
            Head::Boolean(value) => Ok(value),
            _ => Err(unexpected("a boolean")),
        }
    }

    fn integer(&mut self, _: &'static Member) -> Result<i64, ReadError> {
        signed(self.head()?)
    }

    fn double(&mut self, _: &'static Member) -> Result<f64, ReadError> {
        float(self.head()?)
    }

    fn string(&mut self, _: &'static Member) -> Result<String, ReadError> {
        match self.head()? {
            Head::Text(length) => self.lexer.text(length).map(Cow::into_owned),
            _ => Err(unexpected("a string")),
        }
    }

    fn blob(&mut self, _: &'static Member) -> Result<Vec<u8>, ReadError> {
        match self.head()? {
            Head::Bytes(length) => self.lexer.byte_string(length).map(Cow::into_owned),
            _ => Err(unexpected("bytes")),
        }
    }

    fn timestamp(&mut self, _: &'static Member) -> Result<Timestamp, ReadError> {
        // Tag 1 (epoch seconds) is what the protocol demands; its absence is forgiven.
        match self.head()? {
            head @ (Head::Unsigned(_) | Head::Negative(_)) => {
                let text = signed(head)?.to_string();
                crate::text::parse_timestamp(&text)
            }
            // Decimal digits keep what the sender meant: microseconds, not binary noise.
            Head::Float(value) if value.is_finite() => crate::text::parse_timestamp(&format!("{value:.6}")),
            _ => Err(unexpected("a timestamp")),
        }
    }

    fn document(&mut self, _: &'static Member) -> Result<Document, ReadError> {
        self.any()
    }

    fn structure(&mut self, _: &'static Member, target: &mut dyn ReadMembers) -> Result<(), ReadError> {
        self.members(target)
    }

    fn list(
        &mut self,
        _: &'static Member,
        each: &mut dyn FnMut(&mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let Head::List(mut left) = self.head()? else { return Err(unexpected("a list")) };
        self.budget.enter()?;
        let mut number = 0u32;
        while self.lexer.more(&mut left)? {
            number += 1;
            self.budget.spend(1)?;
            // No list of a modelled service may hold nulls; AWS drops them.
            if !self.null()? {
                self.visit(|reader| each(reader)).map_err(|error| error.within(number.to_string()))?;
            }
        }
        self.budget.leave();
        Ok(())
    }

    fn map(
        &mut self,
        _: &'static Member,
        each: &mut dyn FnMut(String, &mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let Head::Map(mut left) = self.head()? else { return Err(unexpected("a map")) };
        self.budget.enter()?;
        while self.lexer.more(&mut left)? {
            self.budget.spend(2)?;
            let key = self.key()?.into_owned();
            if !self.null()? {
                self.visit(|reader| each(key, reader))?;
            }
        }
        self.budget.leave();
        Ok(())
    }
}
