//! The text that is signed: algorithm, time, scope, hash of the canonical request.

use std::io::Write;

use crate::{Timestamp, hex};

/// The one algorithm there is.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Writes the string to sign of a request.
pub(crate) fn of_request(timestamp: Timestamp, scope: &str, canonical_hash: &[u8; 32]) -> Vec<u8> {
    let mut text = header(ALGORITHM, timestamp, scope, 64);
    text.extend_from_slice(&hex::encode(canonical_hash));
    text
}

/// Writes the string to sign of one chunk of a body (S3, "Signature calculations: chunked").
pub(crate) fn of_chunk(timestamp: Timestamp, scope: &str, previous: &[u8], data_hash: &[u8; 32]) -> Vec<u8> {
    let mut text = header("AWS4-HMAC-SHA256-PAYLOAD", timestamp, scope, 200);
    text.extend_from_slice(previous);
    text.push(b'\n');
    text.extend_from_slice(hex::EMPTY_SHA256.as_bytes());
    text.push(b'\n');
    text.extend_from_slice(&hex::encode(data_hash));
    text
}

/// Writes the string to sign of the trailing headers of a chunked body.
pub(crate) fn of_trailer(timestamp: Timestamp, scope: &str, previous: &[u8], hash: &[u8; 32]) -> Vec<u8> {
    let mut text = header("AWS4-HMAC-SHA256-TRAILER", timestamp, scope, 130);
    text.extend_from_slice(previous);
    text.push(b'\n');
    text.extend_from_slice(&hex::encode(hash));
    text
}

/// The three lines all forms begin with; `scope` is without the key id.
fn header(algorithm: &str, timestamp: Timestamp, scope: &str, room: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(algorithm.len() + scope.len() + 32 + room);
    // Writing into a Vec cannot fail.
    let _ = writeln!(text, "{algorithm}\n{timestamp}\n{scope}");
    text
}
