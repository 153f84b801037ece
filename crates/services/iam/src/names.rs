//! Names, paths and texts that the model bounds in length and IAM in their characters.

use crate::faults;
use aws_schema::Fault;

/// A name of a user, group, role, profile or policy. `member` is its name in the API, such as `userName`.
pub(crate) fn check_name(member: &str, name: &str) -> Result<(), Fault> {
    let sound = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
    if sound {
        return Ok(());
    }
    Err(faults::validation(format!(
        "The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
    )))
}

/// A path; `/` when none is given.
pub(crate) fn check_path(path: Option<&str>) -> Result<String, Fault> {
    let path = path.unwrap_or("/");
    let sound = path == "/"
        || (path.len() > 2
            && path.starts_with('/')
            && path.ends_with('/')
            && path.bytes().all(|b| (0x21..=0x7e).contains(&b)));
    if sound {
        return Ok(path.to_owned());
    }
    Err(faults::validation(
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
    ))
}

/// The path of a policy, whose characters are fewer and whose parts are never empty.
pub(crate) fn check_policy_path(path: Option<&str>) -> Result<String, Fault> {
    let path = check_path(path)?;
    let inner = path.trim_matches('/');
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b".,+@=_-".contains(&b))
    };
    if path == "/" || (path.len() == inner.len() + 2 && inner.split('/').all(part)) {
        return Ok(path);
    }
    Err(faults::validation(
        "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
    ))
}

/// A prefix of paths, to list by.
pub(crate) fn check_prefix(prefix: Option<&str>) -> Result<String, Fault> {
    let prefix = prefix.unwrap_or("/");
    if prefix.starts_with('/') && prefix.bytes().all(|b| (0x21..=0x7f).contains(&b)) {
        return Ok(prefix.to_owned());
    }
    Err(faults::validation(
        "The specified value for pathPrefix is invalid. It must begin with / and contain only alphanumeric characters and/or / characters.",
    ))
}

/// Characters a policy document may be written in: tab, line ends, and U+0020 to U+00FF.
pub(crate) fn check_document(text: &str) -> Result<(), Fault> {
    let sound = text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}'));
    if sound {
        return Ok(());
    }
    Err(faults::validation(
        "The specified value for policyDocument is invalid. It must contain only printable ASCII characters.",
    ))
}

/// The description of a role.
pub(crate) fn check_description(text: Option<&str>) -> Result<(), Fault> {
    let sound = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    if text.unwrap_or_default().chars().all(sound) {
        return Ok(());
    }
    Err(faults::validation(
        "The specified value for description is invalid. It must contain only printable ASCII characters.",
    ))
}

/// A unique id in IAM's form: the prefix and seventeen characters of base 32.
pub(crate) fn unique_id(prefix: &str) -> String {
    let random = contracts::hex_id(34);
    let digits = random.as_bytes().chunks(2).filter_map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        let byte = u8::from_str_radix(pair, 16).ok()?;
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".get(usize::from(byte % 32)).map(|b| char::from(*b))
    });
    prefix.chars().chain(digits).collect()
}
