//! Shapes that hold everything a protocol can meet, recursion included.

use aws_schema::{
    ErrorSpec, Kind, Location, Member, OperationSpec, Protocol, ServiceSpec, Shape, TimestampFormat,
};

pub(crate) const PROTOCOLS: [Protocol; 7] = [
    Protocol::Json10,
    Protocol::Json11,
    Protocol::RestJson,
    Protocol::RestXml,
    Protocol::Query,
    Protocol::Ec2,
    Protocol::Cbor,
];

static BOOLEAN: Shape = Shape::new("Boolean", Kind::Boolean);
static INTEGER: Shape = Shape::new("Integer", Kind::Integer);
static LONG: Shape = Shape::new("Long", Kind::Long);
static FLOAT: Shape = Shape::new("Float", Kind::Float);
static DOUBLE: Shape = Shape::new("Double", Kind::Double);
static STRING: Shape = Shape::new("String", Kind::String);
static BLOB: Shape = Shape::new("Blob", Kind::Blob);
static TIMESTAMP: Shape = Shape::new("Timestamp", Kind::Timestamp);
static DOCUMENT: Shape = Shape::new("Document", Kind::Document);

const fn list(name: &'static str, item: &'static [Member]) -> Shape {
    Shape { members: item, ..Shape::new(name, Kind::List) }
}

static STRINGS: Shape = list("Strings", &[Member::new("member", &STRING)]);
static TIMES: Shape = list("Times", &[Member::new("member", &TIMESTAMP)]);
static LISTS: Shape =
    list("Lists", &[Member { location_name: Some("item"), ..Member::new("member", &STRINGS) }]);
static NODES: Shape = list("Nodes", &[Member::new("member", &NODE)]);
static NODE_MAP: Shape = Shape {
    members: &[Member::new("key", &STRING), Member::new("value", &NODE)],
    ..Shape::new("NodeMap", Kind::Map)
};
static STRING_MAP: Shape = Shape {
    members: &[
        Member { location_name: Some("Name"), ..Member::new("key", &STRING) },
        Member { location_name: Some("Setting"), ..Member::new("value", &STRING) },
    ],
    ..Shape::new("StringMap", Kind::Map)
};

/// A structure that holds itself in every possible way; no untyped values, so that every protocol carries it.
pub(crate) static NODE: Shape = Shape {
    members: &[
        Member::new("Flag", &BOOLEAN),
        Member::new("Count", &INTEGER),
        Member { location_name: Some("size"), ..Member::new("Size", &LONG) },
        Member::new("Ratio", &FLOAT),
        Member::new("Exact", &DOUBLE),
        Member { location_name: Some("text"), query_name: Some("TheText"), ..Member::new("Text", &STRING) },
        Member::new("Bytes", &BLOB),
        Member::new("When", &TIMESTAMP),
        Member { timestamp_format: Some(TimestampFormat::Epoch), ..Member::new("Epoch", &TIMESTAMP) },
        Member { timestamp_format: Some(TimestampFormat::Iso8601), ..Member::new("Iso", &TIMESTAMP) },
        Member::new("Strings", &STRINGS),
        Member { flattened: true, ..Member::new("Flat", &STRINGS) },
        Member { flattened: true, location_name: Some("pair"), ..Member::new("Pairs", &STRING_MAP) },
        Member::new("Lists", &LISTS),
        Member::new("Settings", &STRING_MAP),
        Member::new("Child", &NODE),
        Member::new("Children", &NODES),
        Member::new("Named", &NODE_MAP),
    ],
    ..Shape::new("Node", Kind::Structure)
};

/// The same with an untyped value, for the protocols that have them.
pub(crate) static LOOSE: Shape = Shape {
    members: &[Member::new("Any", &DOCUMENT), Member::new("Node", &NODE)],
    ..Shape::new("Loose", Kind::Structure)
};

/// The input and output of a REST operation: every location.
pub(crate) static BOUND: Shape = Shape {
    members: &[
        Member { location: Location::Header, location_name: Some("X-Text"), ..Member::new("Text", &STRING) },
        Member {
            location: Location::Header,
            location_name: Some("X-Count"),
            ..Member::new("Count", &INTEGER)
        },
        Member {
            location: Location::Header,
            location_name: Some("X-When"),
            ..Member::new("When", &TIMESTAMP)
        },
        Member { location: Location::Header, location_name: Some("X-Times"), ..Member::new("Times", &TIMES) },
        Member { location: Location::Header, location_name: Some("X-List"), ..Member::new("List", &STRINGS) },
        Member {
            location: Location::Header,
            location_name: Some("X-Json"),
            json_value: true,
            ..Member::new("Json", &STRING)
        },
        Member {
            location: Location::Headers,
            location_name: Some("x-meta-"),
            ..Member::new("Meta", &STRING_MAP)
        },
        Member { location: Location::Query, location_name: Some("q"), ..Member::new("Query", &STRING) },
        Member { location: Location::Query, location_name: Some("l"), ..Member::new("QueryList", &STRINGS) },
        Member {
            location: Location::Uri,
            location_name: Some("Name"),
            required: true,
            ..Member::new("Name", &STRING)
        },
        Member {
            location: Location::Uri,
            location_name: Some("Rest"),
            required: true,
            ..Member::new("Rest", &STRING)
        },
        Member::new("Node", &NODE),
    ],
    ..Shape::new("Bound", Kind::Structure)
};

/// The input of a REST operation whose body is one member.
pub(crate) static PAID: Shape = Shape {
    members: &[
        Member { location: Location::Header, location_name: Some("X-Text"), ..Member::new("Text", &STRING) },
        Member::new("Payload", &NODE),
    ],
    payload: Some(1),
    ..Shape::new("Paid", Kind::Structure)
};

const fn operation(name: &'static str, uri: &'static str, shape: &'static Shape) -> OperationSpec {
    OperationSpec {
        name,
        method: "POST",
        uri,
        status: 200,
        input: shape,
        output: shape,
        result_wrapper: Some("Result"),
        errors: &[ErrorSpec { name: "NodeFault", code: "Node.Fault", status: 404, sender: true }],
        unsigned: false,
        host_prefix: None,
    }
}

pub(crate) static NODE_OPERATION: OperationSpec = operation("PutNode", "/", &NODE);
pub(crate) static LOOSE_OPERATION: OperationSpec = operation("PutLoose", "/", &LOOSE);
pub(crate) static BOUND_OPERATION: OperationSpec =
    operation("PutBound", "/things/{Name}/{Rest+}?fixed", &BOUND);
pub(crate) static PAID_OPERATION: OperationSpec = operation("PutPaid", "/paid", &PAID);

pub(crate) static SERVICE: ServiceSpec = ServiceSpec {
    id: "sink",
    signing_name: "sink",
    target_prefix: Some("Sink"),
    api_version: "2026-11-20",
    service_id: "Sink",
    xml_namespace: Some("https://sink.example.com/"),
    protocols: &PROTOCOLS,
    query_compatible: true,
    global: false,
    operations: &[&BOUND_OPERATION, &LOOSE_OPERATION, &NODE_OPERATION, &PAID_OPERATION],
    all_operations: &["PutBound", "PutLoose", "PutNode", "PutPaid"],
};
