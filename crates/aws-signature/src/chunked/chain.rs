//! The chain of signatures: each covers its predecessor.

use std::sync::Arc;

use crate::{SigningKey, Timestamp, hex, string_to_sign};

/// The state both sides keep: who signs, and the signature the next one builds on.
#[derive(Debug)]
pub(super) struct Chain {
    key: Arc<SigningKey>,
    timestamp: Timestamp,
    /// Without the key id.
    scope: String,
    previous: Vec<u8>,
}

impl Chain {
    pub(super) fn new(key: Arc<SigningKey>, timestamp: Timestamp, scope: &str, seed: &str) -> Self {
        Self { key, timestamp, scope: scope.to_owned(), previous: seed.as_bytes().to_vec() }
    }

    /// The signature of the next chunk, given the SHA-256 of its data.
    pub(super) fn next_chunk(&mut self, data_hash: &[u8; 32]) -> [u8; 64] {
        let text = string_to_sign::of_chunk(self.timestamp, &self.scope, &self.previous, data_hash);
        self.advance(&text)
    }

    /// The signature of the trailer, given the SHA-256 of its canonical lines.
    pub(super) fn trailer(&mut self, hash: &[u8; 32]) -> [u8; 64] {
        let text = string_to_sign::of_trailer(self.timestamp, &self.scope, &self.previous, hash);
        self.advance(&text)
    }

    fn advance(&mut self, text: &[u8]) -> [u8; 64] {
        let signature = hex::encode(&self.key.sign(text));
        self.previous.clear();
        self.previous.extend_from_slice(&signature);
        signature
    }
}
