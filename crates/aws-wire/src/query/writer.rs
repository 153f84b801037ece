//! Values into a form's parameter tree (the client side).

use super::names::Dialect;
use crate::text;
use aws_schema::{
    Document, Member, Timestamp, TimestampFormat, WriteEntries, WriteItems, WriteMembers, Writer,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Writes one form.
pub(crate) struct FormWriter {
    dialect: Dialect,
    out: String,
    /// Path of the node that is written.
    path: String,
    /// Inside a list: the number of the last item.
    item: Option<usize>,
    /// The path already names the value (a map's key or value).
    named: bool,
}

impl FormWriter {
    /// A form that begins, as all do, with action and version.
    pub(crate) fn new(dialect: Dialect, action: &str, version: &str) -> FormWriter {
        let mut writer =
            FormWriter { dialect, out: String::new(), path: String::new(), item: None, named: false };
        writer.pair("Action", action);
        writer.pair("Version", version);
        writer
    }

    /// The finished form.
    pub(crate) fn root(mut self, value: &dyn WriteMembers) -> Vec<u8> {
        value.write_members(&mut self);
        self.out.into_bytes()
    }

    /// One parameter.
    fn pair(&mut self, name: &str, value: &str) {
        if !self.out.is_empty() {
            self.out.push('&');
        }
        self.out.extend(utf8_percent_encode(name, ESCAPED));
        self.out.push('=');
        self.out.extend(utf8_percent_encode(value, ESCAPED));
    }

    /// The value of a leaf.
    fn put(&mut self, member: &'static Member, value: &str) {
        self.inside(member, |writer| {
            let path = std::mem::take(&mut writer.path);
            writer.pair(&path, value);
            writer.path = path;
        });
    }

    /// One step down the path.
    fn push(&mut self, segment: &str) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(segment);
    }

    /// Steps to the node of `member`: its name, or its number in a list.
    fn inside(&mut self, member: &'static Member, walk: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if let Some(number) = &mut self.item {
            *number += 1;
            let number = number.to_string();
            self.push(&number);
        } else if !self.named {
            let name = self.dialect.name(member);
            self.push(&name);
        }
        let before = (self.item.take(), std::mem::take(&mut self.named));
        walk(self);
        (self.item, self.named) = before;
        self.path.truncate(length);
    }
}

impl Writer for FormWriter {
    fn boolean(&mut self, member: &'static Member, value: bool) {
        self.put(member, if value { "true" } else { "false" });
    }

    fn integer(&mut self, member: &'static Member, value: i64) {
        self.put(member, &value.to_string());
    }

    fn float(&mut self, member: &'static Member, value: f32) {
        self.put(member, &text::float_text(f64::from(value), true));
    }

    fn double(&mut self, member: &'static Member, value: f64) {
        self.put(member, &text::float_text(value, false));
    }

    fn string(&mut self, member: &'static Member, value: &str) {
        self.put(member, value);
    }

    fn blob(&mut self, member: &'static Member, value: &[u8]) {
        let mut encoded = String::new();
        text::push_base64(&mut encoded, value);
        self.put(member, &encoded);
    }

    fn timestamp(&mut self, member: &'static Member, value: Timestamp) {
        let mut written = String::new();
        text::write_timestamp(&mut written, value, member.format().unwrap_or(TimestampFormat::Iso8601), 0);
        self.put(member, &written);
    }

    /// The query protocols have no untyped values; no model of theirs has one.
    fn document(&mut self, _: &'static Member, _: &Document) {}

    fn structure(&mut self, member: &'static Member, value: &dyn WriteMembers) {
        self.inside(member, |writer| value.write_members(writer));
    }

    fn list(&mut self, member: &'static Member, len: usize, value: &dyn WriteItems) {
        let Some(item) = member.shape.members.first() else { return };
        if len == 0 {
            // awsQuery can say "empty list"; ec2Query cannot.
            if self.dialect == Dialect::Query {
                self.put(member, "");
            }
            return;
        }
        self.inside(member, |writer| {
            if !writer.dialect.is_flat(member) {
                writer.push(item.location_name.unwrap_or("member"));
            }
            writer.item = Some(0);
            value.write_items(item, writer);
        });
    }

    fn map(&mut self, member: &'static Member, _: usize, value: &dyn WriteEntries) {
        let [key, entry] = member.shape.members else { return };
        self.inside(member, |writer| {
            if !writer.dialect.is_flat(member) {
                writer.push("entry");
            }
            let (length, mut number) = (writer.path.len(), 0usize);
            value.write_entries(&mut |name, value| {
                number += 1;
                writer.push(&number.to_string());
                let inner = writer.path.len();
                writer.push(key.location_name.unwrap_or("key"));
                writer.named = true;
                writer.put(key, name);
                writer.path.truncate(inner);
                writer.push(entry.location_name.unwrap_or("value"));
                value.write(entry, writer);
                writer.path.truncate(length);
            });
            writer.named = false;
        });
    }

    /// An absent item keeps its number and is not sent.
    fn null(&mut self, _: &'static Member) {
        if let Some(number) = &mut self.item {
            *number += 1;
        }
    }
}
