//! Checks of what several operations take: session policies, tags, names, durations.

use crate::faults;
use crate::session::Keys;
use api_sts::{Credentials, PolicyDescriptorType, Tag};
use aws_schema::{Fault, Timestamp};
use iam_policy::PolicyUse;
use records::iam::SessionPolicies;
use std::collections::{BTreeMap, BTreeSet};

/// Managed policies of one session.
const MANAGED: usize = 10;
/// Characters that policies and tags of one session have room for. AWS packs them in a way of its own and tells only
/// the percentage used.
const ROOM: usize = 4096;

/// Checks session policies.
pub(crate) fn policies(
    inline: Option<String>,
    managed: Option<Vec<PolicyDescriptorType>>,
) -> Result<SessionPolicies, Fault> {
    if let Some(document) = &inline {
        iam_policy::parse(document, PolicyUse::Identity).map_err(faults::malformed)?;
    }
    let managed: Vec<String> = managed.unwrap_or_default().into_iter().filter_map(|p| p.arn).collect();
    if managed.len() > MANAGED {
        return Err(faults::validation(format!(
            "The number of managed session policies exceeds the quota of {MANAGED}."
        )));
    }
    for arn in &managed {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let sound = matches!(parts.as_slice(), ["arn", "aws", "iam", "", _, resource]
            if resource.strip_prefix("policy/").is_some_and(|name| !name.is_empty()));
        if !sound {
            return Err(faults::validation(format!("ARN {arn} is not valid.")));
        }
    }
    Ok(SessionPolicies { inline, managed })
}

/// Checks session tags. Keys are told apart without regard to case.
pub(crate) fn tags(tags: Option<Vec<Tag>>) -> Result<BTreeMap<String, String>, Fault> {
    let (mut map, mut seen) = (BTreeMap::new(), BTreeSet::new());
    let sound = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c));
    for tag in tags.unwrap_or_default() {
        let (key, value) = (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
        if !sound(&key) || !sound(&value) || key.to_lowercase().starts_with("aws:") {
            return Err(faults::validation(format!("The session tag '{key}' has an invalid key or value.")));
        }
        if !seen.insert(key.to_lowercase()) {
            return Err(Fault::sender(
                "InvalidParameterValue",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        map.insert(key, value);
    }
    Ok(map)
}

/// The part of the room that policies and tags fill, in percent; nothing when there are none.
pub(crate) fn packed(
    policies: &SessionPolicies,
    tags: &BTreeMap<String, String>,
) -> Result<Option<i32>, Fault> {
    let inline = policies.inline.as_deref().map_or(0, iam_policy::size);
    let managed: usize = policies.managed.iter().map(String::len).sum();
    let tags: usize = tags.iter().map(|(key, value)| key.len() + value.len()).sum();
    let percent = (inline + managed + tags) * 100 / ROOM;
    if percent > 100 {
        return Err(Fault::sender(
            "PackedPolicyTooLarge",
            format!("Packed policy consumes {percent}% of allotted space, please use smaller policy."),
        ));
    }
    let percent = i32::try_from(percent).unwrap_or(100);
    Ok((inline + managed + tags > 0).then_some(percent.max(1)))
}

/// A name of the form `[\w+=,.@-]*`; `member` is its name in the API.
pub(crate) fn check_name(member: &str, name: &str) -> Result<(), Fault> {
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b)) {
        return Ok(());
    }
    Err(faults::validation(format!(
        "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"
    )))
}

/// `MinimumSessionTokenSize`, bounded by the model.
pub(crate) fn token_size(asked: Option<i32>) -> usize {
    asked.and_then(|size| usize::try_from(size).ok()).unwrap_or_default().min(4096)
}

/// A multi-factor device cannot be registered here, so no code can be right.
pub(crate) fn no_second_factor(serial: Option<&str>, code: Option<&str>) -> Result<(), Fault> {
    match (serial, code) {
        (None, None) => Ok(()),
        _ => Err(faults::denied("MultiFactorAuthentication failed with invalid MFA one time pass code.")),
    }
}

/// Keys in the API's form.
pub(crate) fn show(keys: &Keys) -> Credentials {
    Credentials {
        access_key_id: Some(keys.open.access_key_id.clone()),
        secret_access_key: Some(keys.open.secret_access_key.clone()),
        session_token: Some(keys.open.session_token.clone()),
        expiration: Some(Timestamp::from_seconds(keys.open.expiration.div_euclid(1000))),
    }
}

/// `SessionTokenSize`.
pub(crate) fn shown_size(keys: &Keys) -> Option<i32> {
    i32::try_from(keys.open.session_token.len()).ok()
}
