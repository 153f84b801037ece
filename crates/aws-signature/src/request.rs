//! The view of a request that signing needs: borrowed, nothing copied.

/// Access to the headers of a request, whatever map holds them.
///
/// Names given to these methods are lower case; implementations compare without regard to case.
pub trait HeaderSource {
    /// The first value of header `name`.
    fn first(&self, name: &str) -> Option<&[u8]>;
    /// Calls `each` with every value of header `name` in the order of arrival.
    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8]));
    /// Calls `each` with the name of every header (any case, repeats allowed).
    fn names(&self, each: &mut dyn FnMut(&str));
}

impl<Name: AsRef<str>, Value: AsRef<[u8]>> HeaderSource for &[(Name, Value)] {
    fn first(&self, name: &str) -> Option<&[u8]> {
        self.iter()
            .find(|(known, _)| known.as_ref().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }

    fn values(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        for (known, value) in *self {
            if known.as_ref().eq_ignore_ascii_case(name) {
                each(value.as_ref());
            }
        }
    }

    fn names(&self, each: &mut dyn FnMut(&str)) {
        for (name, _) in *self {
            each(name.as_ref());
        }
    }
}

/// What is known about the body when the signature is checked.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// The whole body; hashed only if the signature covers it.
    Bytes(&'a [u8]),
    /// The SHA-256 of the body, already computed.
    Sha256([u8; 32]),
    /// The body has not been read yet. The answer of [`crate::verify`] says what remains to be
    /// checked while it is; a request whose signature needs the hash and declares none is refused.
    Unread,
}

/// A request as it arrived: method, raw target, headers, body. Everything borrowed.
#[derive(Clone, Copy)]
pub struct RequestParts<'a> {
    /// The method, in upper case as sent.
    pub method: &'a str,
    /// The path exactly as sent, still percent-encoded, without the query.
    pub path: &'a str,
    /// The query exactly as sent, without the question mark; empty if there is none.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a dyn HeaderSource,
    /// The body.
    pub payload: Payload<'a>,
}

impl<'a> RequestParts<'a> {
    /// The first value of header `name` (lower case) as text; `None` if absent or not UTF-8.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.headers.first(name)?).ok().map(str::trim)
    }
}
