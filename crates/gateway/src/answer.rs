//! From a protocol's answer to an HTTP response.

use aws_wire::ResponseParts;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

/// The body type of every response: whole, in memory.
pub(crate) type Body = Full<Bytes>;

/// Makes the HTTP response. A header that HTTP cannot carry is left out rather than breaking the
/// connection; the protocols make none.
pub(crate) fn response(parts: ResponseParts) -> Response<Body> {
    let mut response = Response::new(Full::from(parts.body));
    *response.status_mut() = StatusCode::from_u16(parts.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !parts.content_type.is_empty()
        && let Ok(value) = HeaderValue::from_str(&parts.content_type)
    {
        headers.insert(header::CONTENT_TYPE, value);
    }
    for (name, value) in parts.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::try_from(value))
        {
            headers.append(name, value);
        }
    }
    response
}

/// A JSON document of the gateway itself.
pub(crate) fn json(status: StatusCode, document: &serde_json::Value) -> Response<Body> {
    text(status, "application/json", document.to_string())
}

/// A text of the gateway itself.
pub(crate) fn text(status: StatusCode, content_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
