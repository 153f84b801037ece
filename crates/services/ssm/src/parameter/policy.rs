//! Parameter policies: Expiration (enforced), ExpirationNotification and NoChangeNotification (kept; there is no
//! EventBridge yet that could be told).

use crate::faults;
use aws_schema::Fault;
use records::Millis;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Most policies of a parameter.
const MOST: usize = 10;

/// The policies of a PutParameter, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policies {
    /// JSON text of each.
    pub(crate) texts: Vec<String>,
    /// Of the Expiration policy.
    pub(crate) expires: Option<Millis>,
}

/// `Type` of a policy's text.
pub(crate) fn type_of(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    Some(value.get("Type")?.as_str()?.to_owned())
}

/// Reads the `Policies` member: a JSON array of policies; empty ones take all policies away.
pub(crate) fn parse(text: &str, now: Millis) -> Result<Policies, Fault> {
    let value: Value = serde_json::from_str(text)
        .map_err(|_| faults::invalid_policy_attribute("The policies are not a JSON array."))?;
    let list = match value {
        Value::Array(list) => list,
        object @ Value::Object(_) => vec![object],
        _ => return Err(faults::invalid_policy_attribute("The policies are not a JSON array.")),
    };
    let list: Vec<Value> = list.into_iter().filter(|p| p.as_object().is_none_or(|o| !o.is_empty())).collect();
    if list.len() > MOST {
        return Err(faults::too_many_policies(MOST));
    }
    let mut policies = Policies::default();
    for policy in list {
        match policy.get("Type").and_then(Value::as_str) {
            Some("Expiration") => {
                let at = expiration(&policy, now)?;
                if policies.expires.replace(at).is_some() {
                    return Err(faults::incompatible_policies());
                }
            }
            Some("ExpirationNotification") => check_span(&policy, "Before")?,
            Some("NoChangeNotification") => check_span(&policy, "After")?,
            _ => return Err(faults::invalid_policy_type()),
        }
        if policy.get("Version").and_then(Value::as_str) != Some("1.0") {
            return Err(faults::invalid_policy_attribute("Version must be 1.0."));
        }
        policies.texts.push(policy.to_string());
    }
    Ok(policies)
}

/// An attribute, which is always a text.
fn attribute<'a>(policy: &'a Value, name: &str) -> Result<&'a str, Fault> {
    let found = policy.get("Attributes").and_then(|a| a.get(name)).and_then(Value::as_str);
    found.ok_or_else(|| faults::invalid_policy_attribute(&format!("{name} is missing.")))
}

/// The instant of an Expiration policy; it must lie ahead.
fn expiration(policy: &Value, now: Millis) -> Result<Millis, Fault> {
    let text = attribute(policy, "Timestamp")?;
    let at = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| faults::invalid_policy_attribute("Timestamp must be an ISO 8601 instant."))?;
    let at = i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
    if at <= now {
        return Err(faults::invalid_policy_attribute("The expiration date and time lies in the past."));
    }
    Ok(at)
}

/// Checks a span of days or hours of a notification.
fn check_span(policy: &Value, amount: &str) -> Result<(), Fault> {
    let number = attribute(policy, amount)?.parse::<u32>();
    let unit = attribute(policy, "Unit")?;
    if number.is_ok_and(|n| n > 0) && matches!(unit, "Days" | "Hours") {
        return Ok(());
    }
    Err(faults::invalid_policy_attribute(&format!("{amount} must be a positive number of Days or Hours.")))
}
