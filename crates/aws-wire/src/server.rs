//! The server side: requests into values, values and faults into responses.

use crate::error::WireError;
use crate::fault;
use crate::form::QueryForm;
use crate::json::{JsonReader, JsonWriter};
use crate::message::{RequestParts, ResponseParts};
use crate::route::Label;
use aws_schema::{Fault, OperationSpec, Protocol, ReadError, ReadMembers, ServiceSpec, WriteMembers};
use std::borrow::Cow;

/// Fills `target` from a request. `labels` is what [`crate::Router`] found in the path (empty for the RPC protocols).
///
/// # Errors
/// [`WireError`]: not of the protocol's syntax, a value of the wrong type, or too deep or too large. `target` is then
/// half-filled and must be thrown away.
pub fn decode_request(
    protocol: Protocol,
    operation: &OperationSpec,
    parts: &RequestParts<'_>,
    labels: &[Label],
    target: &mut dyn ReadMembers,
) -> Result<(), WireError> {
    let _ = (operation, labels);
    match protocol {
        Protocol::Json10 | Protocol::Json11 => Ok(JsonReader::new(parts.body)?.root(target, false)?),
        Protocol::Query | Protocol::Ec2 => decode_form(protocol, &QueryForm::from_request(parts)?, target),
        _ => Err(ReadError::new("this protocol is not read yet").into()),
    }
}

/// Fills `target` from an already parsed form (awsQuery and ec2Query).
///
/// # Errors
/// As [`decode_request`].
pub fn decode_form(protocol: Protocol, form: &QueryForm<'_>, target: &mut dyn ReadMembers) -> Result<(), WireError> {
    let _ = (protocol, form, target);
    Err(ReadError::new("this protocol is not read yet").into())
}

/// The response of success.
pub fn encode_response(
    protocol: Protocol,
    service: &ServiceSpec,
    operation: &OperationSpec,
    output: &dyn WriteMembers,
    request_id: &str,
) -> ResponseParts {
    let _ = service;
    let mut response = ResponseParts::new(operation.status);
    response.content_type = Cow::Borrowed(content_type(protocol));
    let mut json = JsonWriter::new();
    json.root(output);
    response.body = json.finish();
    response.push("x-amzn-RequestId", request_id);
    response
}

/// The response of failure, in the protocol's form.
///
/// The fault's code (or shape name) is looked up among the operation's modelled errors for its status and names.
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
