//! The members of a structure that travel outside the body, as text.

use crate::text;
use aws_schema::{
    Document, Kind, Location, Member, Timestamp, TimestampFormat, WriteEntries, WriteItems, WriteMembers,
    Writer,
};
use std::borrow::Cow;

/// Headers, query parameters, labels and status of one message.
#[derive(Debug, Default)]
pub(crate) struct Bindings {
    pub(crate) headers: Vec<(Cow<'static, str>, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) labels: Vec<(&'static str, String)>,
    pub(crate) status: Option<u16>,
    /// Names of the query parameters that have their own members.
    named: Vec<&'static str>,
    /// Set while the items of a bound list or the entries of a bound map are written.
    at: Option<At>,
}

/// Where nested values go.
#[derive(Debug, Clone)]
enum At {
    /// Items of a header's list, joined by commas.
    HeaderItems(String),
    /// Values of this query key.
    Query(String),
    /// The value of this whole header.
    Header(String),
}

impl Bindings {
    /// All bound members of `value`.
    pub(crate) fn of(value: &dyn WriteMembers) -> Bindings {
        let is_named =
            |member: &&Member| member.location == Location::Query && member.shape.kind != Kind::Map;
        let named = value.shape().members.iter().filter(is_named).map(Member::wire_name).collect();
        let mut bindings = Bindings { named, ..Bindings::default() };
        value.write_members(&mut bindings);
        bindings
    }

    /// Whether what is written now goes outside the body.
    fn is_bound(&self, member: &Member) -> bool {
        self.at.is_some() || member.location != Location::Body
    }

    /// One text for the place being written.
    fn put(&mut self, member: &'static Member, value: String) {
        match &mut self.at {
            Some(At::HeaderItems(line)) => {
                if !line.is_empty() {
                    line.push_str(", ");
                }
                let quote = member.shape.kind == Kind::String && value.contains([',', '"']);
                if quote {
                    line.push('"');
                    line.push_str(&value.replace('\\', "\\\\").replace('"', "\\\""));
                    line.push('"');
                } else {
                    line.push_str(&value);
                }
            }
            Some(At::Query(key)) => self.query.push((key.clone(), value)),
            Some(At::Header(name)) => {
                let name = name.clone();
                self.header(name.into(), value);
            }
            None => match member.location {
                Location::Header => self.header(member.wire_name().into(), value),
                Location::Query => self.query.push((member.wire_name().to_owned(), value)),
                Location::Uri => self.labels.push((member.wire_name(), value)),
                Location::StatusCode => self.status = value.parse().ok(),
                Location::Headers | Location::Body => {}
            },
        }
    }

    /// Control characters would let a stored value begin a new header.
    fn header(&mut self, name: Cow<'static, str>, value: String) {
        let value =
            if value.contains(char::is_control) { value.replace(char::is_control, " ") } else { value };
        self.headers.push((name, value));
    }

    /// Whether the values written now go into a header.
    fn in_header(&self, member: &Member) -> bool {
        match &self.at {
            Some(At::Query(_)) => false,
            Some(_) => true,
            None => member.location == Location::Header,
        }
    }

    /// Writes nested values to `at` and gives back what became of it.
    fn within(&mut self, at: At, write: impl FnOnce(&mut Self)) -> Option<At> {
        let before = self.at.replace(at);
        write(self);
        std::mem::replace(&mut self.at, before)
    }
}

impl Writer for Bindings {
    fn boolean(&mut self, member: &'static Member, value: bool) {
        if self.is_bound(member) {
            self.put(member, value.to_string());
        }
    }

    fn integer(&mut self, member: &'static Member, value: i64) {
        if self.is_bound(member) {
            self.put(member, value.to_string());
        }
    }

    fn float(&mut self, member: &'static Member, value: f32) {
        if self.is_bound(member) {
            self.put(member, text::float_text(f64::from(value), true).into_owned());
        }
    }

    fn double(&mut self, member: &'static Member, value: f64) {
        if self.is_bound(member) {
            self.put(member, text::float_text(value, false).into_owned());
        }
    }

    fn string(&mut self, member: &'static Member, value: &str) {
        if !self.is_bound(member) {
            return;
        }
        if member.json_value && self.in_header(member) {
            let mut encoded = String::new();
            text::push_base64(&mut encoded, value.as_bytes());
            self.put(member, encoded);
        } else {
            self.put(member, value.to_owned());
        }
    }

    fn blob(&mut self, member: &'static Member, value: &[u8]) {
        if self.is_bound(member) {
            let mut encoded = String::new();
            text::push_base64(&mut encoded, value);
            self.put(member, encoded);
        }
    }

    fn timestamp(&mut self, member: &'static Member, value: Timestamp) {
        if self.is_bound(member) {
            let usual =
                if self.in_header(member) { TimestampFormat::HttpDate } else { TimestampFormat::Iso8601 };
            let mut written = String::new();
            text::write_timestamp(&mut written, value, member.format().unwrap_or(usual), 0);
            self.put(member, written);
        }
    }

    // Untyped values and structures travel in the body only.
    fn document(&mut self, _: &'static Member, _: &Document) {}
    fn structure(&mut self, _: &'static Member, _: &dyn WriteMembers) {}

    fn list(&mut self, member: &'static Member, _: usize, value: &dyn WriteItems) {
        let Some(item) = member.shape.members.first().filter(|_| self.is_bound(member)) else { return };
        let at = match (&self.at, member.location) {
            (Some(at), _) => at.clone(),
            (None, Location::Header) => At::HeaderItems(String::new()),
            (None, Location::Query) => At::Query(member.wire_name().to_owned()),
            _ => return,
        };
        if let Some(At::HeaderItems(line)) = self.within(at, |writer| value.write_items(item, writer)) {
            self.header(member.wire_name().into(), line);
        }
    }

    fn map(&mut self, member: &'static Member, _: usize, value: &dyn WriteEntries) {
        let Some(entry) = member.shape.members.get(1).filter(|_| self.is_bound(member)) else { return };
        match member.location {
            Location::Headers => value.write_entries(&mut |key, value| {
                let name = format!("{}{key}", member.location_name.unwrap_or_default());
                self.within(At::Header(name), |writer| value.write(entry, writer));
            }),
            Location::Query => value.write_entries(&mut |key, value| {
                // A member of its own goes before an entry of the map.
                if self.named.contains(&key) {
                    return;
                }
                self.within(At::Query(key.to_owned()), |writer| value.write(entry, writer));
            }),
            _ => {}
        }
    }

    fn null(&mut self, _: &'static Member) {}
}
