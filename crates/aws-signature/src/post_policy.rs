//! S3 POST policies: a browser form whose base64 policy text is signed.
//!
//! The signature is proven here; whether the form obeys the policy (its expiration and conditions)
//! is a matter of the object store, which reads the policy's JSON.

use std::borrow::Cow;

use subtle::ConstantTimeEq;

use crate::string_to_sign::ALGORITHM;
use crate::{CredentialScope, Explanation, KeyCache, SignatureError, SigningKey, Timestamp, hex, is_s3};

/// The signature fields of an S3 form upload. Nothing of it is proven yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostPolicy<'a> {
    /// The base64 text of field `policy`, the very bytes that are signed.
    pub policy: &'a str,
    /// Field `x-amz-credential`.
    pub scope: CredentialScope<'a>,
    /// Field `x-amz-date`.
    pub timestamp: Timestamp,
    /// Field `x-amz-signature`.
    pub signature: &'a str,
    /// Field `x-amz-security-token`.
    pub session_token: Option<&'a str>,
}

impl<'a> PostPolicy<'a> {
    /// Reads the fields of a form; `field` finds one by its lower-case name. `None` if the form has
    /// no policy (an anonymous upload).
    ///
    /// # Errors
    /// [`SignatureError::Incomplete`] if a policy is there but a field it needs is not.
    pub fn parse(field: &dyn Fn(&str) -> Option<&'a str>) -> Result<Option<Self>, SignatureError> {
        let Some(policy) = field("policy") else { return Ok(None) };
        let need = |name: &str| {
            field(name).ok_or_else(|| {
                SignatureError::Incomplete(format!("Bucket POST must contain a field named '{name}'."))
            })
        };
        let algorithm = need("x-amz-algorithm")?;
        if algorithm != ALGORITHM {
            return Err(SignatureError::UnsupportedAlgorithm(algorithm.to_owned()));
        }
        let date = need("x-amz-date")?;
        let timestamp = Timestamp::parse_basic(date)
            .ok_or_else(|| SignatureError::Incomplete(format!("X-Amz-Date is malformed: '{date}'")))?;
        Ok(Some(Self {
            policy,
            scope: CredentialScope::parse(Cow::Borrowed(need("x-amz-credential")?))?,
            timestamp,
            signature: need("x-amz-signature")?,
            session_token: field("x-amz-security-token"),
        }))
    }

    /// Verifies that the holder of `secret` signed this policy.
    ///
    /// # Errors
    /// [`SignatureError::WrongScope`] for another service or day, [`SignatureError::Mismatch`] for a
    /// wrong signature.
    pub fn verify(&self, secret: &str, cache: &KeyCache) -> Result<(), SignatureError> {
        if !is_s3(self.scope.service()) || self.scope.date() != self.timestamp.date() {
            return Err(SignatureError::WrongScope(format!(
                "Credential '{}' does not fit an S3 policy of {}.",
                self.scope.as_str(),
                self.timestamp
            )));
        }
        let wanted = hex::encode(&cache.key(&self.scope, secret).sign(self.policy.as_bytes()));
        if bool::from(wanted.as_slice().ct_eq(self.signature.as_bytes())) {
            return Ok(());
        }
        Err(SignatureError::Mismatch(Box::new(Explanation {
            canonical_request: String::new(),
            string_to_sign: self.policy.to_owned(),
        })))
    }
}

/// Signs the base64 text of a policy: the value of field `x-amz-signature`.
pub fn sign_post_policy(policy_base64: &str, secret: &str, date: &str, region: &str) -> String {
    hex::encode_string(&SigningKey::derive(secret, date, region, "s3").sign(policy_base64.as_bytes()))
}
