//! From the body as sent to the content that was meant: `aws-chunked` bodies are unwrapped.

use std::borrow::Cow;
use std::sync::Arc;

use aws_schema::Fault;
use aws_signature::{ChunkDecoder, ChunkError, ChunkMode, Presented, SigningKey, is_s3};

use crate::head::Head;

/// The content of a body whose signature (if any was asked for) has been verified.
///
/// `verified` is the decoder that proves the chunks' signatures. In open mode there is none, and
/// the chunks are unwrapped without looking at their signatures.
pub(crate) fn unwrap<'a>(
    head: &Head,
    claim: Option<&Presented<'_>>,
    verified: Option<Box<ChunkDecoder>>,
    body: &'a [u8],
) -> Result<Cow<'a, [u8]>, Fault> {
    let decoder = match verified {
        Some(decoder) => decoder,
        None if claim.is_some_and(|claim| is_s3(claim.scope.service())) && is_chunked(head) => {
            Box::new(believing_decoder(head, claim))
        }
        None => return Ok(Cow::Borrowed(body)),
    };
    decode(*decoder, body).map(Cow::Owned).map_err(|error| fault(&error))
}

fn is_chunked(head: &Head) -> bool {
    head.header_named("x-amz-content-sha256").and_then(ChunkMode::from_payload_hash).is_some()
}

/// Reads all three forms: taken as unsigned, a chunk's signature is an extension that is skipped.
fn believing_decoder(head: &Head, claim: Option<&Presented<'_>>) -> ChunkDecoder {
    let announced = head.header_named("x-amz-decoded-content-length").and_then(|length| length.parse().ok());
    let timestamp = claim.map_or(aws_signature::Timestamp::from_unix(0), |claim| claim.timestamp);
    let key = Arc::new(SigningKey::derive("", "", "", ""));
    ChunkDecoder::new(ChunkMode::UnsignedTrailer, key, timestamp, "", "", announced)
}

fn decode(mut decoder: ChunkDecoder, body: &[u8]) -> Result<Vec<u8>, ChunkError> {
    let mut content = Vec::with_capacity(body.len());
    decoder.feed(body, &mut content)?;
    decoder.finish()?;
    Ok(content)
}

/// S3 API reference, "Error responses".
fn fault(error: &ChunkError) -> Fault {
    match error {
        ChunkError::SignatureMismatch => {
            Fault::sender("SignatureDoesNotMatch", error.to_string()).with_status(403)
        }
        ChunkError::Truncated | ChunkError::WrongLength { .. } => Fault::sender(
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header.",
        ),
        ChunkError::Malformed(_) | ChunkError::TooLong => Fault::sender("InvalidRequest", error.to_string()),
    }
}
