//! IMDSv2 session tokens: stateless, bound to one instance, valid up to six hours (EC2 User Guide, "Use IMDSv2").

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use hmac::{Hmac, Mac};
use records::Millis;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Longest life of a token in seconds.
pub(crate) const MAX_TTL: u32 = 21_600;

/// Makes and checks tokens.
#[derive(Clone)]
pub(crate) struct Tokens {
    key: [u8; 32],
}

impl Tokens {
    /// With key material that survives restarts, so that tokens do too.
    pub(crate) fn new(key: [u8; 32]) -> Tokens {
        Tokens { key }
    }

    fn tag(&self, instance_id: &str, expires: [u8; 8]) -> Vec<u8> {
        // HMAC accepts keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return Vec::new() };
        mac.update(b"imds\0");
        mac.update(instance_id.as_bytes());
        mac.update(&expires);
        mac.finalize().into_bytes().to_vec()
    }

    /// A token of the instance, good for `ttl` seconds.
    pub(crate) fn issue(&self, instance_id: &str, now: Millis, ttl: u32) -> String {
        let expires = (now + Millis::from(ttl) * 1000).to_be_bytes();
        URL_SAFE.encode([&expires[..], &self.tag(instance_id, expires)].concat())
    }

    /// Seconds left of a token, or nothing when it is not this instance's or is over.
    pub(crate) fn check(&self, instance_id: &str, now: Millis, token: &str) -> Option<i64> {
        let bytes = URL_SAFE.decode(token).ok()?;
        let (expires, tag) = bytes.split_first_chunk::<8>()?;
        let expected = self.tag(instance_id, *expires);
        if expected.is_empty() || !bool::from(expected.ct_eq(tag)) {
            return None;
        }
        let left = Millis::from_be_bytes(*expires) - now;
        (left > 0).then_some(left / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_instance_and_time() {
        let tokens = Tokens::new([1; 32]);
        let token = tokens.issue("i-1", 1_000, 60);
        assert_eq!(tokens.check("i-1", 1_000, &token), Some(60));
        assert_eq!(tokens.check("i-1", 31_000, &token), Some(30));
        assert_eq!(tokens.check("i-1", 61_001, &token), None);
        assert_eq!(tokens.check("i-2", 1_000, &token), None);
        assert_eq!(Tokens::new([2; 32]).check("i-1", 1_000, &token), None);
        for bad in ["", "x", "AAAAAAAAAAA=", &token[..token.len() - 4]] {
            assert_eq!(tokens.check("i-1", 1_000, bad), None);
        }
    }
}
