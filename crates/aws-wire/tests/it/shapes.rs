//! Shapes, operations and services built at run time from a model in botocore's form.

use aws_schema::{
    ErrorSpec, Kind, Limits, Location, Member, OperationSpec, Protocol, ServiceSpec, Shape, Structure as _,
    TimestampFormat, Unit,
};
use serde_json::{Value as Json, json};
use std::cell::RefCell;
use std::collections::HashMap;

/// How deep recursive shapes are unrolled; no vector nests deeper.
const UNROLL: usize = 10;

/// Builds shapes of one model. What it builds lives as long as the test process.
pub(crate) struct Model<'j> {
    shapes: &'j Json,
    built: RefCell<HashMap<(String, usize), &'static Shape>>,
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn text(json: &Json, key: &str) -> Option<&'static str> {
    json[key].as_str().map(|text| &**leak(text.to_owned()))
}

fn namespace(json: &Json) -> Option<(&'static str, &'static str)> {
    match &json["xmlNamespace"] {
        Json::String(uri) => Some(("", leak(uri.clone()))),
        object @ Json::Object(_) => Some((text(object, "prefix").unwrap_or(""), text(object, "uri")?)),
        _ => None,
    }
}

fn format(json: &Json) -> Option<TimestampFormat> {
    Some(match json["timestampFormat"].as_str()? {
        "iso8601" => TimestampFormat::Iso8601,
        "rfc822" => TimestampFormat::HttpDate,
        "unixTimestamp" => TimestampFormat::Epoch,
        other => panic!("timestamp format {other}"),
    })
}

impl<'j> Model<'j> {
    pub(crate) fn new(shapes: &'j Json) -> Model<'j> {
        Model { shapes, built: RefCell::default() }
    }

    /// The shape a reference names, with what the reference says about it as a root.
    pub(crate) fn root(&self, reference: &Json) -> &'static Shape {
        let Some(name) = reference["shape"].as_str() else { return Unit::SHAPE };
        let shape = self.shape(name, UNROLL);
        leak(Shape {
            location_name: shape.location_name.or(text(reference, "locationName")),
            xml_namespace: namespace(reference).map(|(_, uri)| uri).or(shape.xml_namespace),
            ..copy(shape)
        })
    }

    fn shape(&self, name: &str, depth: usize) -> &'static Shape {
        let key = (name.to_owned(), depth);
        if let Some(shape) = self.built.borrow().get(&key) {
            return shape;
        }
        let json = &self.shapes[name];
        let kind = kind(json);
        let mut members = Vec::new();
        if depth > 0 {
            match kind {
                Kind::List => members.push(self.member("member", &json["member"], false, depth)),
                Kind::Map => {
                    members.push(self.member("key", &json["key"], false, depth));
                    members.push(self.member("value", &json["value"], false, depth));
                }
                Kind::Structure => {
                    for (name, reference) in json["members"].as_object().into_iter().flatten() {
                        let required =
                            json["required"].as_array().is_some_and(|list| list.contains(&json!(name)));
                        members.push(self.member(name, reference, required, depth));
                    }
                }
                _ => {}
            }
        }
        let payload =
            json["payload"].as_str().and_then(|name| members.iter().position(|member| member.name == name));
        let shape = leak(Shape {
            members: members.leak(),
            limits: Limits::NONE,
            flattened: json["flattened"] == json!(true),
            union: json["union"] == json!(true),
            payload,
            location_name: text(json, "locationName"),
            xml_namespace: namespace(json).filter(|(prefix, _)| prefix.is_empty()).map(|(_, uri)| uri),
            timestamp_format: format(json),
            ..Shape::new(leak(name.to_owned()), kind)
        });
        self.built.borrow_mut().insert(key, shape);
        shape
    }

    fn member(&self, name: &str, reference: &Json, required: bool, depth: usize) -> Member {
        let target_name = reference["shape"].as_str().unwrap();
        let target = &self.shapes[target_name];
        let location = match reference["location"].as_str() {
            Some("header") => Location::Header,
            Some("headers") => Location::Headers,
            Some("querystring") => Location::Query,
            Some("uri") => Location::Uri,
            Some("statusCode") => Location::StatusCode,
            _ => Location::Body,
        };
        let is = |key: &str| reference[key] == json!(true);
        Member {
            required,
            location,
            location_name: text(reference, "locationName"),
            query_name: text(reference, "queryName"),
            flattened: is("flattened"),
            xml_attribute: is("xmlAttribute"),
            xml_namespace: namespace(reference).or_else(|| namespace(target)),
            timestamp_format: format(reference),
            json_value: is("jsonvalue"),
            idempotency_token: is("idempotencyToken"),
            streaming: is("streaming"),
            host_label: is("hostLabel"),
            ..Member::new(leak(name.to_owned()), self.shape(target_name, depth - 1))
        }
    }

    /// The operation of a vector (`given`).
    pub(crate) fn operation(&self, given: &Json, protocol: Protocol) -> &'static OperationSpec {
        let name = text(given, "name").unwrap_or("OperationName");
        let output = self.root(&given["output"]);
        let errors = given["errors"].as_array().into_iter().flatten().map(|reference| {
            let shape = text(reference, "shape").unwrap();
            let json = &self.shapes[shape];
            let sender = json["fault"] != json!(true);
            let status = json["error"]["httpStatusCode"].as_u64().unwrap_or(if sender { 400 } else { 500 });
            ErrorSpec {
                name: shape,
                code: text(&json["error"], "code").unwrap_or(shape),
                status: u16::try_from(status).unwrap(),
                sender,
            }
        });
        // botocore's runner gives every query output with members this wrapper.
        let wrapped = protocol == Protocol::Query && !output.members.is_empty();
        leak(OperationSpec {
            name,
            method: text(&given["http"], "method").unwrap_or("POST"),
            uri: text(&given["http"], "requestUri").unwrap_or("/"),
            status: u16::try_from(given["http"]["responseCode"].as_u64().unwrap_or(200)).unwrap(),
            input: self.root(&given["input"]),
            output,
            result_wrapper: wrapped.then(|| &**leak(format!("{name}Result"))),
            errors: errors.collect::<Vec<_>>().leak(),
            unsigned: false,
            host_prefix: None,
        })
    }
}

fn copy(shape: &'static Shape) -> Shape {
    Shape {
        members: shape.members,
        flattened: shape.flattened,
        union: shape.union,
        payload: shape.payload,
        timestamp_format: shape.timestamp_format,
        ..Shape::new(shape.name, shape.kind)
    }
}

fn kind(json: &Json) -> Kind {
    if json["document"] == json!(true) {
        return Kind::Document;
    }
    match json["type"].as_str().unwrap() {
        "boolean" => Kind::Boolean,
        "integer" | "byte" | "short" => Kind::Integer,
        "long" => Kind::Long,
        "float" => Kind::Float,
        "double" => Kind::Double,
        "string" | "character" => Kind::String,
        "blob" => Kind::Blob,
        "timestamp" => Kind::Timestamp,
        "list" => Kind::List,
        "map" => Kind::Map,
        "structure" => Kind::Structure,
        other => panic!("shape type {other}"),
    }
}

/// Protocol and service of a suite's metadata.
pub(crate) fn service(metadata: &Json) -> (Protocol, &'static ServiceSpec) {
    let protocol = match metadata["protocol"].as_str().unwrap() {
        "ec2" => Protocol::Ec2,
        "query" => Protocol::Query,
        "json" if metadata["jsonVersion"] == json!("1.0") => Protocol::Json10,
        "json" => Protocol::Json11,
        "rest-json" => Protocol::RestJson,
        "rest-xml" => Protocol::RestXml,
        "smithy-rpc-v2-cbor" => Protocol::Cbor,
        other => panic!("protocol {other}"),
    };
    let spec = leak(ServiceSpec {
        id: "vectors",
        signing_name: "vectors",
        target_prefix: text(metadata, "targetPrefix"),
        api_version: text(metadata, "apiVersion").unwrap_or(""),
        service_id: "Vectors",
        xml_namespace: None,
        protocols: vec![protocol].leak(),
        query_compatible: !metadata["awsQueryCompatible"].is_null(),
        global: false,
        operations: &[],
        all_operations: &[],
    });
    (protocol, spec)
}

/// The same service with an XML namespace.
pub(crate) fn with_namespace(service: &ServiceSpec, uri: &str) -> &'static ServiceSpec {
    leak(ServiceSpec {
        id: service.id,
        signing_name: service.signing_name,
        target_prefix: service.target_prefix,
        api_version: service.api_version,
        service_id: service.service_id,
        xml_namespace: Some(leak(uri.to_owned())),
        protocols: service.protocols,
        query_compatible: service.query_compatible,
        global: service.global,
        operations: service.operations,
        all_operations: service.all_operations,
    })
}
