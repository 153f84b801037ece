//! The body of a REST message out of a structure.

use crate::json::JsonWriter;
use crate::message::Bound;
use crate::xml::XmlWriter;
use aws_schema::{
    Document, Kind, Member, Protocol, Shape, Timestamp, WriteEntries, WriteItems, WriteMembers, Writer,
};

/// A body and what it is.
pub(crate) struct Body {
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// The body of a message; `None` when the message has none.
///
/// `root` and `namespace` are the root element of an XML body made of the structure's own members.
pub(crate) fn write_body(
    protocol: Protocol,
    bound: Bound,
    value: &dyn WriteMembers,
    root: &str,
    namespace: Option<(&str, &str)>,
) -> Option<Body> {
    let shape = value.shape();
    if let Some(payload) = shape.payload.and_then(|index| shape.members.get(index)) {
        let mut writer = Payload { protocol, member: payload, namespace, body: None };
        value.write_members(&mut writer);
        return writer.body;
    }
    if shape.members.iter().all(|member| bound.is_elsewhere(member.location)) {
        return None;
    }
    if protocol == Protocol::RestJson {
        let mut json = JsonWriter::new();
        json.unbound(value, bound);
        return Some(Body { content_type: "application/json", bytes: json.finish() });
    }
    let mut xml = XmlWriter::new(0);
    xml.root(root, namespace, &mut |xml| xml.unbound(value, bound));
    Some(Body { content_type: "application/xml", bytes: xml.finish() })
}

/// Name and namespace of a structure as the root of an XML document.
pub(crate) fn root_of(shape: &'static Shape) -> (&'static str, Option<(&'static str, &'static str)>) {
    (shape.location_name.unwrap_or(shape.name), shape.xml_namespace.map(|uri| ("", uri)))
}

/// Writes only the payload member, as the whole body.
struct Payload<'a> {
    protocol: Protocol,
    member: &'static Member,
    namespace: Option<(&'a str, &'a str)>,
    body: Option<Body>,
}

// One member is the whole body; the others are bound elsewhere and are not written here.
impl Payload<'_> {
    /// Whether this member is the payload.
    fn is_payload(&self, member: &'static Member) -> bool {
        // By name: the constants of one member may stand at several addresses.
        member.name == self.member.name
    }

    /// A JSON body.
    fn json(&mut self, write: impl FnOnce(&mut JsonWriter)) {
        let mut json = JsonWriter::new();
        write(&mut json);
        self.body = Some(Body { content_type: "application/json", bytes: json.finish() });
    }
}

macro_rules! as_text {
    ($($name:ident($type:ty)),*) => {
        $(fn $name(&mut self, member: &'static Member, value: $type) {
            if self.is_payload(member) {
                self.body = Some(Body { content_type: "text/plain", bytes: value.to_string().into_bytes() });
            }
        })*
    };
}

impl Writer for Payload<'_> {
    as_text!(boolean(bool), integer(i64), float(f32), double(f64), string(&str));

    fn blob(&mut self, member: &'static Member, value: &[u8]) {
        if self.is_payload(member) {
            self.body = Some(Body { content_type: "application/octet-stream", bytes: value.to_vec() });
        }
    }

    /// A bare timestamp cannot be a payload (Smithy, httpPayload trait).
    fn timestamp(&mut self, _: &'static Member, _: Timestamp) {}

    fn document(&mut self, member: &'static Member, value: &Document) {
        if self.is_payload(member) {
            self.json(|json| json.document(member, value));
        }
    }

    fn structure(&mut self, member: &'static Member, value: &dyn WriteMembers) {
        if !self.is_payload(member) {
            return;
        }
        if self.protocol == Protocol::RestJson {
            return self.json(|json| json.root(value));
        }
        let (name, own) = root_of(member.shape);
        let mut xml = XmlWriter::new(0);
        let namespace = member.xml_namespace.or(own).or(self.namespace);
        xml.root(member.location_name.unwrap_or(name), namespace, &mut |xml| value.write_members(xml));
        self.body = Some(Body { content_type: "application/xml", bytes: xml.finish() });
    }

    fn list(&mut self, member: &'static Member, len: usize, value: &dyn WriteItems) {
        if self.is_payload(member) && member.shape.kind == Kind::List {
            match self.protocol {
                Protocol::RestJson => self.json(|json| json.list(member, len, value)),
                _ => self.xml(|xml| xml.list(member, len, value)),
            }
        }
    }

    fn map(&mut self, member: &'static Member, len: usize, value: &dyn WriteEntries) {
        if self.is_payload(member) {
            match self.protocol {
                Protocol::RestJson => self.json(|json| json.map(member, len, value)),
                _ => self.xml(|xml| xml.map(member, len, value)),
            }
        }
    }

    fn null(&mut self, _: &'static Member) {}
}

impl Payload<'_> {
    fn xml(&mut self, write: impl FnOnce(&mut XmlWriter)) {
        let mut xml = XmlWriter::new(0);
        write(&mut xml);
        self.body = Some(Body { content_type: "application/xml", bytes: xml.finish() });
    }
}
