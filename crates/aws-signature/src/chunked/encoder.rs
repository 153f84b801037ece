//! Writing a chunked body, the client's side.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::ChunkMode;
use super::chain::Chain;
use super::decoder::hash_of_trailers;
use crate::{SigningKey, Timestamp};

/// Frames and signs content as `aws-chunked`.
#[derive(Debug)]
pub struct ChunkEncoder {
    mode: ChunkMode,
    chain: Chain,
}

impl ChunkEncoder {
    /// An encoder for the body of a request whose own signature is `seed`; `scope` is without the
    /// key id (`20130524/us-east-1/s3/aws4_request`).
    pub fn new(mode: ChunkMode, key: Arc<SigningKey>, timestamp: Timestamp, scope: &str, seed: &str) -> Self {
        Self { mode, chain: Chain::new(key, timestamp, scope, seed) }
    }

    /// Appends one chunk to `body`. An empty chunk would end the body, so it is left out.
    pub fn chunk(&mut self, data: &[u8], body: &mut Vec<u8>) {
        if data.is_empty() {
            return;
        }
        self.header(data, body);
        body.extend_from_slice(data);
        body.extend_from_slice(b"\r\n");
    }

    /// Appends the last chunk and the trailers (lower-case names). The form [`ChunkMode::Signed`]
    /// has no place for trailers and leaves them out.
    pub fn finish(mut self, trailers: &[(&str, &str)], body: &mut Vec<u8>) {
        self.header(&[], body);
        if self.mode != ChunkMode::Signed {
            for (name, value) in trailers {
                body.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
            }
        }
        if self.mode == ChunkMode::SignedTrailer {
            body.extend_from_slice(b"x-amz-trailer-signature:");
            body.extend_from_slice(&self.chain.trailer(&hash_of_trailers(trailers)));
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"\r\n");
    }

    fn header(&mut self, data: &[u8], body: &mut Vec<u8>) {
        body.extend_from_slice(format!("{:x}", data.len()).as_bytes());
        if self.mode.signs_chunks() {
            body.extend_from_slice(b";chunk-signature=");
            body.extend_from_slice(&self.chain.next_chunk(&Sha256::digest(data).into()));
        }
        body.extend_from_slice(b"\r\n");
    }
}
