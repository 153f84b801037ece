//! Values into XML text.

use crate::message::Bound;
use crate::text;
use aws_schema::{
    Document, Kept, Member, Timestamp, TimestampFormat, WriteEntries, WriteItems, WriteMembers, Writer,
};
use std::borrow::Cow;

/// Writes one XML text.
pub(crate) struct XmlWriter {
    out: String,
    /// Name of the elements written at this level instead of their own (list items, map keys and values).
    name: Option<&'static str>,
    /// Members that REST puts elsewhere in the message are left out at this level.
    bound: Bound,
    /// Where attributes of the innermost structure go: just before the `>` of its opening tag.
    tag_end: usize,
    /// Least number of fractional digits of a timestamp (EC2 writes milliseconds always).
    fraction: usize,
}

impl XmlWriter {
    /// Nothing written yet. `fraction` is 3 for EC2 and 0 for all others.
    pub(crate) fn new(fraction: usize) -> XmlWriter {
        let out = String::with_capacity(512);
        XmlWriter { out, name: None, bound: Bound::Nothing, tag_end: 0, fraction }
    }

    /// The finished text.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    /// Text that is XML already, such as the declaration.
    pub(crate) fn raw(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// An element with a namespace, holding what `write` gives.
    pub(crate) fn root(
        &mut self,
        name: &str,
        namespace: Option<(&str, &str)>,
        write: &mut dyn FnMut(&mut Self),
    ) {
        self.open(name, namespace);
        let before = std::mem::replace(&mut self.tag_end, self.out.len() - 1);
        write(self);
        self.tag_end = before;
        self.close(name);
    }

    /// An element without model, holding text.
    pub(crate) fn text_element(&mut self, name: &str, value: &str) {
        self.open(name, None);
        escape(&mut self.out, value, false);
        self.close(name);
    }

    /// The members of a REST body: only those that travel in it.
    pub(crate) fn unbound(&mut self, value: &dyn WriteMembers, bound: Bound) {
        self.bound = bound;
        value.write_members(self);
        self.bound = Bound::Nothing;
    }

    /// An opening tag.
    fn open(&mut self, name: &str, namespace: Option<(&str, &str)>) {
        self.out.push('<');
        self.out.push_str(name);
        if let Some((prefix, uri)) = namespace {
            self.out.push_str(" xmlns");
            if !prefix.is_empty() {
                self.out.push(':');
                self.out.push_str(prefix);
            }
            self.out.push_str("=\"");
            escape(&mut self.out, uri, true);
            self.out.push('"');
        }
        self.out.push('>');
    }

    /// A closing tag.
    fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// Name of the element a value gets at this place.
    fn element_name(&self, member: &'static Member) -> &'static str {
        self.name.unwrap_or_else(|| member.wire_name())
    }

    /// Whether the member travels outside the body.
    fn is_elsewhere(&self, member: &Member) -> bool {
        self.bound.is_elsewhere(member.location)
    }

    /// One scalar, as an element or as an attribute of the structure around it. `write` appends the text; it is told whether
    /// it stands in an attribute.
    fn put(&mut self, member: &'static Member, write: impl FnOnce(&mut String, bool)) {
        if self.is_elsewhere(member) {
            return;
        }
        if member.xml_attribute && self.name.is_none() {
            let mut attribute = format!(" {}=\"", member.wire_name());
            write(&mut attribute, true);
            attribute.push('"');
            self.out.insert_str(self.tag_end, &attribute);
            self.tag_end += attribute.len();
            return;
        }
        let name = self.element_name(member);
        self.open(name, member.xml_namespace);
        write(&mut self.out, false);
        self.close(name);
    }

    /// Walks something nested and comes back to this level's state.
    fn nested(&mut self, name: Option<&'static str>, walk: impl FnOnce(&mut Self)) {
        let before = (self.name, self.bound, self.tag_end);
        (self.name, self.bound, self.tag_end) = (name, Bound::Nothing, self.out.len().saturating_sub(1));
        walk(self);
        (self.name, self.bound, self.tag_end) = before;
    }
}

/// Name of the repeated element of a flattened list: the name at this place, else the items', else the member's.
fn flat_name(member: &'static Member) -> &'static str {
    let item = member.shape.members.first().filter(|_| member.shape.members.len() == 1);
    member.location_name.or_else(|| item.and_then(|item| item.location_name)).unwrap_or(member.name)
}

impl Writer for XmlWriter {
    fn boolean(&mut self, member: &'static Member, value: bool) {
        self.put(member, |out, _| out.push_str(if value { "true" } else { "false" }));
    }

    fn integer(&mut self, member: &'static Member, value: i64) {
        self.put(member, |out, _| text::push_integer(out, value));
    }

    fn float(&mut self, member: &'static Member, value: f32) {
        self.put(member, |out, _| out.push_str(&text::float_text(f64::from(value), true)));
    }

    fn double(&mut self, member: &'static Member, value: f64) {
        self.put(member, |out, _| out.push_str(&text::float_text(value, false)));
    }

    fn string(&mut self, member: &'static Member, value: &str) {
        self.put(member, |out, attribute| escape(out, value, attribute));
    }

    fn blob(&mut self, member: &'static Member, value: &[u8]) {
        self.put(member, |out, _| text::push_base64(out, value));
    }

    fn timestamp(&mut self, member: &'static Member, value: Timestamp) {
        let (format, digits) = (member.format().unwrap_or(TimestampFormat::Iso8601), self.fraction);
        self.put(member, |out, _| text::write_timestamp(out, value, format, digits));
    }

    /// No XML protocol has untyped values; no model of theirs has one.
    fn document(&mut self, _: &'static Member, _: &Document) {}

    fn structure(&mut self, member: &'static Member, value: &dyn WriteMembers) {
        if self.is_elsewhere(member) {
            return;
        }
        let name = self.element_name(member);
        self.open(name, member.xml_namespace);
        self.nested(None, |writer| value.write_members(writer));
        self.close(name);
    }

    /// The text between the tags is the same wherever the structure stands: it depends on the value and the form alone.
    fn kept_structure(&mut self, member: &'static Member, value: &dyn WriteMembers, kept: &Kept) {
        if self.is_elsewhere(member) {
            return;
        }
        let form = if self.fraction == 0 { "xml" } else { "xml with milliseconds" };
        let name = self.element_name(member);
        self.open(name, member.xml_namespace);
        if let Some(text) = kept.text(form) {
            self.out.push_str(text);
        } else {
            let from = self.out.len();
            self.nested(None, |writer| value.write_members(writer));
            // Attributes would have gone into the opening tag and moved all that follows.
            if !value.shape().members.iter().any(|member| member.xml_attribute) {
                kept.keep(form, &self.out[from..]);
            }
        }
        self.close(name);
    }

    fn list(&mut self, member: &'static Member, _: usize, value: &dyn WriteItems) {
        let Some(item) = member.shape.members.first().filter(|_| !self.is_elsewhere(member)) else { return };
        if member.is_flattened() && self.name.is_none() {
            self.nested(Some(flat_name(member)), |writer| value.write_items(item, writer));
            return;
        }
        let name = self.element_name(member);
        self.open(name, member.xml_namespace);
        self.nested(Some(item.location_name.unwrap_or("member")), |writer| value.write_items(item, writer));
        self.close(name);
    }

    fn map(&mut self, member: &'static Member, _: usize, value: &dyn WriteEntries) {
        let [key, entry] = member.shape.members else { return };
        if self.is_elsewhere(member) {
            return;
        }
        let flat = member.is_flattened() && self.name.is_none();
        let name = self.element_name(member);
        if !flat {
            self.open(name, member.xml_namespace);
        }
        let (row, namespace) = if flat { (name, member.xml_namespace) } else { ("entry", None) };
        self.nested(None, |writer| {
            value.write_entries(&mut |text, value| {
                writer.open(row, namespace);
                writer.name = Some(key.location_name.unwrap_or("key"));
                writer.put(key, |out, attribute| escape(out, text, attribute));
                writer.name = Some(entry.location_name.unwrap_or("value"));
                value.write(entry, writer);
                writer.close(row);
            });
        });
        if !flat {
            self.close(name);
        }
    }

    /// XML has no null; an absent item is left out.
    fn null(&mut self, _: &'static Member) {}
}

/// Appends character data. Characters XML 1.0 cannot carry at all become U+FFFD.
pub(super) fn escape(out: &mut String, text: &str, attribute: bool) {
    // Most text has nothing to escape; U+FFFE and U+FFFF begin with 0xEF.
    let special = |byte: u8| matches!(byte, 0..0x20 | b'&' | b'<' | b'>' | b'"' | 0xef);
    // Looked through to the end, which is done many bytes at a time; to stop at the first would go byte by byte.
    if !text.bytes().fold(false, |found, byte| found | special(byte)) {
        return out.push_str(text);
    }
    let mut from = 0;
    for (at, letter) in text.char_indices() {
        let replacement: Cow<'_, str> = match letter {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            '"' if attribute => "&quot;".into(),
            '\n' | '\t' if attribute => format!("&#x{:X};", u32::from(letter)).into(),
            // A parser would turn a bare carriage return into a newline.
            '\r' => "&#xD;".into(),
            '\n' | '\t' => continue,
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => "\u{fffd}".into(),
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(&replacement);
        from = at + letter.len_utf8();
    }
    out.push_str(&text[from..]);
}
