//! The credential scope: `keyid/date/region/service/aws4_request`.

use std::borrow::Cow;

use crate::SignatureError;

/// The last element of every scope.
pub(crate) const TERMINATOR: &str = "aws4_request";

/// A credential as presented, split into its five parts. Nothing of it is proven yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialScope<'a> {
    raw: Cow<'a, str>,
    /// Byte positions of the four slashes in `raw`.
    slashes: [usize; 4],
}

impl<'a> CredentialScope<'a> {
    /// Splits `keyid/date/region/service/aws4_request`.
    ///
    /// # Errors
    /// [`SignatureError::Incomplete`] unless there are five non-empty parts and
    /// [`SignatureError::WrongScope`] if the last is not `aws4_request`.
    pub fn parse(raw: Cow<'a, str>) -> Result<Self, SignatureError> {
        let mut slashes = [0; 4];
        let mut found = 0;
        for (position, _) in raw.match_indices('/') {
            if let Some(slot) = slashes.get_mut(found) {
                *slot = position;
            }
            found += 1;
        }
        if found != slashes.len() || raw.split('/').any(str::is_empty) {
            return Err(SignatureError::Incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term, got '{raw}'"
            )));
        }
        let scope = Self { raw, slashes };
        if scope.part(4) != TERMINATOR {
            return Err(SignatureError::WrongScope(format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'.",
                scope.part(4)
            )));
        }
        Ok(scope)
    }

    fn part(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.slashes[index - 1] + 1 };
        let end = self.slashes.get(index).copied().unwrap_or(self.raw.len());
        &self.raw[start..end]
    }

    /// The access key id.
    pub fn access_key_id(&self) -> &str {
        self.part(0)
    }

    /// The date as eight digits, `20150830`.
    pub fn date(&self) -> &str {
        self.part(1)
    }

    /// The region.
    pub fn region(&self) -> &str {
        self.part(2)
    }

    /// The signing name of the service.
    pub fn service(&self) -> &str {
        self.part(3)
    }

    /// Everything as presented; the key of the signing key cache.
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// The scope without the key id, as it enters the string to sign.
    pub(crate) fn without_key_id(&self) -> &str {
        &self.raw[self.slashes[0] + 1..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_parts_or_nothing() {
        let scope = CredentialScope::parse("AKID/20150830/us-east-1/iam/aws4_request".into()).unwrap();
        assert_eq!(scope.access_key_id(), "AKID");
        assert_eq!((scope.date(), scope.region(), scope.service()), ("20150830", "us-east-1", "iam"));
        assert_eq!(scope.without_key_id(), "20150830/us-east-1/iam/aws4_request");
        for bad in
            ["", "a", "a/b/c/d", "a/b/c/d/aws4_request/e", "/b/c/d/aws4_request", "a/b//d/aws4_request"]
        {
            assert!(
                matches!(CredentialScope::parse(bad.into()), Err(SignatureError::Incomplete(_))),
                "{bad}"
            );
        }
        assert!(matches!(CredentialScope::parse("a/b/c/d/aws5".into()), Err(SignatureError::WrongScope(_))));
    }
}
