//! Answers of the gateway itself, before any service is known.

use std::borrow::Cow;

use aws_schema::Fault;
use aws_wire::encode_fault;
use http::{HeaderValue, Response, StatusCode, header};

use crate::answer::{self, Body};
use crate::head::Head;
use crate::identify;

/// A request that no service gets to see.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Made by a web page of somebody else.
    #[error("A web page of another site ({0}) may not call this endpoint.")]
    ForeignOrigin(String),
    /// Meant for a host name this endpoint does not have: DNS rebinding.
    #[error(
        "This endpoint is not called '{0}'. Names it should answer to can be added to its configuration."
    )]
    UnexpectedHost(String),
    /// HTTP/1.1 asks for a host.
    #[error("The request names no host, or more than one.")]
    NoHost,
    /// More than the body limit.
    #[error("The request body is larger than the {0} bytes this service takes.")]
    BodyTooLarge(usize),
    /// Slower than the least rate.
    #[error("The request body came too slowly.")]
    BodyTooSlow,
    /// The client broke off.
    #[error("The request body ended early.")]
    BodyBroken,
    /// Too much in memory already.
    #[error("Too many requests at once. Please try again.")]
    Busy,
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::ForeignOrigin(_) | Self::UnexpectedHost(_) => StatusCode::FORBIDDEN,
            Self::NoHost | Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The code for clients that speak an AWS protocol. The names are S3's, which has one for each;
    /// SDKs know them, and retry `RequestTimeout` and `ServiceUnavailable` by themselves.
    fn code(&self) -> Option<&'static str> {
        match self {
            Self::ForeignOrigin(_) | Self::UnexpectedHost(_) | Self::NoHost => None,
            Self::BodyBroken => Some("IncompleteBody"),
            Self::BodyTooLarge(_) => Some("EntityTooLarge"),
            Self::BodyTooSlow => Some("RequestTimeout"),
            Self::Busy => Some("ServiceUnavailable"),
        }
    }

    /// The answer: in the protocol the request seems to speak, or as plain text where it was made
    /// by a browser or misled client. The connection is closed, for what follows on it is the rest
    /// of a body nobody wants.
    pub(crate) fn answer(&self, head: &Head) -> Response<Body> {
        let mut response = match self.code() {
            Some(code) => {
                let fault = Fault {
                    code: Cow::Borrowed(code),
                    status: self.status().as_u16(),
                    message: self.to_string(),
                    details: Vec::new(),
                };
                let protocol = identify::guess(head);
                answer::response(encode_fault(
                    protocol,
                    &identify::UNKNOWN_SERVICE,
                    None,
                    &fault,
                    &head.request_id,
                ))
            }
            None => self.plain(&head.request_id),
        };
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    }

    fn plain(&self, request_id: &str) -> Response<Body> {
        let text = format!("{self}\nRequest id: {request_id}\n");
        let mut response = answer::text(self.status(), "text/plain; charset=utf-8", text);
        if let Ok(value) = request_id.parse() {
            response.headers_mut().insert("x-amzn-requestid", value);
        }
        response
    }
}
