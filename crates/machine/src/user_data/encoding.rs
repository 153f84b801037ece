//! gzip and base64, with limits.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// True for the two magic bytes of RFC 1952.
pub(super) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Decompresses at most `limit` bytes; more is an error, so that a small bomb cannot fill memory.
pub(super) fn gunzip(bytes: &[u8], limit: usize) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    flate2::read::MultiGzDecoder::new(bytes)
        .take(most)
        .read_to_end(&mut plain)
        .map_err(|error| format!("not valid gzip: {error}"))?;
    if plain.len() > limit { Err(format!("decompresses to more than {limit} bytes")) } else { Ok(plain) }
}

/// Standard base64 with line breaks anywhere; `None` when it is not.
pub(super) fn base64(bytes: &[u8]) -> Option<Vec<u8>> {
    let packed: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if packed.is_empty() { None } else { STANDARD.decode(packed).ok() }
}

/// Quoted-printable of RFC 2045; what does not follow it is kept as it stands.
pub(super) fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'=' {
            plain.push(byte);
        } else if let Some(after) = tail.strip_prefix(b"\r\n").or_else(|| tail.strip_prefix(b"\n")) {
            rest = after;
        } else if let Some(value) = tail.get(..2).and_then(hex_pair) {
            plain.push(value);
            rest = &tail[2..];
        } else {
            plain.push(b'=');
        }
    }
    plain
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)
}
