//! Parameters of a task → the input of an operation.

use super::names;
use aws_schema::{Blob, Document, Member, ReadError, ReadMembers, Reader, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use state_machine::value::Number;
use state_machine::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Why parameters are no input.
pub(super) enum ReadProblem {
    /// A field that the shape does not have.
    Unknown(String),
    /// A field of another type than its shape's.
    Wrong(ReadError),
}

/// Marks the error of an unknown field on its way through the readers.
const UNKNOWN: &str = "unknown field ";

/// Fills an input. A token by which the service would know the call again is `key`, where the parameters name none.
pub(super) fn fill(parameters: &Value, key: &str, target: &mut dyn ReadMembers) -> Result<(), ReadProblem> {
    let empty = Map::new();
    let members = match parameters {
        Value::Object(members) => members,
        Value::Null => &empty,
        _ => return Err(ReadProblem::Wrong(ReadError::new("the parameters are no object"))),
    };
    let problem = |error: ReadError| match error.message.strip_prefix(UNKNOWN) {
        Some(name) => ReadProblem::Unknown(name.to_owned()),
        None => ReadProblem::Wrong(error),
    };
    read_members(members, target).map_err(problem)?;
    let shape = target.shape();
    for (index, member) in shape.members.iter().enumerate().filter(|(_, member)| member.idempotency_token) {
        if !members.contains_key(names::member(member.name).as_str()) {
            // Tokens have limits of length from 32 characters on; a key has fewer or is cut.
            let token: String =
                key.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(32).collect();
            let token = Value::from(token.as_str());
            target.read_member(index, &mut ValueReader(&token)).map_err(problem)?;
        }
    }
    Ok(())
}

fn read_members(members: &Map, target: &mut dyn ReadMembers) -> Result<(), ReadError> {
    let shape = target.shape();
    for (name, value) in members {
        // Null is the same as nothing, as in the SDK.
        if *value == Value::Null {
            continue;
        }
        let index = shape.members.iter().position(|member| names::member(member.name) == **name);
        let index = index.ok_or_else(|| ReadError::new(format!("{UNKNOWN}{name}")))?;
        let read = target.read_member(index, &mut ValueReader(value));
        read.map_err(|error| {
            if error.message.starts_with(UNKNOWN) { error } else { error.within(name.to_string()) }
        })?;
    }
    Ok(())
}

struct ValueReader<'a>(&'a Value);

impl ValueReader<'_> {
    fn wrong(&self, wanted: &str) -> ReadError {
        let found = match self.0 {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        ReadError::new(format!("{wanted} is expected, not {found}"))
    }
}

impl Reader for ValueReader<'_> {
    fn boolean(&mut self, _: &'static Member) -> Result<bool, ReadError> {
        match self.0 {
            Value::Bool(value) => Ok(*value),
            Value::String(text) if &**text == "true" => Ok(true),
            Value::String(text) if &**text == "false" => Ok(false),
            _ => Err(self.wrong("a boolean")),
        }
    }
    fn integer(&mut self, _: &'static Member) -> Result<i64, ReadError> {
        match self.0 {
            Value::Number(Number::Int(value)) => Ok(*value),
            #[expect(clippy::cast_possible_truncation, reason = "only whole numbers within 2^53 come by")]
            Value::Number(Number::Float(value)) if value.fract() == 0.0 && value.abs() < 9e15 => {
                Ok(*value as i64)
            }
            Value::String(text) => text.parse().map_err(|_| self.wrong("an integer")),
            _ => Err(self.wrong("an integer")),
        }
    }
    fn double(&mut self, _: &'static Member) -> Result<f64, ReadError> {
        match self.0 {
            Value::Number(number) => Ok(number.as_f64()),
            Value::String(text) => text.parse().map_err(|_| self.wrong("a number")),
            _ => Err(self.wrong("a number")),
        }
    }
    fn string(&mut self, _: &'static Member) -> Result<String, ReadError> {
        match self.0 {
            Value::String(text) => Ok(text.to_string()),
            // Numbers and JSON become their text, as in the real service.
            Value::Null => Err(self.wrong("a string")),
            other => Ok(other.to_string()),
        }
    }
    fn blob(&mut self, _: &'static Member) -> Result<Blob, ReadError> {
        match self.0 {
            Value::String(text) => Ok(STANDARD.decode(&**text).unwrap_or_else(|_| text.as_bytes().to_vec())),
            other => Ok(other.to_string().into_bytes()),
        }
    }
    fn timestamp(&mut self, _: &'static Member) -> Result<Timestamp, ReadError> {
        match self.0 {
            Value::Number(Number::Int(seconds)) => Ok(Timestamp::from_seconds(*seconds)),
            Value::String(text) => {
                let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| self.wrong("an instant"))?;
                Ok(Timestamp { seconds: at.unix_timestamp(), nanos: at.nanosecond() })
            }
            _ => Err(self.wrong("an instant")),
        }
    }
    fn document(&mut self, _: &'static Member) -> Result<Document, ReadError> {
        Ok(document(self.0))
    }
    fn structure(&mut self, _: &'static Member, target: &mut dyn ReadMembers) -> Result<(), ReadError> {
        match self.0 {
            Value::Object(members) => read_members(members, target),
            _ => Err(self.wrong("an object")),
        }
    }
    fn list(
        &mut self,
        _: &'static Member,
        each: &mut dyn FnMut(&mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let Value::Array(items) = self.0 else { return Err(self.wrong("an array")) };
        items.iter().try_for_each(|item| each(&mut ValueReader(item)))
    }
    fn map(
        &mut self,
        _: &'static Member,
        each: &mut dyn FnMut(String, &mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let Value::Object(entries) = self.0 else { return Err(self.wrong("an object")) };
        entries.iter().try_for_each(|(key, value)| each(key.to_string(), &mut ValueReader(value)))
    }
}

fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Boolean(*value),
        Value::Number(Number::Int(value)) => Document::Integer(*value),
        Value::Number(number) => Document::Double(number.as_f64()),
        Value::String(text) => Document::String(text.to_string()),
        Value::Array(items) => Document::List(items.iter().map(document).collect()),
        Value::Object(members) => {
            Document::Map(members.iter().map(|(name, value)| (name.to_string(), document(value))).collect())
        }
    }
}
