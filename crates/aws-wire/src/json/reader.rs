//! Values out of JSON text.

use super::lexer::{Kind, Lexer, malformed};
use crate::budget::Budget;
use crate::message::Bound;
use crate::text;
use aws_schema::{Document, Member, ReadError, ReadMembers, Reader, Timestamp};
use std::collections::BTreeMap;

/// Reads one JSON text.
pub(crate) struct JsonReader<'a> {
    lexer: Lexer<'a>,
    budget: Budget,
}

/// The error AWS gives for a value of the wrong type.
fn unexpected(found: Kind, wanted: &str) -> ReadError {
    match found {
        Kind::Array => ReadError::new("Unexpected start of a list"),
        Kind::Object => ReadError::new("Start of structure or map found where not expected."),
        _ => ReadError::new(format!("{} can not be converted to {wanted}", found.token())),
    }
}

impl<'a> JsonReader<'a> {
    /// Stands at the beginning of `body`.
    pub(crate) fn new(body: &'a [u8]) -> Result<JsonReader<'a>, ReadError> {
        let text =
            std::str::from_utf8(body).map_err(|_| ReadError::new("The request body is not valid UTF-8"))?;
        Ok(JsonReader { lexer: Lexer::new(text), budget: Budget::new() })
    }

    /// The same with other limits.
    pub(crate) fn within(self, budget: Budget) -> JsonReader<'a> {
        JsonReader { budget, ..self }
    }

    /// Fills `target` from the whole text, after which nothing may follow. No text at all is an empty object.
    /// Members that `bound` puts elsewhere in the message are not read from the body.
    pub(crate) fn root(mut self, target: &mut dyn ReadMembers, bound: Bound) -> Result<(), ReadError> {
        match self.lexer.peek() {
            None => return Ok(()),
            Some(b'n') => self.lexer.literal("null")?,
            _ => self.object(target, bound)?,
        }
        self.end()
    }

    /// Nothing but white space may be left.
    pub(crate) fn end(&mut self) -> Result<(), ReadError> {
        if self.lexer.peek().is_some() { Err(malformed()) } else { Ok(()) }
    }

    /// Whether only white space is left (or `null`).
    pub(crate) fn is_absent(&mut self) -> bool {
        matches!(self.lexer.peek(), None | Some(b'n'))
    }

    /// Fills a structure from the object standing here. Keys the model does not know are passed over, so that newer clients
    /// can still be understood.
    fn object(&mut self, target: &mut dyn ReadMembers, bound: Bound) -> Result<(), ReadError> {
        let found = self.lexer.kind()?;
        if found != Kind::Object {
            return Err(unexpected(found, "a structure"));
        }
        let members = target.shape().members;
        self.budget.spend(1 + members.len())?;
        self.budget.enter()?;
        self.lexer.expect(b'{')?;
        // Clients mostly keep the model's order: look for each key after the previous one first.
        let mut next = 0;
        if !self.lexer.take(b'}') {
            loop {
                let key = self.lexer.string()?;
                self.lexer.expect(b':')?;
                let is_key = |member: &Member| member.wire_name() == key;
                let after =
                    members.get(next..).unwrap_or_default().iter().position(is_key).map(|at| at + next);
                match after.or_else(|| members.iter().take(next).position(is_key)) {
                    Some(index) if !bound.is_elsewhere(members[index].location) => {
                        next = index + 1;
                        self.member(index, &members[index], target)?;
                    }
                    _ => self.lexer.skip(&mut self.budget)?,
                }
                if !self.lexer.take(b',') {
                    self.lexer.expect(b'}')?;
                    break;
                }
            }
        }
        self.budget.leave();
        Ok(())
    }

    fn member(
        &mut self,
        index: usize,
        member: &Member,
        target: &mut dyn ReadMembers,
    ) -> Result<(), ReadError> {
        // null means absent.
        if self.lexer.peek() == Some(b'n') {
            return self.lexer.skip(&mut self.budget);
        }
        let before = self.lexer.position();
        target.read_member(index, self).map_err(|error| error.within(member.wire_name()))?;
        if self.lexer.position() == before {
            self.lexer.skip(&mut self.budget)?;
        }
        Ok(())
    }

    /// One step over the value standing here, skipping what the visitor left.
    fn visit(&mut self, each: impl FnOnce(&mut Self) -> Result<(), ReadError>) -> Result<(), ReadError> {
        let before = self.lexer.position();
        each(self)?;
        if self.lexer.position() == before {
            self.lexer.skip(&mut self.budget)?;
        }
        Ok(())
    }

    /// A string, or the error that something else stands here.
    fn text(&mut self, wanted: &str) -> Result<std::borrow::Cow<'a, str>, ReadError> {
        match self.lexer.kind()? {
            Kind::String => self.lexer.string(),
            other => Err(unexpected(other, wanted)),
        }
    }

    /// An untyped value. It costs more of the budget than a typed one: its parts carry their types with them.
    fn any(&mut self) -> Result<Document, ReadError> {
        self.budget.spend(2)?;
        Ok(match self.lexer.kind()? {
            Kind::Null => self.lexer.literal("null").map(|()| Document::Null)?,
            Kind::True => self.lexer.literal("true").map(|()| Document::Boolean(true))?,
            Kind::False => self.lexer.literal("false").map(|()| Document::Boolean(false))?,
            Kind::Number => {
                let text = self.lexer.number()?;
                match text.parse() {
                    // Integers beyond 64 bits become floats, as in JavaScript.
                    Ok(integer) => Document::Integer(integer),
                    Err(_) => Document::Double(text::double(text)?),
                }
            }
            Kind::String => Document::String(self.lexer.string()?.into_owned()),
            Kind::Array => {
                let mut items = Vec::new();
                self.budget.enter()?;
                self.lexer.expect(b'[')?;
                if !self.lexer.take(b']') {
                    loop {
                        items.push(self.any()?);
                        if !self.lexer.take(b',') {
                            break self.lexer.expect(b']')?;
                        }
                    }
                }
                self.budget.leave();
                Document::List(items)
            }
            Kind::Object => {
                let mut entries = BTreeMap::new();
                self.budget.enter()?;
                self.lexer.expect(b'{')?;
                if !self.lexer.take(b'}') {
                    loop {
                        let key = self.lexer.string()?.into_owned();
                        self.lexer.expect(b':')?;
                        entries.insert(key, self.any()?);
                        if !self.lexer.take(b',') {
                            break self.lexer.expect(b'}')?;
                        }
                    }
                }
                self.budget.leave();
                Document::Map(entries)
            }
        })
    }
}

impl Reader for JsonReader<'_> {
    fn boolean(&mut self, _: &'static Member) -> Result<bool, ReadError> {
        match self.lexer.kind()? {
            Kind::True => self.lexer.literal("true").map(|()| true),
            Kind::False => self.lexer.literal("false").map(|()| false),
            other => Err(unexpected(other, "a Boolean")),
        }
    }

    fn integer(&mut self, _: &'static Member) -> Result<i64, ReadError> {
        match self.lexer.kind()? {
            Kind::Number => {
                let text = self.lexer.number()?;
                // `3.0` and `1e3` are integers too; anything with a real fraction is not.
                text.parse().or_else(|_| whole(text::double(text)?))
            }
            other => Err(unexpected(other, "an Integer")),
        }
    }

    fn double(&mut self, _: &'static Member) -> Result<f64, ReadError> {
        match self.lexer.kind()? {
            Kind::Number => text::double(self.lexer.number()?),
            Kind::String => match &*self.lexer.string()? {
                special @ ("NaN" | "Infinity" | "-Infinity") => text::double(special),
                _ => Err(unexpected(Kind::String, "a Double")),
            },
            other => Err(unexpected(other, "a Double")),
        }
    }

    fn string(&mut self, _: &'static Member) -> Result<String, ReadError> {
        self.text("a String").map(std::borrow::Cow::into_owned)
    }

    fn blob(&mut self, _: &'static Member) -> Result<Vec<u8>, ReadError> {
        text::base64(&self.text("a Blob")?)
    }

    fn timestamp(&mut self, _: &'static Member) -> Result<Timestamp, ReadError> {
        match self.lexer.kind()? {
            Kind::Number => text::parse_timestamp(self.lexer.number()?),
            Kind::String => text::parse_timestamp(&self.lexer.string()?),
            other => Err(unexpected(other, "a Timestamp")),
        }
    }

    fn document(&mut self, _: &'static Member) -> Result<Document, ReadError> {
        self.any()
    }

    fn structure(&mut self, _: &'static Member, target: &mut dyn ReadMembers) -> Result<(), ReadError> {
        self.object(target, Bound::Nothing)
    }

    fn list(
        &mut self,
        _: &'static Member,
        each: &mut dyn FnMut(&mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let found = self.lexer.kind()?;
        if found != Kind::Array {
            return Err(unexpected(found, "a List"));
        }
        self.budget.enter()?;
        self.lexer.expect(b'[')?;
        let mut number = 0u32;
        if !self.lexer.take(b']') {
            loop {
                number += 1;
                self.budget.spend(1)?;
                if self.lexer.peek() == Some(b'n') {
                    // No list of a modelled service may hold nulls; AWS drops them.
                    self.lexer.literal("null")?;
                } else {
                    self.visit(|reader| each(reader)).map_err(|error| error.within(number.to_string()))?;
                }
                if !self.lexer.take(b',') {
                    break self.lexer.expect(b']')?;
                }
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
        let found = self.lexer.kind()?;
        if found != Kind::Object {
            return Err(unexpected(found, "a Map"));
        }
        self.budget.enter()?;
        self.lexer.expect(b'{')?;
        if !self.lexer.take(b'}') {
            loop {
                self.budget.spend(2)?;
                let key = self.lexer.string()?.into_owned();
                self.lexer.expect(b':')?;
                if self.lexer.peek() == Some(b'n') {
                    self.lexer.literal("null")?;
                } else {
                    self.visit(|reader| each(key, reader))?;
                }
                if !self.lexer.take(b',') {
                    break self.lexer.expect(b'}')?;
                }
            }
        }
        self.budget.leave();
        Ok(())
    }
}

/// The integer a float stands for, if it is one and fits.
fn whole(value: f64) -> Result<i64, ReadError> {
    // 2^53: beyond it a float no longer tells neighbouring integers apart.
    if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 {
        #[allow(clippy::cast_possible_truncation)] // checked above
        return Ok(value as i64);
    }
    Err(ReadError::new("NUMBER_VALUE can not be converted to an Integer"))
}
