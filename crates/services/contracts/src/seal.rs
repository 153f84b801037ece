//! Encryption of secrets at rest.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};

/// Context (followed by `/` and the account) in which the authoriser seals the reason of a refusal, for STS to open.
pub const AUTHORIZATION_MESSAGE: &str = "sts/authorization-message";

/// Why a sealed value could not be made or opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealError {
    /// The value was not sealed with this key and context, or was altered.
    #[error("the sealed value cannot be opened with this data directory's key")]
    Open,
    /// The kernel gave no randomness, or the value is too long.
    #[error("the value cannot be sealed")]
    Seal,
}

/// Seals values with AES-256-GCM under the data directory's key; the context (a record's key) is authenticated.
#[derive(Clone)]
pub struct Sealer {
    cipher: Aes256Gcm,
}

impl Sealer {
    /// With the 32 bytes of the data directory's key file, or random ones for an ephemeral cloud.
    pub fn new(key: &[u8; 32]) -> Sealer {
        Sealer { cipher: Aes256Gcm::new(key.into()) }
    }

    /// Nonce and ciphertext in one.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0u8; 12];
        getrandom::fill(&mut nonce).map_err(|_| SealError::Seal)?;
        let payload = Payload { msg: plain, aad: context.as_bytes() };
        let sealed = self.cipher.encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| SealError::Seal)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// The plain value.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, sealed) = sealed.split_at_checked(12).ok_or(SealError::Open)?;
        let payload = Payload { msg: sealed, aad: context.as_bytes() };
        self.cipher.decrypt(Nonce::from_slice(nonce), payload).map_err(|_| SealError::Open)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_unaltered_in_its_context() {
        let sealer = Sealer::new(&[7; 32]);
        let mut sealed = sealer.seal("/a", b"secret").unwrap();
        assert_eq!(sealer.open("/a", &sealed).unwrap(), b"secret");
        assert_eq!(sealer.open("/b", &sealed), Err(SealError::Open));
        assert_eq!(Sealer::new(&[8; 32]).open("/a", &sealed), Err(SealError::Open));
        *sealed.last_mut().unwrap() ^= 1;
        assert_eq!(sealer.open("/a", &sealed), Err(SealError::Open));
        assert_eq!(sealer.open("/a", b"short"), Err(SealError::Open));
    }
}
