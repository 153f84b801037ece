//! From the shape of a request to service, protocol and operation.

mod operation;
mod protocol;
mod service;

pub(crate) use operation::{Found, not_implemented, operation};
pub(crate) use protocol::{guess, protocol};
pub(crate) use service::{UNKNOWN_SERVICE, service, signing_name_hint};

use aws_wire::QueryForm;

use crate::head::Head;

/// `Prefix.Operation` of the `X-Amz-Target` header.
fn target(head: &Head) -> Option<(&str, &str)> {
    head.header_named("x-amz-target")?.rsplit_once('.')
}

/// Service and operation of an rpcv2Cbor path, `/service/<name>/operation/<name>`.
fn cbor_path(path: &str) -> Option<(&str, &str)> {
    // A prefix before `/service/` is allowed by the protocol.
    let (rest, operation) = path.rsplit_once("/operation/")?;
    let (_, service) = rest.rsplit_once("/service/")?;
    (!service.contains('/') && !operation.contains('/')).then_some((service, operation))
}

/// The parameters of a request in a query protocol: a form body, or an `Action` in the query.
pub(crate) fn form<'a>(head: &'a Head, body: &'a [u8]) -> Option<Result<QueryForm<'a>, aws_wire::WireError>> {
    let names_action = |text: &str| text.split('&').any(|pair| pair.starts_with("Action="));
    let is_form = head.media_type().eq_ignore_ascii_case("application/x-www-form-urlencoded");
    if !is_form && !names_action(head.query()) {
        return None;
    }
    let wire = aws_wire::RequestParts {
        method: head.method(),
        path: head.path(),
        query: head.query(),
        headers: &NO_HEADERS,
        body: if is_form { body } else { &[] },
    };
    Some(QueryForm::from_request(&wire))
}

/// Forms are made of query and body only.
static NO_HEADERS: [(&str, &str); 0] = [];

/// Whether the request announces rpcv2Cbor.
fn says_cbor(head: &Head) -> bool {
    head.header_named("smithy-protocol").is_some_and(|value| value.eq_ignore_ascii_case("rpc-v2-cbor"))
}
