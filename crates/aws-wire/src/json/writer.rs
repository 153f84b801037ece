//! Values into JSON text.

use crate::message::Bound;
use crate::text;
use aws_schema::{
    Document, Member, Timestamp, TimestampFormat, WriteEntries, WriteItems, WriteMembers, Writer,
};

/// Writes one JSON text.
pub(crate) struct JsonWriter {
    out: String,
    /// Members are written with their names (inside a structure), not bare (list item, map value, payload).
    named: bool,
    /// Nothing was written yet at this level.
    first: bool,
    /// Members that REST puts elsewhere in the message are left out at this level.
    bound: Bound,
}

impl JsonWriter {
    /// Nothing written yet; most messages fit the first allocation.
    pub(crate) fn new() -> JsonWriter {
        JsonWriter { out: String::with_capacity(256), named: false, first: true, bound: Bound::Nothing }
    }

    /// The finished text.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    /// The body of a REST message: only the members that travel in it.
    pub(crate) fn unbound(&mut self, value: &dyn WriteMembers, bound: Bound) {
        self.object(&mut |writer| writer.bound_members(value, bound));
    }

    /// The members of `value` inside an open object, but those that `bound` puts elsewhere.
    pub(crate) fn bound_members(&mut self, value: &dyn WriteMembers, bound: Bound) {
        self.bound = bound;
        value.write_members(self);
        self.bound = Bound::Nothing;
    }

    /// `value` as an object.
    pub(crate) fn root(&mut self, value: &dyn WriteMembers) {
        self.object(&mut |writer| value.write_members(writer));
    }

    /// An object whose members `write` gives.
    pub(crate) fn object(&mut self, write: &mut dyn FnMut(&mut Self)) {
        self.nested('{', '}', true, write);
    }

    /// A text member that is not in the model.
    pub(crate) fn text_member(&mut self, name: &str, value: &str) {
        self.comma();
        quoted(&mut self.out, name);
        self.out.push(':');
        quoted(&mut self.out, value);
    }

    /// Something in brackets, with the state of the level around it kept.
    fn nested(&mut self, open: char, close: char, named: bool, write: &mut dyn FnMut(&mut Self)) {
        let before = (self.named, self.first, self.bound);
        (self.named, self.first, self.bound) = (named, true, Bound::Nothing);
        self.out.push(open);
        write(self);
        self.out.push(close);
        (self.named, self.first, self.bound) = before;
    }

    /// A comma between values, none before the first.
    fn comma(&mut self) {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(',');
        }
    }

    /// Comma and name, as the place demands; false for members that do not travel in the body.
    fn begin(&mut self, member: &'static Member) -> bool {
        if self.bound.is_elsewhere(member.location) {
            return false;
        }
        self.comma();
        if self.named {
            // Wire names of the models need no escaping, but a hand-made shape might.
            quoted(&mut self.out, member.wire_name());
            self.out.push(':');
        }
        true
    }

    /// A float. JSON has no word for the special values; AWS puts them in quotes.
    fn number(&mut self, value: f64, single: bool) {
        let text = text::float_text(value, single);
        if value.is_finite() { self.out.push_str(&text) } else { quoted(&mut self.out, &text) }
    }

    /// An untyped value.
    fn any(&mut self, value: &Document) {
        match value {
            Document::Null => self.out.push_str("null"),
            Document::Boolean(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Document::Integer(value) => text::push_integer(&mut self.out, *value),
            Document::Double(value) => self.number(*value, false),
            Document::String(value) => quoted(&mut self.out, value),
            Document::List(items) => self.nested('[', ']', false, &mut |writer| {
                for item in items {
                    writer.comma();
                    writer.any(item);
                }
            }),
            Document::Map(entries) => self.nested('{', '}', false, &mut |writer| {
                for (key, value) in entries {
                    writer.comma();
                    quoted(&mut writer.out, key);
                    writer.out.push(':');
                    writer.any(value);
                }
            }),
        }
    }
}

impl Writer for JsonWriter {
    fn boolean(&mut self, member: &'static Member, value: bool) {
        if self.begin(member) {
            self.out.push_str(if value { "true" } else { "false" });
        }
    }

    fn integer(&mut self, member: &'static Member, value: i64) {
        if self.begin(member) {
            text::push_integer(&mut self.out, value);
        }
    }

    fn float(&mut self, member: &'static Member, value: f32) {
        if self.begin(member) {
            self.number(f64::from(value), true);
        }
    }

    fn double(&mut self, member: &'static Member, value: f64) {
        if self.begin(member) {
            self.number(value, false);
        }
    }

    fn string(&mut self, member: &'static Member, value: &str) {
        if self.begin(member) {
            quoted(&mut self.out, value);
        }
    }

    fn blob(&mut self, member: &'static Member, value: &[u8]) {
        if self.begin(member) {
            self.out.push('"');
            text::push_base64(&mut self.out, value);
            self.out.push('"');
        }
    }

    fn timestamp(&mut self, member: &'static Member, value: Timestamp) {
        if self.begin(member) {
            match member.format().unwrap_or(TimestampFormat::Epoch) {
                TimestampFormat::Epoch => {
                    text::write_timestamp(&mut self.out, value, TimestampFormat::Epoch, 0);
                }
                format => {
                    self.out.push('"');
                    text::write_timestamp(&mut self.out, value, format, 0);
                    self.out.push('"');
                }
            }
        }
    }

    fn document(&mut self, member: &'static Member, value: &Document) {
        if self.begin(member) {
            self.any(value);
        }
    }

    fn structure(&mut self, member: &'static Member, value: &dyn WriteMembers) {
        if self.begin(member) {
            self.root(value);
        }
    }

    fn list(&mut self, member: &'static Member, _: usize, value: &dyn WriteItems) {
        if let (Some(item), true) = (member.shape.members.first(), self.begin(member)) {
            self.nested('[', ']', false, &mut |writer| value.write_items(item, writer));
        }
    }

    fn map(&mut self, member: &'static Member, _: usize, value: &dyn WriteEntries) {
        if let (Some(entry), true) = (member.shape.members.get(1), self.begin(member)) {
            self.nested('{', '}', false, &mut |writer| {
                value.write_entries(&mut |key, value| {
                    writer.comma();
                    quoted(&mut writer.out, key);
                    writer.out.push(':');
                    // The comma was written with the key.
                    writer.first = true;
                    value.write(entry, writer);
                });
            });
        }
    }

    fn null(&mut self, member: &'static Member) {
        if self.begin(member) {
            self.out.push_str("null");
        }
    }
}

/// Appends `text` in quotes, escaped as RFC 8259 demands.
fn quoted(out: &mut String, text: &str) {
    out.push('"');
    if !text.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
        out.push_str(text);
        return out.push('"');
    }
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        if escape.is_empty() {
            use std::fmt::Write as _;
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
        from = at + 1;
    }
    out.push_str(&text[from..]);
    out.push('"');
}
