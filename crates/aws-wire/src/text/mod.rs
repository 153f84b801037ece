//! Scalars as text: numbers, floats with their special values, timestamps in three formats, base64.

mod number;
mod timestamp;

pub(crate) use number::{boolean, double, float_text, integer, push_integer};
pub(crate) use timestamp::{parse_timestamp, write_timestamp};

use aws_schema::ReadError;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Standard base64; padding may be missing when reading, as AWS accepts it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Appends base64 of `bytes`.
pub(crate) fn push_base64(out: &mut String, bytes: &[u8]) {
    BASE64.encode_string(bytes, out);
}

/// Decodes base64.
pub(crate) fn base64(text: &str) -> Result<Vec<u8>, ReadError> {
    if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        let packed: String = text.split_ascii_whitespace().collect();
        return BASE64.decode(packed).map_err(|_| ReadError::new("Invalid base64 content"));
    }
    BASE64.decode(text).map_err(|_| ReadError::new("Invalid base64 content"))
}
