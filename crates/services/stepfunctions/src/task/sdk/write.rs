//! The answer of an operation → the result of a task.

use super::names;
use aws_schema::{Document, Member, Timestamp, WriteEntries, WriteItems, WriteMembers, Writer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use state_machine::{Map, Value};
use std::sync::Arc;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// An answer as an object; what is absent is left out.
pub(super) fn value(output: &dyn WriteMembers) -> Value {
    written(output, names::member)
}

/// The same with the members named as in the model.
pub(crate) fn plain_value(output: &dyn WriteMembers) -> Value {
    written(output, str::to_owned)
}

fn written(output: &dyn WriteMembers, name: fn(&str) -> String) -> Value {
    let mut writer = Values { open: vec![Open::Object(Map::new())], name };
    output.write_members(&mut writer);
    writer.close()
}

enum Open {
    Object(Map),
    Array(Vec<Value>),
}

struct Values {
    open: Vec<Open>,
    /// How members are named.
    name: fn(&str) -> String,
}

impl Values {
    fn close(&mut self) -> Value {
        match self.open.pop() {
            Some(Open::Object(members)) => Value::Object(Arc::new(members)),
            Some(Open::Array(items)) => Value::Array(Arc::new(items)),
            None => Value::Null,
        }
    }

    fn put(&mut self, member: &'static Member, value: Value) {
        match self.open.last_mut() {
            Some(Open::Object(members)) => {
                members.insert((self.name)(member.name).into(), value);
            }
            Some(Open::Array(items)) => items.push(value),
            None => {}
        }
    }

    fn nested(&mut self, member: &'static Member, open: Open, fill: impl FnOnce(&mut Self)) {
        self.open.push(open);
        fill(self);
        let value = self.close();
        self.put(member, value);
    }
}

fn document(value: &Document) -> Value {
    match value {
        Document::Null => Value::Null,
        Document::Boolean(value) => Value::from(*value),
        Document::Integer(value) => Value::from(*value),
        Document::Double(value) => Value::from(*value),
        Document::String(text) => Value::from(text.as_str()),
        Document::List(items) => Value::from(items.iter().map(document).collect::<Vec<_>>()),
        Document::Map(entries) => {
            let members = entries.iter().map(|(key, value)| (Arc::from(key.as_str()), document(value)));
            Value::from(members.collect::<Map>())
        }
    }
}

/// `2026-11-20T10:00:00Z`, with as many digits behind the seconds as are needed.
pub(crate) fn instant(at: Timestamp) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(at.seconds).ok();
    let moment = moment.and_then(|moment| moment.replace_nanosecond(at.nanos).ok());
    moment.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_default()
}

impl Writer for Values {
    fn boolean(&mut self, member: &'static Member, value: bool) {
        self.put(member, Value::from(value));
    }
    fn integer(&mut self, member: &'static Member, value: i64) {
        self.put(member, Value::from(value));
    }
    fn float(&mut self, member: &'static Member, value: f32) {
        self.put(member, Value::from(f64::from(value)));
    }
    fn double(&mut self, member: &'static Member, value: f64) {
        self.put(member, Value::from(value));
    }
    fn string(&mut self, member: &'static Member, value: &str) {
        self.put(member, Value::from(value));
    }
    fn blob(&mut self, member: &'static Member, value: &[u8]) {
        self.put(member, Value::from(STANDARD.encode(value).as_str()));
    }
    fn timestamp(&mut self, member: &'static Member, value: Timestamp) {
        self.put(member, Value::from(instant(value).as_str()));
    }
    fn document(&mut self, member: &'static Member, value: &Document) {
        self.put(member, document(value));
    }
    fn structure(&mut self, member: &'static Member, value: &dyn WriteMembers) {
        self.nested(member, Open::Object(Map::new()), |writer| value.write_members(writer));
    }
    fn list(&mut self, member: &'static Member, _: usize, value: &dyn WriteItems) {
        let Some(item) = member.shape.members.first() else { return };
        self.nested(member, Open::Array(Vec::new()), |writer| value.write_items(item, writer));
    }
    fn map(&mut self, member: &'static Member, _: usize, value: &dyn WriteEntries) {
        let Some(entry) = member.shape.members.get(1) else { return };
        self.nested(member, Open::Object(Map::new()), |writer| {
            value.write_entries(&mut |key, value| {
                // The value writes itself as an item, and is then given its key.
                writer.open.push(Open::Array(Vec::new()));
                value.write(entry, writer);
                let written = writer.open.pop();
                if let (Some(Open::Array(mut items)), Some(Open::Object(entries))) =
                    (written, writer.open.last_mut())
                {
                    entries.insert(key.into(), items.pop().unwrap_or_default());
                }
            });
        });
    }
    fn null(&mut self, member: &'static Member) {
        self.put(member, Value::Null);
    }
}
