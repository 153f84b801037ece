//! The server side: requests into values, values into responses.

use crate::cbor::{CborReader, CborWriter};
use crate::error::WireError;
use crate::fault;
use crate::form::QueryForm;
use crate::json::{JsonReader, JsonWriter};
use crate::message::{Bound, RequestParts, ResponseParts};
use crate::query::{Dialect, FormReader, Reading};
use crate::rest::{Bindings, Incoming, read_message, root_of, write_body};
use crate::route::Label;
use crate::xml::XmlWriter;
use aws_schema::{
    Fault, OperationSpec, Protocol, ReadMembers, ServiceSpec, Structure as _, Unit, WriteMembers,
};
use std::borrow::Cow;

/// Fills `target` from a request. `labels` is what [`crate::Router`] found in the path (empty for the RPC protocols).
///
/// # Errors
/// [`WireError`]: not of the protocol's syntax, a value of the wrong type, or too deep or too large. `target` is then
/// half-filled and must be thrown away.
pub fn decode_request(
    protocol: Protocol,
    parts: &RequestParts<'_>,
    labels: &[Label],
    target: &mut dyn ReadMembers,
) -> Result<(), WireError> {
    match protocol {
        Protocol::Json10 | Protocol::Json11 => Ok(JsonReader::new(parts.body)?.root(target, Bound::Nothing)?),
        Protocol::Cbor => Ok(CborReader::new(parts.body).root(target)?),
        Protocol::Query | Protocol::Ec2 => decode_form(protocol, &QueryForm::from_request(parts)?, target),
        Protocol::RestJson | Protocol::RestXml => {
            let message = Incoming {
                labels,
                query: parts.query,
                headers: parts.headers,
                status: None,
                body: parts.body,
            };
            read_message(protocol, &message, target)
        }
    }
}

/// Fills `target` from an already parsed form (awsQuery and ec2Query; any other protocol is read as awsQuery).
///
/// # Errors
/// As [`decode_request`].
pub fn decode_form(
    protocol: Protocol,
    form: &QueryForm<'_>,
    target: &mut dyn ReadMembers,
) -> Result<(), WireError> {
    let dialect = if protocol == Protocol::Ec2 { Dialect::Ec2 } else { Dialect::Query };
    let mut reading = Reading::new();
    FormReader::new(dialect, form, &mut reading).root(target)?;
    match reading.unknown() {
        // Only EC2 minds; to do less than was asked, and not say so, would be worse than to refuse.
        Some(name) if protocol == Protocol::Ec2 => Err(WireError::UnknownParameter(name)),
        _ => Ok(()),
    }
}

/// The response of success.
pub fn encode_response(
    protocol: Protocol,
    service: &ServiceSpec,
    operation: &OperationSpec,
    output: &dyn WriteMembers,
    request_id: &str,
) -> ResponseParts {
    let mut response = ResponseParts::new(operation.status);
    response.content_type = Cow::Borrowed(content_type(protocol));
    match protocol {
        Protocol::Json10 | Protocol::Json11 => {
            let mut json = JsonWriter::new();
            json.root(output);
            response.body = json.finish();
        }
        Protocol::Cbor => {
            let mut cbor = CborWriter::new();
            cbor.root(output);
            response.body = cbor.finish();
            response.push("smithy-protocol", "rpc-v2-cbor");
        }
        Protocol::Query => response.body = query_body(service, operation, output, request_id),
        Protocol::Ec2 => response.body = ec2_body(service, operation, output, request_id),
        Protocol::RestJson | Protocol::RestXml => rest_response(protocol, service, output, &mut response),
    }
    add_request_id(protocol, service, request_id, &mut response);
    response
}

/// The response of failure, in the protocol's form.
///
/// The fault's code (or shape name) is looked up among the operation's modelled errors for its status and names; a fault that
/// is not modelled keeps its own.
pub fn encode_fault(
    protocol: Protocol,
    service: &ServiceSpec,
    operation: Option<&OperationSpec>,
    error: &Fault,
    request_id: &str,
) -> ResponseParts {
    fault::encode(protocol, service, operation, error, None, request_id)
}

/// As [`encode_fault`], with the modelled error's own members (those beside the message) taken from `members`.
pub fn encode_modelled_fault(
    protocol: Protocol,
    service: &ServiceSpec,
    operation: Option<&OperationSpec>,
    error: &Fault,
    members: &dyn WriteMembers,
    request_id: &str,
) -> ResponseParts {
    fault::encode(protocol, service, operation, error, Some(members), request_id)
}

/// `<OpResponse><OpResult>…</OpResult><ResponseMetadata><RequestId>…`; operations without output have no result element.
fn query_body(
    service: &ServiceSpec,
    operation: &OperationSpec,
    output: &dyn WriteMembers,
    request_id: &str,
) -> Vec<u8> {
    let mut xml = XmlWriter::new(0);
    let name = response_name(operation);
    xml.root(&name, service.xml_namespace.map(|uri| ("", uri)), &mut |xml| {
        if let Some(wrapper) = operation.result_wrapper {
            xml.root(wrapper, None, &mut |xml| output.write_members(xml));
        }
        xml.root("ResponseMetadata", None, &mut |xml| xml.text_element("RequestId", request_id));
    });
    xml.finish()
}

/// `<OpResponse><requestId>…</requestId>…`; operations without output say `<return>true</return>`, as EC2 does.
fn ec2_body(
    service: &ServiceSpec,
    operation: &OperationSpec,
    output: &dyn WriteMembers,
    request_id: &str,
) -> Vec<u8> {
    let mut xml = XmlWriter::new(3);
    xml.raw(XML_DECLARATION);
    let name = response_name(operation);
    xml.root(&name, service.xml_namespace.map(|uri| ("", uri)), &mut |xml| {
        xml.text_element("requestId", request_id);
        if output.shape().name == Unit::SHAPE.name {
            xml.text_element("return", "true");
        }
        output.write_members(xml);
    });
    xml.finish()
}

/// Name of the root element of a query response.
fn response_name(operation: &OperationSpec) -> String {
    [operation.name, "Response"].concat()
}

/// What a complete XML document begins with.
pub(crate) const XML_DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Headers, status and body of a REST response or error.
pub(crate) fn rest_response(
    protocol: Protocol,
    service: &ServiceSpec,
    output: &dyn WriteMembers,
    response: &mut ResponseParts,
) {
    let bindings = Bindings::of(output);
    response.status = bindings.status.unwrap_or(response.status);
    let (root, namespace) = root_of(output.shape());
    let body = write_body(
        protocol,
        Bound::Response,
        output,
        root,
        namespace.or(service.xml_namespace.map(|uri| ("", uri))),
    );
    response.content_type = Cow::Borrowed("");
    if let Some(body) = body {
        response.content_type = Cow::Borrowed(body.content_type);
        response.body = body.bytes;
    }
    for (name, value) in bindings.headers {
        if name.eq_ignore_ascii_case("content-type") {
            response.content_type = Cow::Owned(value);
        } else {
            response.headers.push((name, value));
        }
    }
}

/// The request id as the service's clients look for it.
pub(crate) fn add_request_id(
    protocol: Protocol,
    service: &ServiceSpec,
    request_id: &str,
    response: &mut ResponseParts,
) {
    if protocol == Protocol::RestXml && service.signing_name == "s3" {
        response.push("x-amz-request-id", request_id);
        response.push("x-amz-id-2", request_id);
    } else {
        response.push("x-amzn-RequestId", request_id);
    }
}

/// `Content-Type` of a protocol's responses.
pub(crate) fn content_type(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Json10 => "application/x-amz-json-1.0",
        Protocol::Json11 => "application/x-amz-json-1.1",
        Protocol::RestJson => "application/json",
        Protocol::RestXml => "application/xml",
        Protocol::Query => "text/xml",
        Protocol::Ec2 => "text/xml;charset=UTF-8",
        Protocol::Cbor => "application/cbor",
    }
}
