//! The client side: values into requests, responses into values or faults.

use crate::budget::Budget;
use crate::cbor::{CborReader, CborWriter};
use crate::error::WireError;
use crate::json::{JsonReader, JsonWriter};
use crate::message::{Bound, Headers, RequestOut};
use crate::query::{Dialect, FormWriter};
use crate::rest::{Bindings, Body, Incoming, read_message, root_of, write_body};
use crate::server::content_type;
use crate::xml::{Element, XmlReader};
use aws_schema::{
    Fault, Kind, Member, OperationSpec, Protocol, ReadError, ReadMembers, Reader, ServiceSpec, Shape,
    Structure as _, Unit, WriteMembers,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::borrow::Cow;

/// Everything but RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same, but a greedy label keeps its slashes.
const ESCAPED_GREEDY: &AsciiSet = &ESCAPED.remove(b'/');

/// The request that asks for `operation` with `input`; it still has to be signed.
pub fn encode_request(
    protocol: Protocol,
    service: &ServiceSpec,
    operation: &OperationSpec,
    input: &dyn WriteMembers,
) -> RequestOut {
    let mut request = RequestOut {
        method: "POST",
        path: "/".to_owned(),
        query: String::new(),
        headers: vec![("Content-Type".into(), content_type(protocol).to_owned())],
        body: Vec::new(),
    };
    let target = service.target_prefix.unwrap_or_default();
    match protocol {
        Protocol::Json10 | Protocol::Json11 => {
            request.headers.push(("X-Amz-Target".into(), format!("{target}.{}", operation.name)));
            let mut json = JsonWriter::new();
            json.root(input);
            request.body = json.finish();
        }
        Protocol::Cbor => {
            request.path = format!("/service/{target}/operation/{}", operation.name);
            request.headers.push(("smithy-protocol".into(), "rpc-v2-cbor".to_owned()));
            request.headers.push(("Accept".into(), "application/cbor".to_owned()));
            if operation.input.name == Unit::SHAPE.name {
                // No input, no body, and so no type of it.
                request.headers.retain(|(name, _)| name != "Content-Type");
            } else {
                let mut cbor = CborWriter::new();
                cbor.root(input);
                request.body = cbor.finish();
            }
        }
        Protocol::Query | Protocol::Ec2 => {
            request.headers =
                vec![("Content-Type".into(), "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
            let dialect = if protocol == Protocol::Ec2 { Dialect::Ec2 } else { Dialect::Query };
            request.body = FormWriter::new(dialect, operation.name, service.api_version).root(input);
        }
        Protocol::RestJson | Protocol::RestXml => {
            rest_request(protocol, service, operation, input, &mut request);
        }
    }
    if service.query_compatible && !matches!(protocol, Protocol::Query | Protocol::Ec2) {
        request.headers.push(("x-amzn-query-mode".into(), "true".to_owned()));
    }
    request
}

/// Fills in the parts of a REST request.
fn rest_request(
    protocol: Protocol,
    service: &ServiceSpec,
    operation: &OperationSpec,
    input: &dyn WriteMembers,
    request: &mut RequestOut,
) {
    let bindings = Bindings::of(input);
    request.method = operation.method;
    let (path, literals) = operation.uri.split_once('?').unwrap_or((operation.uri, ""));
    request.path = fill(path, &bindings.labels);
    literals.clone_into(&mut request.query);
    for (key, value) in &bindings.query {
        if !request.query.is_empty() {
            request.query.push('&');
        }
        request.query.extend(utf8_percent_encode(key, ESCAPED));
        request.query.push('=');
        request.query.extend(utf8_percent_encode(value, ESCAPED));
    }
    request.headers = bindings.headers;
    let (root, namespace) = root_of(input.shape());
    let namespace = namespace.or(service.xml_namespace.map(|uri| ("", uri)));
    let body = write_body(protocol, Bound::Request, input, root, namespace)
        .or_else(|| absent_payload(protocol, input));
    if let Some(body) = body {
        if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request.headers.push(("Content-Type".into(), body.content_type.to_owned()));
        }
        request.body = body.bytes;
    }
}

/// restJson1 sends `{}` for a structure that is the payload and is not set.
fn absent_payload(protocol: Protocol, input: &dyn WriteMembers) -> Option<Body> {
    let shape = input.shape().payload.and_then(|index| input.shape().members.get(index))?.shape;
    let wanted = protocol == Protocol::RestJson && shape.kind == Kind::Structure && !shape.union;
    wanted.then(|| Body { content_type: "application/json", bytes: b"{}".to_vec() })
}

/// A URI template with its labels replaced; a label without value is left empty.
fn fill(template: &str, labels: &[(&'static str, String)]) -> String {
    let mut path = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        let (name, set) = name.strip_suffix('+').map_or((name, ESCAPED), |name| (name, ESCAPED_GREEDY));
        if let Some((_, value)) = labels.iter().find(|(label, _)| *label == name) {
            path.extend(utf8_percent_encode(value, set));
        }
        rest = tail;
    }
    path.push_str(rest);
    path
}

/// A response as it arrived.
#[derive(Clone, Copy)]
pub struct ResponseView<'a> {
    /// HTTP status.
    pub status: u16,
    /// All headers.
    pub headers: &'a dyn Headers,
    /// The whole body.
    pub body: &'a [u8],
}

/// Fills `target` from a response, or gives the fault it carries (with the HTTP status and an empty message if the service
/// sent none).
///
/// # Errors
/// [`WireError`] when a successful response is not of the protocol's form.
pub fn decode_response(
    protocol: Protocol,
    operation: &OperationSpec,
    response: &ResponseView<'_>,
    target: &mut dyn ReadMembers,
) -> Result<Result<(), Fault>, WireError> {
    if response.status >= 300 {
        return Ok(Err(decode_fault(protocol, response)));
    }
    match protocol {
        Protocol::Json10 | Protocol::Json11 => {
            JsonReader::new(response.body)?.within(Budget::for_response()).root(target, Bound::Nothing)?;
        }
        Protocol::Cbor => CborReader::new(response.body).within(Budget::for_response()).root(target)?,
        Protocol::Query | Protocol::Ec2 => {
            if response.body.is_empty() {
                return Ok(Ok(()));
            }
            let mut budget = Budget::for_response();
            let root = Element::parse(response.body, &mut budget)?;
            let element = operation.result_wrapper.and_then(|name| root.child(name)).unwrap_or(&root);
            XmlReader::new(element, &mut budget).root(target, Bound::Nothing)?;
        }
        Protocol::RestJson | Protocol::RestXml => {
            let message = Incoming {
                labels: &[],
                query: "",
                headers: response.headers,
                status: Some(response.status),
                body: response.body,
            };
            read_message(protocol, &message, target)?;
        }
    }
    Ok(Ok(()))
}

/// Code and message of a failed response; what cannot be found is empty.
fn decode_fault(protocol: Protocol, response: &ResponseView<'_>) -> Fault {
    let mut parsed = ErrorBody::default();
    // An error that cannot be read is still an error: its status says so.
    let _ = match protocol {
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => xml_error(response.body, &mut parsed),
        Protocol::Cbor => CborReader::new(response.body).root(&mut parsed),
        _ => JsonReader::new(response.body).and_then(|reader| reader.root(&mut parsed, Bound::Nothing)),
    };
    if let Some(code) = response.headers.get("x-amzn-errortype") {
        code.clone_into(&mut parsed.code);
    }
    // `namespace#Name:http://…` is one way of writing `Name`.
    let code = parsed.code.split(':').next().unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default().to_owned();
    Fault { code: Cow::Owned(code), status: response.status, message: parsed.message, details: Vec::new() }
}

/// Code and message of an XML error in any of its three forms.
fn xml_error(body: &[u8], parsed: &mut ErrorBody) -> Result<(), ReadError> {
    let mut budget = Budget::new();
    let root = Element::parse(body, &mut budget)?;
    // Error (S3), ErrorResponse/Error (query), Response/Errors/Error (EC2).
    let error = if root.name == "Error" {
        Some(&root)
    } else {
        root.child("Error").or_else(|| root.child("Errors").and_then(|errors| errors.child("Error")))
    };
    if let Some(error) = error {
        let text = |name: &str| error.child(name).map(|child| child.text.to_string()).unwrap_or_default();
        parsed.code = text("Code");
        parsed.message = text("Message");
    }
    Ok(())
}

/// The members every JSON or CBOR error has, in the spellings services use.
#[derive(Default)]
struct ErrorBody {
    code: String,
    message: String,
}

static TEXT: Shape = Shape::new("String", Kind::String);
static ERROR_BODY: Shape = Shape {
    members: &[
        Member::new("__type", &TEXT),
        Member::new("code", &TEXT),
        Member::new("Code", &TEXT),
        Member::new("message", &TEXT),
        Member::new("Message", &TEXT),
    ],
    ..Shape::new("ErrorBody", Kind::Structure)
};

impl ReadMembers for ErrorBody {
    fn shape(&self) -> &'static Shape {
        &ERROR_BODY
    }

    fn read_member(&mut self, index: usize, reader: &mut dyn Reader) -> Result<(), ReadError> {
        let text = reader.string(&ERROR_BODY.members[index])?;
        if index < 3 {
            self.code = text;
        } else {
            self.message = text;
        }
        Ok(())
    }
}
