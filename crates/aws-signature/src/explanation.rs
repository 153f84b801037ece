//! What the server computed, for a client that wants to find its mistake.

use std::fmt;

/// Longest text, in bytes, that is shown of either string; a hostile request cannot make the
/// answer large.
const LONGEST_SHOWN: usize = 8 * 1024;

/// The two intermediate strings of a signature that did not match. Neither is secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The canonical request as the server sees it.
    pub canonical_request: String,
    /// The string to sign made from it.
    pub string_to_sign: String,
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "The Canonical String for this request should have been\n'{}'\n\nThe String-to-Sign should \
             have been\n'{}'\n",
            shortened(&self.canonical_request),
            shortened(&self.string_to_sign)
        )
    }
}

impl fmt::Debug for Explanation {
    /// Short, because the canonical request may hold a session token and errors end up in logs.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Explanation").finish_non_exhaustive()
    }
}

fn shortened(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_SHOWN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_requests_are_cut_at_a_character() {
        let long = "a".repeat(LONGEST_SHOWN - 1) + "ሴ";
        assert_eq!(shortened(&long).len(), LONGEST_SHOWN - 1);
        assert_eq!(shortened("short"), "short");
    }

    #[test]
    fn debug_hides_the_request() {
        let explanation = Explanation {
            canonical_request: "x-amz-security-token:s3cret".into(),
            string_to_sign: String::new(),
        };
        assert!(!format!("{explanation:?}").contains("s3cret"));
        assert!(explanation.to_string().contains("s3cret"));
    }
}
