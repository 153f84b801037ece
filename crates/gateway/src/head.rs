//! The head of a request as signature and protocol code want to see it.

use std::net::IpAddr;

use aws_signature::HeaderSource;
use aws_wire::Headers;
use http::request::Parts;
use http::{HeaderMap, HeaderName, header};

/// Everything known before the body: request id, peer, method, target, headers.
pub(crate) struct Head {
    /// The id this request is known by everywhere.
    pub(crate) request_id: String,
    /// Who sent it.
    pub(crate) peer: Option<IpAddr>,
    /// Our side of the connection, an address the client may call us by.
    pub(crate) local: Option<IpAddr>,
    /// Method, target, headers.
    pub(crate) parts: Parts,
}

impl Head {
    pub(crate) fn method(&self) -> &str {
        self.parts.method.as_str()
    }

    /// The raw path.
    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// The raw query, empty if there is none.
    pub(crate) fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    pub(crate) fn headers(&self) -> HeaderView<'_> {
        HeaderView(&self.parts.headers)
    }

    /// The first value of a header, if it is text.
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// The first value of a header that has no constant; `name` in lower case.
    pub(crate) fn header_named(&self, name: &'static str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// The media type of the body, without parameters.
    pub(crate) fn media_type(&self) -> &str {
        let value = self.header(header::CONTENT_TYPE).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim()
    }

    /// The host as the client wrote it, with its port.
    pub(crate) fn host(&self) -> Option<&str> {
        self.header(header::HOST)
    }

    /// The request as the signature code sees it.
    pub(crate) fn signature_parts<'a>(
        &'a self,
        headers: &'a HeaderView<'a>,
        body: &'a [u8],
    ) -> aws_signature::RequestParts<'a> {
        aws_signature::RequestParts {
            method: self.method(),
            path: self.path(),
            query: self.query(),
            headers,
            payload: aws_signature::Payload::Bytes(body),
        }
    }

    /// The request as the protocols see it.
    pub(crate) fn wire_parts<'a>(
        &'a self,
        headers: &'a HeaderView<'a>,
        body: &'a [u8],
    ) -> aws_wire::RequestParts<'a> {
        aws_wire::RequestParts {
            method: self.method(),
            path: self.path(),
            query: self.query(),
            headers,
            body,
        }
    }
}

/// The header map behind the two interfaces that read it; nothing is copied.
#[derive(Clone, Copy)]
pub(crate) struct HeaderView<'a>(pub(crate) &'a HeaderMap);

impl HeaderSource for HeaderView<'_> {
    fn first(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(|value| value.as_bytes())
    }

    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for value in self.0.get_all(name) {
            each(value.as_bytes());
        }
    }

    fn names(&self, each: &mut dyn FnMut(&str)) {
        for name in self.0.keys() {
            each(name.as_str());
        }
    }
}

impl Headers for HeaderView<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.0.get(name)?.as_bytes()).ok()
    }

    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        for (name, value) in self.0 {
            if let Ok(value) = std::str::from_utf8(value.as_bytes()) {
                visit(name.as_str(), value);
            }
        }
    }
}
