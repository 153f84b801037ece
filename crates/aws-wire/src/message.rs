//! HTTP messages as the codecs see them: borrowed requests, owned responses, no HTTP library.

use aws_schema::Location;
use std::borrow::Cow;

/// The headers of a message. Names are compared without regard to case.
pub trait Headers {
    /// The first value of the header; `name` is given in lower case.
    fn get(&self, name: &str) -> Option<&str>;
    /// Calls `visit` with every name (in any case) and value.
    fn each(&self, visit: &mut dyn FnMut(&str, &str));
}

impl<N: AsRef<str>, V: AsRef<str>> Headers for [(N, V)] {
    fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| key.as_ref().eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }
    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        for (name, value) in self {
            visit(name.as_ref(), value.as_ref());
        }
    }
}

impl<N: AsRef<str>, V: AsRef<str>> Headers for Vec<(N, V)> {
    fn get(&self, name: &str) -> Option<&str> {
        Headers::get(self.as_slice(), name)
    }
    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        self.as_slice().each(visit);
    }
}

impl<N: AsRef<str>, V: AsRef<str>, const LEN: usize> Headers for [(N, V); LEN] {
    fn get(&self, name: &str) -> Option<&str> {
        Headers::get(self.as_slice(), name)
    }
    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        self.as_slice().each(visit);
    }
}

/// A request as it arrived, whole.
#[derive(Clone, Copy)]
pub struct RequestParts<'a> {
    /// HTTP method in capitals.
    pub method: &'a str,
    /// Path as sent, still percent-encoded, without the query string.
    pub path: &'a str,
    /// Query string as sent, without the `?`; empty when there is none.
    pub query: &'a str,
    /// All headers.
    pub headers: &'a dyn Headers,
    /// The whole body (already unchunked and decompressed).
    pub body: &'a [u8],
}

/// A response ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseParts {
    /// HTTP status.
    pub status: u16,
    /// Value of `Content-Type`; empty when the response has no body of a known type.
    pub content_type: Cow<'static, str>,
    /// All other headers (without `Content-Length` and `Date`).
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl ResponseParts {
    /// An empty response with this status.
    pub(crate) fn new(status: u16) -> ResponseParts {
        ResponseParts { status, content_type: Cow::Borrowed(""), headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    pub(crate) fn push(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        self.headers.push((name.into(), value.into()));
    }
}

/// Which members of a structure are looked for, or put, outside the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// None: a nested structure, or an RPC protocol.
    Nothing,
    /// Those of a REST request.
    Request,
    /// Those of a REST response: labels and query parameters mean nothing there and are part of the body.
    Response,
}

impl Bound {
    /// Whether a member of this location is outside the body.
    pub(crate) fn is_elsewhere(self, location: Location) -> bool {
        match self {
            Bound::Nothing => false,
            Bound::Request => location != Location::Body,
            Bound::Response => {
                matches!(location, Location::Header | Location::Headers | Location::StatusCode)
            }
        }
    }
}

/// A request ready to be signed and sent, made by the client side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestOut {
    /// HTTP method.
    pub method: &'static str,
    /// Path, percent-encoded.
    pub path: String,
    /// Query string without `?`, percent-encoded.
    pub query: String,
    /// Headers, `Content-Type` among them.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body.
    pub body: Vec<u8>,
}
