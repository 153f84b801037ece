//! Everything that can be wrong with a signature.

use thiserror::Error;

use crate::{Explanation, Timestamp};

/// Why a signature was not accepted. [`SignatureError::fault`] gives code, status and message as
/// the protocol of a service wants them.
#[derive(Debug, Error)]
pub enum SignatureError {
    /// The request carries no credentials at all.
    #[error("Request is missing Authentication Token")]
    Missing,
    /// Parts of the signature are absent or malformed; the text says which.
    #[error("{0}")]
    Incomplete(String),
    /// The request names an algorithm other than `AWS4-HMAC-SHA256`.
    #[error("Unsupported AWS 'algorithm': '{0}'.")]
    UnsupportedAlgorithm(String),
    /// Both an `Authorization` header and presigned parameters are present.
    #[error(
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query \
         string parameter or the Authorization header should be specified"
    )]
    TwoMechanisms,
    /// The credential scope does not fit the request; the text says how.
    #[error("{0}")]
    WrongScope(String),
    /// `X-Amz-Expires` is not a number of seconds between 1 and 604800.
    #[error("{0}")]
    BadExpires(String),
    /// Signed longer ago than the clock skew allows.
    #[error("Signature expired: {signed} is now earlier than {earliest} ({now} - 15 min.)")]
    Expired {
        /// The time in the request.
        signed: Timestamp,
        /// The earliest time that would still be accepted.
        earliest: Timestamp,
        /// The time of the server.
        now: Timestamp,
    },
    /// Signed further in the future than the clock skew allows.
    #[error("Signature not yet current: {signed} is still later than {latest} ({now} + 15 min.)")]
    NotYetCurrent {
        /// The time in the request.
        signed: Timestamp,
        /// The latest time that would be accepted.
        latest: Timestamp,
        /// The time of the server.
        now: Timestamp,
    },
    /// The life of a presigned request is over.
    #[error("Signature expired: {expired} is now earlier than {now}")]
    PresignExpired {
        /// The end of the request's life.
        expired: Timestamp,
        /// The time of the server.
        now: Timestamp,
    },
    /// A header whose meaning matters is present but not signed; its name.
    #[error("There were headers present in the request which were not signed: {0}")]
    UnsignedHeader(String),
    /// `'Host' or ':authority'` is not among the signed headers.
    #[error("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")]
    HostNotSigned,
    /// `X-Amz-Content-Sha256` is neither a hash nor a form this service accepts.
    #[error(
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
         STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid \
         sha256 value."
    )]
    BadPayloadHash,
    /// The body is not the one the `X-Amz-Content-Sha256` header speaks of.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    PayloadMismatch,
    /// The signature is not the one we computed.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS \
         Secret Access Key and signing method. Consult the service documentation for details."
    )]
    Mismatch(Box<Explanation>),
}
