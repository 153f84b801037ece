//! Answers of the gateway itself, before any service or protocol is known.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body_util::Full;

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
    #[error("The request names no host.")]
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

    /// The answer, as plain text: there is no protocol to follow yet. The connection is closed, for
    /// what follows on it is the rest of a body nobody wants.
    pub(crate) fn answer(&self, request_id: &str) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(format!("{self}\nRequest id: {request_id}\n")));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        if let Ok(value) = request_id.parse() {
            headers.insert("x-amzn-requestid", value);
        }
        response
    }
}
