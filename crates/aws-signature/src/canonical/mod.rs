//! The canonical request: the one text client and server both compute.

mod encode;
mod headers;
mod path;
mod query;

use crate::{PathRule, RequestParts};

pub(crate) use encode::push_strict;
pub(crate) use path::has_unencoded;

/// Which spelling of an S3 path is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum S3Path {
    /// Byte for byte as sent.
    AsSent,
    /// With those bytes encoded that the client should have encoded, for clients that sign the
    /// encoded path but send, say, a bare `$`.
    Encoded,
}

/// Writes the canonical request of `parts`.
///
/// `signed_headers` are lower-case names separated by `;`; `payload_hash` is the last line.
pub(crate) fn request(
    parts: &RequestParts<'_>,
    rule: PathRule,
    spelling: S3Path,
    signed_headers: &str,
    payload_hash: &[u8],
) -> Vec<u8> {
    let mut text = Vec::with_capacity(1_024 + parts.path.len() + parts.query.len());
    text.extend_from_slice(parts.method.as_bytes());
    text.push(b'\n');
    match (rule, spelling) {
        (PathRule::Normalised, _) => path::push_normalised(&mut text, parts.path),
        (PathRule::AsSent, S3Path::AsSent) => path::push_as_sent(&mut text, parts.path),
        (PathRule::AsSent, S3Path::Encoded) => path::push_encoded(&mut text, parts.path),
    }
    text.push(b'\n');
    query::push(&mut text, parts.query);
    text.push(b'\n');
    for name in signed_headers.split(';') {
        headers::push(&mut text, parts.headers, name);
    }
    text.push(b'\n');
    text.extend_from_slice(signed_headers.as_bytes());
    text.push(b'\n');
    text.extend_from_slice(payload_hash);
    text
}
