//! Constant descriptions of shapes, in the vocabulary of botocore's service models.

/// What a shape is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// 32-bit signed integer (also the model's `byte` and `short`).
    Integer,
    /// 64-bit signed integer.
    Long,
    /// 32-bit floating point.
    Float,
    /// 64-bit floating point.
    Double,
    /// UTF-8 text, enumerations included.
    String,
    /// Bytes.
    Blob,
    /// A point in time.
    Timestamp,
    /// Ordered items; the only member is the item.
    List,
    /// String keys to values; the two members are key and value.
    Map,
    /// Named members.
    Structure,
    /// Untyped JSON-like value.
    Document,
}

/// Where in an HTTP message a member of a REST protocol travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the body (the only one for the RPC protocols).
    Body,
    /// One header.
    Header,
    /// All headers with a prefix (a map).
    Headers,
    /// A query-string key.
    Query,
    /// A label of the URI template.
    Uri,
    /// The HTTP status (output only).
    StatusCode,
}

/// How a timestamp is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampFormat {
    /// `2026-11-20T10:00:00Z`.
    Iso8601,
    /// `Fri, 20 Nov 2026 10:00:00 GMT`.
    HttpDate,
    /// Seconds since 1970, possibly fractional.
    Epoch,
}

/// Limits on a value: length for strings, blobs, lists and maps; magnitude for numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Smallest allowed length or value.
    pub min: Option<i64>,
    /// Largest allowed length or value.
    pub max: Option<i64>,
    /// Regular expression as the model gives it; informative (the engines' dialects differ).
    pub pattern: Option<&'static str>,
}

impl Limits {
    /// No limit at all.
    pub const NONE: Limits = Limits { min: None, max: None, pattern: None };
}

/// One shape of a model. Shapes refer to each other by address, so they are `static`s.
#[derive(Debug)]
pub struct Shape {
    /// Name in the model.
    pub name: &'static str,
    /// What it is made of.
    pub kind: Kind,
    /// Members of a structure; `[item]` of a list; `[key, value]` of a map; empty otherwise.
    pub members: &'static [Member],
    /// Length or magnitude limits.
    pub limits: Limits,
    /// Allowed values of an enumeration; empty for all others.
    pub values: &'static [&'static str],
    /// A list or map whose XML and query forms have no wrapping element.
    pub flattened: bool,
    /// A structure of which exactly one member is set.
    pub union: bool,
    /// Index of the member that is the whole HTTP body (REST protocols).
    pub payload: Option<usize>,
    /// Element name when this shape is a root in XML, where it differs from `name`.
    pub location_name: Option<&'static str>,
    /// XML namespace URI of the shape as a root.
    pub xml_namespace: Option<&'static str>,
    /// Never to be logged.
    pub sensitive: bool,
    /// The default timestamp format of a timestamp shape.
    pub timestamp_format: Option<TimestampFormat>,
}

impl Shape {
    /// A shape with nothing but name and kind; the base of `static` definitions.
    pub const fn new(name: &'static str, kind: Kind) -> Shape {
        Shape {
            name,
            kind,
            members: &[],
            limits: Limits::NONE,
            values: &[],
            flattened: false,
            union: false,
            payload: None,
            location_name: None,
            xml_namespace: None,
            sensitive: false,
            timestamp_format: None,
        }
    }

    /// Position of the member with this model name.
    pub fn member(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|m| m.name == name)
    }
}

/// A member of a structure, the item of a list, or the key or value of a map.
#[derive(Debug)]
pub struct Member {
    /// Name in the model (and in the JSON and CBOR protocols).
    pub name: &'static str,
    /// What it holds.
    pub shape: &'static Shape,
    /// Must be present in a request.
    pub required: bool,
    /// Where a REST protocol puts it.
    pub location: Location,
    /// Wire name where it differs from `name`: header, query key, label, XML element.
    pub location_name: Option<&'static str>,
    /// Name in an ec2Query request where it differs from the capitalised `location_name`.
    pub query_name: Option<&'static str>,
    /// List or map without a wrapping element at this place.
    pub flattened: bool,
    /// XML attribute instead of element.
    pub xml_attribute: bool,
    /// XML namespace (prefix, URI) declared on the element.
    pub xml_namespace: Option<(&'static str, &'static str)>,
    /// Timestamp format at this place.
    pub timestamp_format: Option<TimestampFormat>,
    /// A header that carries base64 of JSON text.
    pub json_value: bool,
    /// Filled in by SDKs when absent.
    pub idempotency_token: bool,
    /// A body streamed rather than read whole.
    pub streaming: bool,
    /// Part of the host name prefix.
    pub host_label: bool,
}

impl Member {
    /// A plain body member; the base of `static` definitions.
    pub const fn new(name: &'static str, shape: &'static Shape) -> Member {
        Member {
            name,
            shape,
            required: false,
            location: Location::Body,
            location_name: None,
            query_name: None,
            flattened: false,
            xml_attribute: false,
            xml_namespace: None,
            timestamp_format: None,
            json_value: false,
            idempotency_token: false,
            streaming: false,
            host_label: false,
        }
    }

    /// The name on the wire of a protocol that honours `locationName`.
    pub fn wire_name(&self) -> &'static str {
        self.location_name.unwrap_or(self.name)
    }

    /// Timestamp format in force here, if any was modelled.
    pub fn format(&self) -> Option<TimestampFormat> {
        self.timestamp_format.or(self.shape.timestamp_format)
    }

    /// Whether a list or map at this place is flattened.
    pub fn is_flattened(&self) -> bool {
        self.flattened || self.shape.flattened
    }
}
