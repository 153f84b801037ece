//! `Debug` for every generated structure by one writer, with sensitive members hidden.

use crate::shape::Member;
use crate::timestamp::Timestamp;
use crate::value::{Document, WriteEntries, WriteItems, WriteMembers, Writer};
use std::fmt::{Formatter, Write as _};

/// Writes `value` as `Name { member: value, … }`; sensitive shapes show as `***`.
pub fn debug_structure(value: &dyn WriteMembers, f: &mut Formatter<'_>) -> std::fmt::Result {
    let mut out = Text(String::new());
    out.braces(value);
    f.write_str(&out.0)
}

struct Text(String);

impl Text {
    fn braces(&mut self, value: &dyn WriteMembers) {
        self.0.push_str(value.shape().name);
        self.0.push_str(" { ");
        value.write_members(self);
        self.0.push('}');
    }

    fn put(&mut self, member: &'static Member, value: &dyn std::fmt::Debug) {
        self.name(member);
        // Writing to a String cannot fail.
        let _ = if member.shape.sensitive { self.0.write_str("***") } else { write!(self.0, "{value:?}") };
        self.0.push_str(", ");
    }

    fn name(&mut self, member: &'static Member) {
        self.0.push_str(member.name);
        self.0.push_str(": ");
    }
}

impl Writer for Text {
    fn boolean(&mut self, member: &'static Member, value: bool) {
        self.put(member, &value);
    }
    fn integer(&mut self, member: &'static Member, value: i64) {
        self.put(member, &value);
    }
    fn float(&mut self, member: &'static Member, value: f32) {
        self.put(member, &value);
    }
    fn double(&mut self, member: &'static Member, value: f64) {
        self.put(member, &value);
    }
    fn string(&mut self, member: &'static Member, value: &str) {
        self.put(member, &value);
    }
    fn blob(&mut self, member: &'static Member, value: &[u8]) {
        self.put(member, &format_args!("{} bytes", value.len()));
    }
    fn timestamp(&mut self, member: &'static Member, value: Timestamp) {
        self.put(member, &format_args!("{}.{:09}", value.seconds, value.nanos));
    }
    fn document(&mut self, member: &'static Member, value: &Document) {
        self.put(member, value);
    }
    fn structure(&mut self, member: &'static Member, value: &dyn WriteMembers) {
        if member.shape.sensitive {
            return self.put(member, &"");
        }
        self.name(member);
        self.braces(value);
        self.0.push_str(", ");
    }
    fn list(&mut self, member: &'static Member, _: usize, value: &dyn WriteItems) {
        if member.shape.sensitive {
            return self.put(member, &"");
        }
        let Some(item) = member.shape.members.first() else { return };
        self.name(member);
        self.0.push('[');
        value.write_items(item, self);
        self.0.push_str("], ");
    }
    fn map(&mut self, member: &'static Member, _: usize, value: &dyn WriteEntries) {
        if member.shape.sensitive {
            return self.put(member, &"");
        }
        let Some(entry) = member.shape.members.get(1) else { return };
        self.name(member);
        self.0.push('{');
        value.write_entries(&mut |key, value| {
            let _ = write!(self.0, "{key:?} => ");
            value.write(entry, self);
        });
        self.0.push_str("}, ");
    }
    fn null(&mut self, member: &'static Member) {
        self.put(member, &"null");
    }
}
