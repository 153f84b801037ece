//! The traits between generated structs and protocols.

use crate::shape::{Kind, Member, Shape};
use crate::shared::Kept;
use crate::timestamp::Timestamp;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Bytes of a blob member.
pub type Blob = Vec<u8>;

/// An untyped value (`document` shapes), in JSON's model.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Document {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number without fraction.
    Integer(i64),
    /// Any other number.
    Double(f64),
    /// Text.
    String(String),
    /// Array.
    List(Vec<Document>),
    /// Object.
    Map(BTreeMap<String, Document>),
}

/// Why a request could not be turned into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Path of members from the input's root, outermost first; filled while unwinding.
    pub path: Vec<Cow<'static, str>>,
    /// What was wrong, one sentence without the path.
    pub message: String,
}

impl ReadError {
    /// An error at the place being read.
    pub fn new(message: impl Into<String>) -> ReadError {
        ReadError { path: Vec::new(), message: message.into() }
    }

    /// The same error seen from one level further out.
    #[must_use]
    pub fn within(mut self, name: impl Into<Cow<'static, str>>) -> ReadError {
        self.path.insert(0, name.into());
        self
    }
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path.join("."), self.message)
        }
    }
}

impl std::error::Error for ReadError {}

/// Takes values in a protocol's form. Each call names the member the value belongs to.
pub trait Writer {
    /// A boolean.
    fn boolean(&mut self, member: &'static Member, value: bool);
    /// An integer of either width.
    fn integer(&mut self, member: &'static Member, value: i64);
    /// A 32-bit float.
    fn float(&mut self, member: &'static Member, value: f32);
    /// A 64-bit float.
    fn double(&mut self, member: &'static Member, value: f64);
    /// Text or an enumeration value.
    fn string(&mut self, member: &'static Member, value: &str);
    /// Bytes.
    fn blob(&mut self, member: &'static Member, value: &[u8]);
    /// A point in time.
    fn timestamp(&mut self, member: &'static Member, value: Timestamp);
    /// An untyped value.
    fn document(&mut self, member: &'static Member, value: &Document);
    /// A structure: the writer opens it, calls `value.write_members`, closes it.
    fn structure(&mut self, member: &'static Member, value: &dyn WriteMembers);
    /// A structure that keeps its text. A protocol that is written often enough copies it from there.
    fn kept_structure(&mut self, member: &'static Member, value: &dyn WriteMembers, _kept: &Kept) {
        self.structure(member, value);
    }
    /// A list of `len` items.
    fn list(&mut self, member: &'static Member, len: usize, value: &dyn WriteItems);
    /// A map of `len` entries.
    fn map(&mut self, member: &'static Member, len: usize, value: &dyn WriteEntries);
    /// An explicit null (an absent item of a sparse list).
    fn null(&mut self, member: &'static Member);
}

/// Gives values out of a protocol's form, at the place it currently stands.
pub trait Reader {
    /// A boolean.
    fn boolean(&mut self, member: &'static Member) -> Result<bool, ReadError>;
    /// An integer of either width.
    fn integer(&mut self, member: &'static Member) -> Result<i64, ReadError>;
    /// A float of either width.
    fn double(&mut self, member: &'static Member) -> Result<f64, ReadError>;
    /// Text.
    fn string(&mut self, member: &'static Member) -> Result<String, ReadError>;
    /// Bytes.
    fn blob(&mut self, member: &'static Member) -> Result<Vec<u8>, ReadError>;
    /// A point in time.
    fn timestamp(&mut self, member: &'static Member) -> Result<Timestamp, ReadError>;
    /// An untyped value.
    fn document(&mut self, member: &'static Member) -> Result<Document, ReadError>;
    /// A structure: the reader calls `target.read_member(index, …)` for each member it finds, and skips unknown ones.
    fn structure(&mut self, member: &'static Member, target: &mut dyn ReadMembers) -> Result<(), ReadError>;
    /// A list: the reader calls `each` once per item, standing on the item.
    fn list(
        &mut self,
        member: &'static Member,
        each: &mut dyn FnMut(&mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError>;
    /// A map: the reader calls `each` once per entry, standing on the value.
    fn map(
        &mut self,
        member: &'static Member,
        each: &mut dyn FnMut(String, &mut dyn Reader) -> Result<(), ReadError>,
    ) -> Result<(), ReadError>;
}

/// A structure that can be written.
pub trait WriteMembers {
    /// Its description.
    fn shape(&self) -> &'static Shape;
    /// Writes every member that is present, in model order.
    fn write_members(&self, writer: &mut dyn Writer);
}

/// A structure that can be filled.
pub trait ReadMembers {
    /// Its description.
    fn shape(&self) -> &'static Shape;
    /// Reads the member at `index` of the shape's members.
    fn read_member(&mut self, index: usize, reader: &mut dyn Reader) -> Result<(), ReadError>;
}

/// A generated structure: the two directions and an empty value.
pub trait Structure: WriteMembers + ReadMembers + Default + Send + Sync + 'static {
    /// Its description.
    const SHAPE: &'static Shape;
}

/// The items of a list.
pub trait WriteItems {
    /// Writes each item as `item`, the list shape's only member.
    fn write_items(&self, item: &'static Member, writer: &mut dyn Writer);
}

/// The entries of a map.
pub trait WriteEntries {
    /// Calls `each` with every key and value, in key order.
    fn write_entries(&self, each: &mut dyn FnMut(&str, &dyn WriteValue));
}

/// Any value that can be written.
pub trait WriteValue {
    /// Writes itself as `member`.
    fn write(&self, member: &'static Member, writer: &mut dyn Writer);
}

/// Any value that can be read.
pub trait ReadValue: Sized {
    /// Reads itself from where the reader stands.
    fn read(member: &'static Member, reader: &mut dyn Reader) -> Result<Self, ReadError>;
}

macro_rules! scalar {
    ($type:ty, $call:ident) => {
        impl WriteValue for $type {
            fn write(&self, member: &'static Member, writer: &mut dyn Writer) {
                writer.$call(member, *self);
            }
        }
        impl ReadValue for $type {
            fn read(member: &'static Member, reader: &mut dyn Reader) -> Result<Self, ReadError> {
                reader.$call(member)
            }
        }
    };
}
scalar!(bool, boolean);
scalar!(i64, integer);
scalar!(f64, double);
scalar!(Timestamp, timestamp);

impl WriteValue for i32 {
    fn write(&self, member: &'static Member, writer: &mut dyn Writer) {
        writer.integer(member, i64::from(*self));
    }
}

impl ReadValue for i32 {
    fn read(member: &'static Member, reader: &mut dyn Reader) -> Result<Self, ReadError> {
        let wide = reader.integer(member)?;
        i32::try_from(wide).map_err(|_| ReadError::new(format!("{wide} is out of range of a 32-bit integer")))
    }
}

impl WriteValue for f32 {
    fn write(&self, member: &'static Member, writer: &mut dyn Writer) {
        writer.float(member, *self);
    }
}

impl ReadValue for f32 {
    #[allow(clippy::cast_possible_truncation)] // a float member holds what fits a float
    fn read(member: &'static Member, reader: &mut dyn Reader) -> Result<Self, ReadError> {
        reader.double(member).map(|wide| wide as f32)
    }
}

impl WriteValue for String {
    fn write(&self, member: &'static Member, writer: &mut dyn Writer) {
        writer.string(member, self);
    }
}

impl ReadValue for String {
    fn read(member: &'static Member, reader: &mut dyn Reader) -> Result<Self, ReadError> {
        reader.string(member)
    }
}

impl WriteValue for Blob {
    fn write(&self, member: &'static Member, writer: &mut dyn Writer) {
        writer.blob(member, self);
    }
}

impl ReadValue for Blob {
    fn read(member: &'static Member, reader: &mut dyn Reader) -> Result<Self, ReadError> {
        reader.blob(member)
    }
}

impl WriteValue for Document {
    fn write(&self, member: &'static Member, writer: &mut dyn Writer) {
        writer.document(member, self);
    }
}

impl ReadValue for Document {
    fn read(member: &'static Member, reader: &mut dyn Reader) -> Result<Self, ReadError> {
        reader.document(member)
    }
}

/// Marks the types a list or map may hold: everything but `u8`, so that `Vec<u8>` stays a blob.
pub trait Element: WriteValue + ReadValue {}
impl Element for bool {}
impl Element for i32 {}
impl Element for i64 {}
impl Element for f32 {}
impl Element for f64 {}
impl Element for Timestamp {}
impl Element for String {}
impl Element for Document {}
impl Element for Blob {}
impl<T: Element> Element for Vec<T> {}
impl<T: Element> Element for BTreeMap<String, T> {}
impl<T: Structure> Element for T {}

impl<T: Element> WriteItems for Vec<T> {
    fn write_items(&self, item: &'static Member, writer: &mut dyn Writer) {
        for value in self {
            value.write(item, writer);
        }
    }
}

impl<T: Element> WriteValue for Vec<T> {
    fn write(&self, member: &'static Member, writer: &mut dyn Writer) {
        writer.list(member, self.len(), self);
    }
}

impl<T: Element> ReadValue for Vec<T> {
    fn read(member: &'static Member, reader: &mut dyn Reader) -> Result<Self, ReadError> {
        let item = member.shape.members.first().ok_or_else(|| ReadError::new("not a list"))?;
        let mut items = Vec::new();
        reader.list(member, &mut |reader| {
            items.push(T::read(item, reader)?);
            Ok(())
        })?;
        Ok(items)
    }
}

impl<T: Element> WriteEntries for BTreeMap<String, T> {
    fn write_entries(&self, each: &mut dyn FnMut(&str, &dyn WriteValue)) {
        for (key, value) in self {
            each(key, value);
        }
    }
}

impl<T: Element> WriteValue for BTreeMap<String, T> {
    fn write(&self, member: &'static Member, writer: &mut dyn Writer) {
        writer.map(member, self.len(), self);
    }
}

impl<T: Element> ReadValue for BTreeMap<String, T> {
    fn read(member: &'static Member, reader: &mut dyn Reader) -> Result<Self, ReadError> {
        let value = member.shape.members.get(1).ok_or_else(|| ReadError::new("not a map"))?;
        let mut entries = BTreeMap::new();
        reader.map(member, &mut |key, reader| {
            entries.insert(key, T::read(value, reader)?);
            Ok(())
        })?;
        Ok(entries)
    }
}

impl<T: Structure> WriteValue for T {
    fn write(&self, member: &'static Member, writer: &mut dyn Writer) {
        writer.structure(member, self);
    }
}

impl<T: Structure> ReadValue for T {
    fn read(member: &'static Member, reader: &mut dyn Reader) -> Result<Self, ReadError> {
        let mut value = T::default();
        reader.structure(member, &mut value)?;
        Ok(value)
    }
}

/// The input or output of an operation that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unit;

static UNIT: Shape = Shape::new("Unit", Kind::Structure);

impl WriteMembers for Unit {
    fn shape(&self) -> &'static Shape {
        &UNIT
    }
    fn write_members(&self, _: &mut dyn Writer) {}
}

impl ReadMembers for Unit {
    fn shape(&self) -> &'static Shape {
        &UNIT
    }
    fn read_member(&mut self, _: usize, _: &mut dyn Reader) -> Result<(), ReadError> {
        Ok(())
    }
}

impl Structure for Unit {
    const SHAPE: &'static Shape = &UNIT;
}
