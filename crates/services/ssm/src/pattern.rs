//! Regular expressions of users: `AllowedPattern` of parameters and documents.

use fancy_regex::RegexBuilder;

/// Work a pattern may cause before it is given up; keeps a hostile pattern from holding a thread.
const BACKTRACK_LIMIT: usize = 100_000;

/// Why a value did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// The pattern is not a regular expression.
    BadPattern,
    /// The value is not what the pattern describes.
    Value,
}

/// Whether `value` as a whole is what `pattern` describes (Java's `matches`, which AWS uses). An empty pattern allows
/// everything.
pub(crate) fn check(pattern: &str, value: &str) -> Result<(), Mismatch> {
    if pattern.is_empty() {
        return Ok(());
    }
    let regex = RegexBuilder::new(&format!(r"\A(?:{pattern})\z"))
        .backtrack_limit(BACKTRACK_LIMIT)
        .delegate_size_limit(1 << 20)
        .build()
        .map_err(|_| Mismatch::BadPattern)?;
    match regex.is_match(value) {
        Ok(true) => Ok(()),
        // A pattern that needs more work than allowed counts as not matching.
        Ok(false) | Err(_) => Err(Mismatch::Value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_values_are_matched() {
        for (pattern, value, expected) in [
            ("", "anything", Ok(())),
            (r"^\d+$", "123", Ok(())),
            (r"\d+", "12a", Err(Mismatch::Value)),
            ("a|b", "ab", Err(Mismatch::Value)),
            ("(?=.*x)[a-z]+", "abxc", Ok(())),
            ("[", "a", Err(Mismatch::BadPattern)),
        ] {
            assert_eq!(check(pattern, value), expected, "{pattern} on {value}");
        }
    }

    #[test]
    fn a_pattern_that_explodes_is_given_up() {
        let value = "a".repeat(64);
        assert_eq!(check(r"(?=(a+)+b)\1(a*)*c", &value), Err(Mismatch::Value));
    }
}
