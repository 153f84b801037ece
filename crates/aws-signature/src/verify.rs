//! Proving a claim with the secret.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::canonical::{self, S3Path};
use crate::chunked::{ChunkDecoder, ChunkMode};
use crate::presented::{Form, Presented};
use crate::{
    CLOCK_SKEW_SECONDS, Explanation, KeyCache, PathRule, Payload, RequestParts, Rules, SignatureError,
    Timestamp, hex, string_to_sign,
};

/// A proven signature and what is left to check while the body arrives.
#[derive(Debug)]
pub struct Verified {
    /// What the body must still satisfy.
    pub payload: PayloadCheck,
}

/// What the signature says about the body.
#[derive(Debug)]
pub enum PayloadCheck {
    /// The body was there and is the signed one.
    Done,
    /// The body was unread: it must have this SHA-256.
    Sha256([u8; 32]),
    /// The signer left the body unsigned.
    Unsigned,
    /// The body is `aws-chunked`: it must be read through this decoder.
    Chunked(Box<ChunkDecoder>),
}

/// Verifies a claim under the rules of the service it names. See [`verify_with`].
///
/// # Errors
/// As [`verify_with`].
pub fn verify(
    parts: &RequestParts<'_>,
    presented: &Presented<'_>,
    secret: &str,
    now: Timestamp,
    cache: &KeyCache,
) -> Result<Verified, SignatureError> {
    verify_with(parts, presented, secret, now, cache, Rules::for_service(presented.scope.service()))
}

/// Verifies that the holder of `secret` signed this request for the presented scope, in time.
///
/// The caller has looked up `secret` by the key id of the claim, compared the session token with
/// the key's, and will see to it that the service of the scope is the one that answers.
///
/// # Errors
/// [`SignatureError`] says which rule was broken; nothing else about the request is then proven.
pub fn verify_with(
    parts: &RequestParts<'_>,
    presented: &Presented<'_>,
    secret: &str,
    now: Timestamp,
    cache: &KeyCache,
    rules: Rules,
) -> Result<Verified, SignatureError> {
    check_time(presented, now, rules)?;
    check_scope_date(presented)?;
    check_signed_headers(parts, presented)?;
    let body = signed_body(parts, presented, rules)?;
    let key = cache.key(&presented.scope, secret);

    let attempt = |spelling| {
        let request = canonical::request(parts, rules.path, spelling, &presented.signed_headers, body.line());
        let hash = Sha256::digest(&request).into();
        let text = string_to_sign::of_request(presented.timestamp, presented.scope.without_key_id(), &hash);
        let wanted = hex::encode(&key.sign(&text));
        (bool::from(wanted.as_slice().ct_eq(presented.signature.as_bytes())), request, text)
    };
    let (mut matches, request, text) = attempt(S3Path::AsSent);
    if !matches && rules.path == PathRule::AsSent && canonical::has_unencoded(parts.path) {
        (matches, _, _) = attempt(S3Path::Encoded);
    }
    if !matches {
        return Err(SignatureError::Mismatch(Box::new(Explanation {
            canonical_request: String::from_utf8_lossy(&request).into_owned(),
            string_to_sign: String::from_utf8_lossy(&text).into_owned(),
        })));
    }
    let payload = match body {
        SignedBody::Computed(_) => PayloadCheck::Done,
        // Only a proven hash is worth comparing: a wrong signature is reported as such first.
        SignedBody::Declared(hash, _) => match parts.payload {
            Payload::Unread => PayloadCheck::Sha256(hash),
            Payload::Bytes(bytes) => compare(hash, Sha256::digest(bytes).into())?,
            Payload::Sha256(actual) => compare(hash, actual)?,
        },
        SignedBody::Unsigned => PayloadCheck::Unsigned,
        SignedBody::Chunked(mode, _) => PayloadCheck::Chunked(Box::new(ChunkDecoder::new(
            mode,
            key,
            presented.timestamp,
            presented.scope.without_key_id(),
            &presented.signature,
            decoded_length(parts),
        ))),
    };
    Ok(Verified { payload })
}

fn compare(declared: [u8; 32], actual: [u8; 32]) -> Result<PayloadCheck, SignatureError> {
    if declared == actual { Ok(PayloadCheck::Done) } else { Err(SignatureError::PayloadMismatch) }
}

/// The length an `aws-chunked` body announces for its content.
fn decoded_length(parts: &RequestParts<'_>) -> Option<u64> {
    parts.header("x-amz-decoded-content-length")?.parse().ok()
}

fn check_time(presented: &Presented<'_>, now: Timestamp, rules: Rules) -> Result<(), SignatureError> {
    let signed = presented.timestamp;
    let latest = now.plus(CLOCK_SKEW_SECONDS);
    if signed > latest {
        return Err(SignatureError::NotYetCurrent { signed, latest, now });
    }
    match presented.form {
        Form::Header => {
            let earliest = now.plus(-CLOCK_SKEW_SECONDS);
            if signed < earliest {
                return Err(SignatureError::Expired { signed, earliest, now });
            }
        }
        Form::Presigned { expires } => {
            let seconds = expires.or(rules.presigned_default_seconds).ok_or_else(|| {
                SignatureError::BadExpires(
                    "AWS query-string parameters must include 'X-Amz-Expires'.".to_owned(),
                )
            })?;
            let expired = signed.plus(seconds);
            if now > expired {
                return Err(SignatureError::PresignExpired { expired, now });
            }
        }
    }
    Ok(())
}

/// The day of the scope, which chose the key, must be the day of signing.
fn check_scope_date(presented: &Presented<'_>) -> Result<(), SignatureError> {
    let (scoped, signed) = (presented.scope.date(), presented.timestamp.date());
    if scoped == signed {
        return Ok(());
    }
    Err(SignatureError::WrongScope(format!(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scoped}' != \
         '{signed}', from '{}'.",
        presented.timestamp
    )))
}

/// The host and every `x-amz-` header must be signed, or somebody on the way could send the
/// request elsewhere or turn it into another one.
fn check_signed_headers(parts: &RequestParts<'_>, presented: &Presented<'_>) -> Result<(), SignatureError> {
    let signed =
        |name: &str| presented.signed_headers.split(';').any(|known| known.eq_ignore_ascii_case(name));
    if !signed("host") && !signed(":authority") {
        return Err(SignatureError::HostNotSigned);
    }
    let mut unsigned = None;
    parts.headers.names(&mut |name| {
        if unsigned.is_none() && must_be_signed(name) && !signed(name) {
            unsigned = Some(name.to_ascii_lowercase());
        }
    });
    unsigned.map_or(Ok(()), |name| Err(SignatureError::UnsignedHeader(name)))
}

/// The token is proven by the key it belongs to, and some clients add it after signing; the agent
/// text is left out by some SDKs. Neither changes what a request means.
fn must_be_signed(name: &str) -> bool {
    const PREFIX: &[u8] = b"x-amz-";
    name.as_bytes().get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
        && !name.eq_ignore_ascii_case("x-amz-security-token")
        && !name.eq_ignore_ascii_case("x-amz-user-agent")
}

/// The last line of the canonical request and what it commits the body to.
enum SignedBody<'a> {
    Computed([u8; 64]),
    Declared([u8; 32], &'a str),
    Unsigned,
    Chunked(ChunkMode, &'a str),
}

impl SignedBody<'_> {
    fn line(&self) -> &[u8] {
        match self {
            Self::Computed(digits) => digits,
            Self::Declared(_, text) | Self::Chunked(_, text) => text.as_bytes(),
            Self::Unsigned => UNSIGNED_PAYLOAD.as_bytes(),
        }
    }
}

const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

fn signed_body<'a>(
    parts: &RequestParts<'a>,
    presented: &Presented<'_>,
    rules: Rules,
) -> Result<SignedBody<'a>, SignatureError> {
    let Some(declared) = parts.header("x-amz-content-sha256") else {
        let presigned = matches!(presented.form, Form::Presigned { .. });
        if presigned && rules.presigned_without_payload {
            return Ok(SignedBody::Unsigned);
        }
        return match parts.payload {
            Payload::Bytes(bytes) => Ok(SignedBody::Computed(hex::encode(&Sha256::digest(bytes).into()))),
            Payload::Sha256(hash) => Ok(SignedBody::Computed(hex::encode(&hash))),
            Payload::Unread => Err(SignatureError::BadPayloadHash),
        };
    };
    if let Some(hash) = hex::decode(declared.as_bytes()) {
        return Ok(SignedBody::Declared(hash, declared));
    }
    if !rules.unsigned_payload {
        return Err(SignatureError::BadPayloadHash);
    }
    if declared == UNSIGNED_PAYLOAD {
        return Ok(SignedBody::Unsigned);
    }
    ChunkMode::from_payload_hash(declared)
        .map(|mode| SignedBody::Chunked(mode, declared))
        .ok_or(SignatureError::BadPayloadHash)
}
