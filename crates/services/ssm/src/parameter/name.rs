//! Names of parameters: their rules, and the ways to point at one version.

use crate::faults;
use aws_schema::Fault;
use contracts::Caller;

/// Deepest hierarchy.
const LEVELS: usize = 15;
/// Longest name, the ARN in front of it included.
const LONGEST_ARN: usize = 1011;

/// Said of names with wrong characters, and of hierarchies that begin with `ssm`.
const FORM: &str = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can \
                    consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, \
                    numbers and the following 3 symbols .-_";

/// The record's id: the name without leading slash.
pub(crate) fn record_id(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}

/// Letters, digits, `.`, `-` and `_`.
pub(crate) fn is_name_part(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

/// Checks the name of a parameter to be created (user guide, "parameter name requirements and constraints"); AWS cuts
/// spaces at both ends.
pub(crate) fn check_new<'a>(caller: &Caller, name: &'a str) -> Result<&'a str, Fault> {
    let name = name.trim_matches(' ');
    let bare = record_id(name);
    let hierarchical = name.starts_with('/');
    if !hierarchical && name.contains('/') {
        return Err(faults::validation("Parameter name must be a fully qualified name."));
    }
    let lower = bare.to_ascii_lowercase();
    if lower.starts_with("aws") {
        if hierarchical {
            return Err(faults::access_denied(format!("No access to reserved parameter name: {name}.")));
        }
        return Err(faults::validation(
            "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).",
        ));
    }
    if lower.starts_with("ssm") {
        if hierarchical {
            return Err(faults::validation(FORM));
        }
        return Err(faults::validation(
            "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).",
        ));
    }
    if name.len() > 1 && name.ends_with('/') {
        return Err(faults::validation("Parameter name must not end with slash."));
    }
    if !bare.split('/').all(is_name_part) {
        return Err(faults::validation(FORM));
    }
    if bare.split('/').count() > LEVELS {
        return Err(faults::hierarchy_too_deep(LEVELS));
    }
    if caller.arn("ssm", "parameter/").len() + bare.len() > LONGEST_ARN {
        return Err(faults::validation(format!(
            "Parameter name is too long: the fully qualified name, together with its ARN, may have {LONGEST_ARN} characters."
        )));
    }
    Ok(name)
}

/// A reference to a parameter as callers write it: `name`, `name:version`, `name:label` or an ARN with the same endings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParameterRef {
    /// As written, without the selector.
    pub(crate) name: String,
    /// Id of the record.
    pub(crate) id: String,
    /// What stands behind the colon.
    pub(crate) selector: Option<String>,
}

impl ParameterRef {
    /// Takes a reference apart; `None` when it points into another account or region, or is no reference at all.
    pub(crate) fn parse(caller: &Caller, text: &str) -> Option<ParameterRef> {
        let text = text.trim_matches(' ');
        let (name, rest) = if text.starts_with("arn:") {
            (text, text.strip_prefix(&caller.arn("ssm", "parameter/"))?)
        } else {
            (text, record_id(text))
        };
        let (id, selector) = match rest.split_once(':') {
            Some((id, selector)) => (id, Some(selector)),
            None => (rest, None),
        };
        let shown = name.len() - selector.map_or(0, |s| s.len() + 1);
        if id.is_empty() || selector.is_some_and(|s| s.is_empty() || s.contains(':')) {
            return None;
        }
        Some(ParameterRef {
            name: name[..shown].to_owned(),
            id: id.to_owned(),
            selector: selector.map(str::to_owned),
        })
    }
}
