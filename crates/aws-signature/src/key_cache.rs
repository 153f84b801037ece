//! Signing keys, derived once per key id, day, region and service.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, Mac};
use parking_lot::RwLock;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::CredentialScope;
use crate::scope::TERMINATOR;

type HmacSha256 = Hmac<Sha256>;

/// Longest credential that is remembered, in bytes. Real ones have about 70; a client with a valid
/// key must not be able to fill the cache with kilobytes of invented region names.
const LONGEST_REMEMBERED: usize = 256;

/// A derived signing key, ready to sign: the padded key is already absorbed, which saves two of
/// the four compressions of every HMAC.
#[derive(Clone)]
pub struct SigningKey(HmacSha256);

impl SigningKey {
    /// Derives the key for a secret access key and a scope.
    pub fn derive(secret: &str, date: &str, region: &str, service: &str) -> Self {
        let mut first = Vec::with_capacity(4 + secret.len());
        first.extend_from_slice(b"AWS4");
        first.extend_from_slice(secret.as_bytes());
        let of_date = keyed(&first).sign(date.as_bytes());
        let of_region = keyed(&of_date).sign(region.as_bytes());
        let of_service = keyed(&of_region).sign(service.as_bytes());
        keyed(&keyed(&of_service).sign(TERMINATOR.as_bytes()))
    }

    /// The HMAC-SHA256 of `message` under this key.
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningKey(..)")
    }
}

fn keyed(key: &[u8]) -> SigningKey {
    // HMAC takes keys of every length; the error cannot occur, and a wrong key only fails to verify.
    SigningKey(HmacSha256::new_from_slice(key).unwrap_or_else(|_| HmacSha256::new(&Default::default())))
}

struct Entry {
    /// The secret the key was derived from: an id that was deleted and issued again (a reset
    /// cloud) must not verify under the old secret.
    secret: Box<[u8]>,
    key: Arc<SigningKey>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Box<str>, Entry>,
    old: HashMap<Box<str>, Entry>,
}

/// A bounded store of signing keys, shared between threads.
///
/// Two generations: when the young one is full it becomes the old one and the old one is
/// forgotten. Keys in use move back to the young one, so that yesterday's keys go by themselves.
pub struct KeyCache {
    generations: RwLock<Generations>,
    half: usize,
}

impl Default for KeyCache {
    /// A cache of 4,096 keys, about 2 MiB when full.
    fn default() -> Self {
        Self::with_capacity(4_096)
    }
}

impl KeyCache {
    /// A cache that never holds more than `capacity` keys (at least 2).
    pub fn with_capacity(capacity: usize) -> Self {
        Self { generations: RwLock::default(), half: (capacity / 2).max(1) }
    }

    /// The signing key of `scope` for the holder of `secret`.
    pub fn key(&self, scope: &CredentialScope<'_>, secret: &str) -> Arc<SigningKey> {
        let name = scope.as_str();
        if name.len() > LONGEST_REMEMBERED {
            return Arc::new(SigningKey::derive(secret, scope.date(), scope.region(), scope.service()));
        }
        {
            let generations = self.generations.read();
            if let Some(entry) = generations.young.get(name).filter(|entry| entry.is_of(secret)) {
                return Arc::clone(&entry.key);
            }
        }
        let mut generations = self.generations.write();
        let key = match generations.old.remove(name).filter(|entry| entry.is_of(secret)) {
            Some(entry) => entry.key,
            None => Arc::new(SigningKey::derive(secret, scope.date(), scope.region(), scope.service())),
        };
        if generations.young.len() >= self.half && !generations.young.contains_key(name) {
            generations.old = std::mem::take(&mut generations.young);
        }
        let entry = Entry { secret: secret.as_bytes().into(), key: Arc::clone(&key) };
        generations.young.insert(name.into(), entry);
        key
    }

    /// The number of keys held.
    pub fn len(&self) -> usize {
        let generations = self.generations.read();
        generations.young.len() + generations.old.len()
    }

    /// Whether no key is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets every key.
    pub fn clear(&self) {
        *self.generations.write() = Generations::default();
    }
}

impl Entry {
    fn is_of(&self, secret: &str) -> bool {
        self.secret.ct_eq(secret.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> CredentialScope<'_> {
        CredentialScope::parse(text.into()).unwrap()
    }

    #[test]
    fn never_more_than_its_capacity() {
        let cache = KeyCache::with_capacity(10);
        for number in 0..100 {
            let text = format!("AKID{number}/20150830/us-east-1/iam/aws4_request");
            cache.key(&scope(&text), "secret");
            assert!(cache.len() <= 10, "{}", cache.len());
        }
        cache.clear();
        assert!(cache.is_empty());
    }

    #[test]
    fn absurd_scopes_are_not_remembered() {
        let cache = KeyCache::default();
        let text = format!("AKID/20150830/{}/iam/aws4_request", "x".repeat(LONGEST_REMEMBERED));
        cache.key(&scope(&text), "secret");
        assert!(cache.is_empty());
    }

    #[test]
    fn a_key_in_use_stays() {
        let cache = KeyCache::with_capacity(4);
        let used = scope("AKID/20150830/us-east-1/iam/aws4_request");
        let first = cache.key(&used, "secret");
        for number in 0..50 {
            let text = format!("OTHER{number}/20150830/us-east-1/iam/aws4_request");
            cache.key(&scope(&text), "secret");
            assert!(Arc::ptr_eq(&first, &cache.key(&used, "secret")));
        }
    }

    #[test]
    fn a_new_secret_gives_a_new_key() {
        let cache = KeyCache::default();
        let used = scope("AKID/20150830/us-east-1/iam/aws4_request");
        let old = cache.key(&used, "one").sign(b"x");
        let new = cache.key(&used, "two").sign(b"x");
        assert_ne!(old, new);
        assert_eq!(new, SigningKey::derive("two", "20150830", "us-east-1", "iam").sign(b"x"));
        assert_eq!(cache.len(), 1);
    }

    /// The derivation example of the IAM user guide.
    #[test]
    fn derivation_matches_the_document() {
        let key =
            SigningKey::derive("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam");
        let text = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
                    f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
        assert_eq!(
            crate::hex::encode_string(&key.sign(text.as_bytes())),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }
}
