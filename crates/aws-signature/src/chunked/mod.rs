//! `aws-chunked` bodies: content cut into chunks, each signed in a chain that starts at the
//! signature of the request, with optional trailing headers.

mod chain;
mod decoder;
mod encoder;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use decoder::ChunkDecoder;
pub use encoder::ChunkEncoder;

/// Trailing headers in the order of arrival, names in lower case, without the trailer signature.
pub type Trailers = Vec<(String, String)>;

/// The three forms of `aws-chunked`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkMode {
    /// Every chunk signed.
    Signed,
    /// Every chunk signed, and the trailing headers too.
    SignedTrailer,
    /// Nothing signed but the request itself; trailing headers carry a checksum.
    UnsignedTrailer,
}

impl ChunkMode {
    /// The form that this value of `X-Amz-Content-Sha256` announces.
    pub fn from_payload_hash(value: &str) -> Option<Self> {
        [Self::Signed, Self::SignedTrailer, Self::UnsignedTrailer]
            .into_iter()
            .find(|mode| mode.payload_hash() == value)
    }

    /// The value of `X-Amz-Content-Sha256` that announces this form.
    pub fn payload_hash(self) -> &'static str {
        match self {
            Self::Signed => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            Self::SignedTrailer => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            Self::UnsignedTrailer => "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        }
    }

    fn signs_chunks(self) -> bool {
        self != Self::UnsignedTrailer
    }
}

/// Why a chunked body was refused. What was decoded before the error must be thrown away.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChunkError {
    /// A chunk header, line end or trailer does not have the form it must have.
    #[error("The aws-chunked body is malformed: {0}")]
    Malformed(&'static str),
    /// The body ended before its last chunk.
    #[error("The aws-chunked body ended early")]
    Truncated,
    /// A line or the trailers together are longer than any client makes them.
    #[error("The aws-chunked framing exceeds its limits")]
    TooLong,
    /// The content is longer or shorter than `X-Amz-Decoded-Content-Length` says.
    #[error("The decoded content does not have the announced length of {announced} bytes")]
    WrongLength {
        /// What the header said.
        announced: u64,
    },
    /// A chunk or the trailer carries a wrong signature.
    #[error("The chunk signature we calculated does not match the signature you provided")]
    SignatureMismatch,
}
