//! A value whose shape is known only at run time, as the vectors need it.

use aws_schema::{
    Document, Kind, Member, ReadError, ReadMembers, ReadValue as _, Reader, Shape, Timestamp, WriteEntries,
    WriteItems, WriteMembers, WriteValue, Writer,
};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// One value of any shape.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Boolean(bool),
    Integer(i64),
    Float(f32),
    Double(f64),
    String(String),
    Blob(Vec<u8>),
    Timestamp(Timestamp),
    Document(Document),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
    Structure(Record),
}

/// A structure: its shape and, in step with the shape's members, what is set.
#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) shape: &'static Shape,
    pub(crate) members: Vec<Option<Value>>,
}

/// Only what is set.
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set = self
            .shape
            .members
            .iter()
            .zip(&self.members)
            .filter_map(|(member, value)| Some((member.name, value.as_ref()?)));
        f.debug_map().entries(set).finish()
    }
}

impl Record {
    pub(crate) fn new(shape: &'static Shape) -> Record {
        Record { shape, members: shape.members.iter().map(|_| None).collect() }
    }

    /// From the vectors' way of writing values; null is absent.
    pub(crate) fn from_json(shape: &'static Shape, json: &Json) -> Record {
        let mut record = Record::new(shape);
        for (member, slot) in shape.members.iter().zip(&mut record.members) {
            if let Some(json) = json.get(member.name).filter(|json| !json.is_null()) {
                *slot = Some(Value::from_json(member.shape, json));
            }
        }
        record
    }
}

impl Value {
    fn from_json(shape: &'static Shape, json: &Json) -> Value {
        let special = |json: &Json| match json.as_str() {
            Some("NaN") => f64::NAN,
            Some("Infinity") => f64::INFINITY,
            Some("-Infinity") => f64::NEG_INFINITY,
            _ => json.as_f64().unwrap(),
        };
        match shape.kind {
            Kind::Boolean => Value::Boolean(json.as_bool().unwrap()),
            Kind::Integer | Kind::Long => Value::Integer(json.as_i64().unwrap()),
            #[allow(clippy::cast_possible_truncation)]
            Kind::Float => Value::Float(special(json) as f32),
            Kind::Double => Value::Double(special(json)),
            Kind::String => Value::String(json.as_str().unwrap().to_owned()),
            Kind::Blob => Value::Blob(json.as_str().unwrap().as_bytes().to_vec()),
            Kind::Timestamp => Value::Timestamp(instant(json.as_f64().unwrap())),
            Kind::Document => Value::Document(document(json)),
            Kind::List => {
                let items = json.as_array().unwrap().iter().filter(|item| !item.is_null());
                Value::List(items.map(|item| Value::from_json(shape.members[0].shape, item)).collect())
            }
            Kind::Map => {
                let entries = json.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
                Value::Map(
                    entries
                        .map(|(key, value)| (key.clone(), Value::from_json(shape.members[1].shape, value)))
                        .collect(),
                )
            }
            Kind::Structure => Value::Structure(Record::from_json(shape, json)),
        }
    }

    fn read(member: &'static Member, reader: &mut dyn Reader) -> Result<Value, ReadError> {
        Ok(match member.shape.kind {
            Kind::Boolean => Value::Boolean(reader.boolean(member)?),
            Kind::Integer => Value::Integer(i32::read(member, reader)?.into()),
            Kind::Long => Value::Integer(reader.integer(member)?),
            #[allow(clippy::cast_possible_truncation)]
            Kind::Float => Value::Float(reader.double(member)? as f32),
            Kind::Double => Value::Double(reader.double(member)?),
            Kind::String => Value::String(reader.string(member)?),
            Kind::Blob => Value::Blob(reader.blob(member)?),
            Kind::Timestamp => Value::Timestamp(reader.timestamp(member)?),
            Kind::Document => Value::Document(reader.document(member)?),
            Kind::List => {
                let mut items = Vec::new();
                reader.list(member, &mut |reader| {
                    items.push(Value::read(&member.shape.members[0], reader)?);
                    Ok(())
                })?;
                Value::List(items)
            }
            Kind::Map => {
                let mut entries = BTreeMap::new();
                reader.map(member, &mut |key, reader| {
                    entries.insert(key, Value::read(&member.shape.members[1], reader)?);
                    Ok(())
                })?;
                Value::Map(entries)
            }
            Kind::Structure => {
                let mut record = Record::new(member.shape);
                reader.structure(member, &mut record)?;
                Value::Structure(record)
            }
        })
    }
}

fn instant(seconds: f64) -> Timestamp {
    #[allow(clippy::cast_possible_truncation)]
    let micros = (seconds * 1e6).round() as i64;
    Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: u32::try_from(micros.rem_euclid(1_000_000)).unwrap() * 1000,
    }
}

fn document(json: &Json) -> Document {
    match json {
        Json::Null => Document::Null,
        Json::Bool(value) => Document::Boolean(*value),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Document::Integer(integer),
            None => Document::Double(number.as_f64().unwrap()),
        },
        Json::String(text) => Document::String(text.clone()),
        Json::Array(items) => Document::List(items.iter().map(document).collect()),
        Json::Object(entries) => {
            Document::Map(entries.iter().map(|(key, value)| (key.clone(), document(value))).collect())
        }
    }
}

/// Equal as values: NaN equals itself.
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Boolean(a), Value::Boolean(b)) => a == b,
            (Value::Integer(a), Value::Integer(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            // The test's own reader of numbers is not exact in the last digit.
            (Value::Double(a), Value::Double(b)) => {
                a == b || (a - b).abs() <= a.abs() * 1e-15 || (a.is_nan() && b.is_nan())
            }
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Blob(a), Value::Blob(b)) => a == b,
            (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
            (Value::Document(a), Value::Document(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            (Value::Structure(a), Value::Structure(b)) => a == b,
            _ => false,
        }
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Record) -> bool {
        self.shape.name == other.shape.name && self.members == other.members
    }
}

impl WriteValue for Value {
    fn write(&self, member: &'static Member, writer: &mut dyn Writer) {
        match self {
            Value::Boolean(value) => writer.boolean(member, *value),
            Value::Integer(value) => writer.integer(member, *value),
            Value::Float(value) => writer.float(member, *value),
            Value::Double(value) => writer.double(member, *value),
            Value::String(value) => writer.string(member, value),
            Value::Blob(value) => writer.blob(member, value),
            Value::Timestamp(value) => writer.timestamp(member, *value),
            Value::Document(value) => writer.document(member, value),
            Value::List(items) => writer.list(member, items.len(), &Items(items)),
            Value::Map(entries) => writer.map(member, entries.len(), &Entries(entries)),
            Value::Structure(record) => writer.structure(member, record),
        }
    }
}

struct Items<'a>(&'a [Value]);

impl WriteItems for Items<'_> {
    fn write_items(&self, item: &'static Member, writer: &mut dyn Writer) {
        for value in self.0 {
            value.write(item, writer);
        }
    }
}

struct Entries<'a>(&'a BTreeMap<String, Value>);

impl WriteEntries for Entries<'_> {
    fn write_entries(&self, each: &mut dyn FnMut(&str, &dyn WriteValue)) {
        for (key, value) in self.0 {
            each(key, value);
        }
    }
}

impl WriteMembers for Record {
    fn shape(&self) -> &'static Shape {
        self.shape
    }
    fn write_members(&self, writer: &mut dyn Writer) {
        for (member, value) in self.shape.members.iter().zip(&self.members) {
            if let Some(value) = value {
                value.write(member, writer);
            }
        }
    }
}

impl ReadMembers for Record {
    fn shape(&self) -> &'static Shape {
        self.shape
    }
    fn read_member(&mut self, index: usize, reader: &mut dyn Reader) -> Result<(), ReadError> {
        self.members[index] = Some(Value::read(&self.shape.members[index], reader)?);
        Ok(())
    }
}
