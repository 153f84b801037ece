//! Names of state machines, activities, executions and aliases.

use crate::faults;
use aws_schema::Fault;

/// Characters no name may hold beside white space and control characters (API reference, `CreateStateMachine`, `name`).
const FORBIDDEN: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";

/// A name of a state machine, activity or execution: 1 to 80 characters, most of them allowed.
pub(crate) fn check(name: &str) -> Result<(), Fault> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || FORBIDDEN.contains(c) || is_noncharacter(c);
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(bad) {
        return Err(faults::invalid_name(name));
    }
    Ok(())
}

/// The end of the planes, and surrogates, which the documentation excludes too.
fn is_noncharacter(c: char) -> bool {
    (u32::from(c) & 0xFFFE) == 0xFFFE
}

/// A name of an alias: letters, digits, `_`, `-`, `.`; not only digits, which would be a version.
pub(crate) fn check_alias(name: &str) -> Result<(), Fault> {
    let allowed = name.bytes().all(|c| c.is_ascii_alphanumeric() || b"_-.".contains(&c));
    if name.is_empty() || name.len() > 80 || !allowed || name.bytes().all(|c| c.is_ascii_digit()) {
        return Err(faults::invalid_name(name));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "A-1_b.c", "ümlaut", &"x".repeat(80)] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in
            ["", "a b", "a\u{1f}", "a\u{7f}", "a\u{85}", "a/b", "a:b", "a\\b", "\u{FFFE}", &"x".repeat(81)]
        {
            assert_eq!(check(bad).unwrap_err().code, "InvalidName", "{bad}");
        }
        for (name, good) in
            [("a", true), ("a.1", true), ("12", false), ("ä", false), ("", false), ("a:b", false)]
        {
            assert_eq!(check_alias(name).is_ok(), good, "{name}");
        }
    }
}
