//! Which protocol a request speaks.

use aws_schema::{Protocol, ServiceSpec};

use super::says_cbor;
use crate::head::Head;

/// The protocol of a request to a known service: what it announces, if the service speaks that,
/// and otherwise the service's usual one.
pub(crate) fn protocol(spec: &ServiceSpec, head: &Head) -> Protocol {
    let spoken =
        |candidates: &[Protocol]| candidates.iter().copied().find(|known| spec.protocols.contains(known));
    let announced = if says_cbor(head) {
        spoken(&[Protocol::Cbor])
    } else {
        match head.media_type() {
            "application/x-amz-json-1.0" => spoken(&[Protocol::Json10, Protocol::Json11]),
            "application/x-amz-json-1.1" => spoken(&[Protocol::Json11, Protocol::Json10]),
            "application/x-www-form-urlencoded" => spoken(&[Protocol::Query, Protocol::Ec2]),
            "application/cbor" => spoken(&[Protocol::Cbor]),
            _ => None,
        }
    };
    announced
        // A target without (or with a careless) content type is still JSON; an action in the query still a query.
        .or_else(|| {
            head.header_named("x-amz-target").and_then(|_| spoken(&[Protocol::Json11, Protocol::Json10]))
        })
        .or_else(|| {
            head.query().contains("Action=").then(|| spoken(&[Protocol::Query, Protocol::Ec2])).flatten()
        })
        .or_else(|| spoken(&[Protocol::RestJson, Protocol::RestXml]))
        .or_else(|| spec.protocols.first().copied())
        .unwrap_or_else(|| guess(head))
}

/// The protocol to answer in while no service is known.
pub(crate) fn guess(head: &Head) -> Protocol {
    if says_cbor(head) {
        return Protocol::Cbor;
    }
    match head.media_type() {
        "application/x-amz-json-1.0" => Protocol::Json10,
        "application/x-amz-json-1.1" => Protocol::Json11,
        "application/json" => Protocol::RestJson,
        "application/x-www-form-urlencoded" => Protocol::Query,
        _ if head.query().contains("Action=") => Protocol::Query,
        _ if head.header_named("x-amz-target").is_some() => Protocol::Json11,
        _ => Protocol::RestXml,
    }
}
