//! An entry as one line: the record format of CloudTrail (CloudTrail User Guide, "CloudTrail record contents for
//! management, data, and network activity events" and "CloudTrail userIdentity element").

use contracts::audit::Source;
use contracts::{Caller, PrincipalKind};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{AuditEntry, Claimed, Who};

/// Version of the record format.
const VERSION: &str = "1.11";
/// Longest value an unproven request may leave in the log.
const CLAIM: usize = 128;

/// The line of an entry, with its end.
pub(super) fn line(entry: &AuditEntry) -> String {
    let (account, region) = match &entry.who {
        Who::Known(caller) => (caller.account(), caller.region()),
        Who::Claimed(claimed) => (claimed.account.as_str(), short(&claimed.region)),
    };
    let mut record = Map::new();
    let mut put = |name: &str, value: Value| drop(record.insert(name.to_owned(), value));
    put("eventVersion", VERSION.into());
    put("userIdentity", identity(&entry.who, entry.source));
    put("eventTime", time(entry.time).into());
    put("eventSource", format!("{}.amazonaws.com", entry.service).into());
    put("eventName", entry.operation.into());
    put("awsRegion", region.into());
    let source = match entry.source {
        Source::Peer(address) => address.map(|ip| ip.to_canonical().to_string()),
        Source::Service(name) => Some(name.to_owned()),
    };
    put("sourceIPAddress", source.into());
    put("userAgent", entry.user_agent.as_str().into());
    if let Some((code, message)) = &entry.fault {
        put("errorCode", error_code(entry, code).into());
        put("errorMessage", message.as_str().into());
    }
    put("requestParameters", parameters(&entry.input));
    put("responseElements", Value::Null);
    put("requestID", entry.request_id.as_str().into());
    put("eventID", entry.event_id.as_str().into());
    put("readOnly", entry.read_only.into());
    put("eventType", "AwsApiCall".into());
    put("managementEvent", true.into());
    put("recipientAccountId", account.into());
    put("eventCategory", "Management".into());
    let mut line = Value::Object(record).to_string();
    line.push('\n');
    line
}

/// EC2 writes its codes with the side the fault lies on.
fn error_code(entry: &AuditEntry, code: &str) -> String {
    match (entry.service, entry.status) {
        ("ec2", 500..) => format!("Server.{code}"),
        ("ec2", _) => format!("Client.{code}"),
        _ => code.to_owned(),
    }
}

/// An object, or null for a call whose members are not kept.
fn parameters(input: &str) -> Value {
    serde_json::from_str(input).unwrap_or_default()
}

fn identity(who: &Who, source: Source) -> Value {
    match who {
        Who::Known(caller) => {
            let mut identity = known(caller);
            if let Source::Service(name) = source {
                identity["invokedBy"] = Value::from(name);
            }
            identity
        }
        Who::Claimed(Claimed { access_key_id, .. }) if access_key_id.is_empty() => {
            json!({ "type": "Unknown" })
        }
        Who::Claimed(Claimed { access_key_id, .. }) => {
            json!({ "type": "Unknown", "accessKeyId": short(access_key_id) })
        }
    }
}

fn known(caller: &Caller) -> Value {
    let principal = &caller.principal;
    let kind = match &principal.kind {
        PrincipalKind::Root => "Root",
        PrincipalKind::User { .. } => "IAMUser",
        PrincipalKind::AssumedRole { .. } => "AssumedRole",
        PrincipalKind::FederatedUser { .. } => "FederatedUser",
        // As S3 records show callers without a name.
        PrincipalKind::Anonymous => {
            return json!({ "type": "AWSAccount", "principalId": "ANONYMOUS_PRINCIPAL" });
        }
    };
    let mut identity = json!({
        "type": kind,
        "principalId": principal.user_id,
        "arn": principal.arn,
        "accountId": caller.account(),
    });
    // The cloud's own parts act with sessions that have no key.
    if !caller.access_key_id.is_empty() {
        identity["accessKeyId"] = Value::from(caller.access_key_id.as_str());
    }
    match &principal.kind {
        PrincipalKind::User { name, .. } => identity["userName"] = Value::from(name.as_str()),
        PrincipalKind::AssumedRole { role, role_id, .. } => {
            identity["sessionContext"] = json!({ "sessionIssuer": {
                "type": "Role",
                "principalId": role_id,
                "arn": format!("arn:aws:iam::{}:role/{role}", caller.account()),
                "accountId": caller.account(),
                "userName": role,
            }});
        }
        _ => {}
    }
    identity
}

/// Seconds are as fine as CloudTrail's times go.
fn time(millis: i64) -> String {
    let moment =
        OffsetDateTime::from_unix_timestamp(millis.div_euclid(1_000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(&Rfc3339).unwrap_or_default()
}

fn short(text: &str) -> &str {
    let end = text.char_indices().nth(CLAIM).map_or(text.len(), |(at, _)| at);
    &text[..end]
}
