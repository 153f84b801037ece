//! Signature Version 4: header, presigned, POST policy, chunked.
//!
//! Three steps, each usable alone:
//!
//! 1. [`parse`] reads what a request *claims* (key id, scope, signed headers) without any secret.
//! 2. [`verify`] proves the claim with the secret access key; the expensive part of the key
//!    derivation is remembered in a bounded [`KeyCache`].
//! 3. [`ChunkDecoder`] unwraps `aws-chunked` bodies and checks their signatures on the way.
//!
//! [`Signer`] does the opposite of all three, for our own clients and for tests.
//!
//! The crate is pure: no clock, no sockets, no runtime. Time comes in as a [`Timestamp`].
//!
//! Rules: "AWS Signature Version 4 for API requests" (IAM user guide) and "Authenticating
//! Requests (AWS Signature Version 4)" (S3 API reference).

mod canonical;
mod chunked;
mod error;
mod explanation;
mod fault;
mod hex;
mod key_cache;
mod parse_header;
mod parse_query;
mod post_policy;
mod presented;
mod request;
mod rules;
mod scope;
mod signer;
mod string_to_sign;
mod timestamp;
mod verify;

pub use chunked::{ChunkDecoder, ChunkEncoder, ChunkError, ChunkMode, Trailers};
pub use error::SignatureError;
pub use explanation::Explanation;
pub use fault::{Dialect, SignatureFault};
pub use key_cache::{KeyCache, SigningKey};
pub use post_policy::{PostPolicy, sign_post_policy};
pub use presented::{Form, Presented, parse};
pub use request::{HeaderSource, Payload, RequestParts};
pub use rules::{PathRule, Rules, is_s3};
pub use scope::CredentialScope;
pub use signer::{SignedHeaders, Signer};
pub use timestamp::Timestamp;
pub use verify::{PayloadCheck, Verified, verify, verify_with};

/// How far the clock of a client may be from ours, in seconds (15 minutes, both ways).
pub const CLOCK_SKEW_SECONDS: i64 = 15 * 60;

/// The longest life of a presigned request, in seconds (7 days).
pub const LONGEST_PRESIGN_SECONDS: i64 = 7 * 24 * 60 * 60;
