//! Lines, files and limits of the audit log.

use super::*;
use contracts::audit::Source;
use contracts::{Caller, Principal, PrincipalKind};
use serde_json::{Value, json};
use state_store::typed::Scope;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// 2026-11-20T14:00:00Z.
const NOON: i64 = 1_795_183_200_000;
const DAY: i64 = 86_400_000;

fn caller(kind: PrincipalKind, arn: &str) -> Arc<Caller> {
    Arc::new(Caller {
        scope: Scope::new("000000000001", "eu-central-1"),
        principal: Principal { kind, arn: arn.to_owned(), user_id: "AIDA1".to_owned() },
        access_key_id: "AKIA1".to_owned(),
        source_ip: None,
        request_id: String::new(),
        user_agent: String::new(),
        host: String::new(),
        enforced: true,
    })
}

fn entry(time: i64) -> AuditEntry {
    let user = PrincipalKind::User { name: "alice".to_owned(), id: "AIDA1".to_owned() };
    AuditEntry {
        time,
        event_id: "e-1".to_owned(),
        request_id: "r-1".to_owned(),
        who: Who::Known(caller(user, "arn:aws:iam::000000000001:user/alice")),
        source: Source::Peer(Some([127, 0, 0, 1].into())),
        user_agent: "aws-cli".to_owned(),
        service: "ec2",
        operation: "CreateVpc",
        read_only: false,
        input: r#"{"cidrBlock":"10.0.0.0/16"}"#.to_owned(),
        status: 200,
        fault: None,
        took: Duration::from_millis(1),
    }
}

fn shown(entry: &AuditEntry) -> Value {
    let line = event::line(entry);
    assert_eq!(line.find('\n'), Some(line.len() - 1), "one line, with its end");
    serde_json::from_str(&line).unwrap()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_record_has_the_fields_of_cloudtrail() {
    let expected = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser", "principalId": "AIDA1", "arn": "arn:aws:iam::000000000001:user/alice",
            "accountId": "000000000001", "accessKeyId": "AKIA1", "userName": "alice",
        },
        "eventTime": "2026-11-20T14:00:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "CreateVpc",
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "127.0.0.1",
        "userAgent": "aws-cli",
        "requestParameters": { "cidrBlock": "10.0.0.0/16" },
        "responseElements": null,
        "requestID": "r-1",
        "eventID": "e-1",
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "000000000001",
        "eventCategory": "Management",
    });
    assert_eq!(shown(&entry(NOON)), expected);
}

#[test]
fn a_fault_is_named_as_its_service_names_it() {
    let fault = Some(("InvalidVpcID.NotFound".to_owned(), "no such VPC".to_owned()));
    for (service, status, code) in [
        ("ec2", 400, "Client.InvalidVpcID.NotFound"),
        ("ec2", 500, "Server.InvalidVpcID.NotFound"),
        ("iam", 404, "InvalidVpcID.NotFound"),
    ] {
        let record = shown(&AuditEntry { service, status, fault: fault.clone(), ..entry(NOON) });
        assert_eq!((&record["errorCode"], &record["errorMessage"]), (&json!(code), &json!("no such VPC")));
    }
}

#[test]
fn roles_are_named_with_their_issuer_and_strangers_by_their_claim() {
    let role = PrincipalKind::AssumedRole {
        role: "r".to_owned(),
        role_id: "AROA1".to_owned(),
        session: "s".to_owned(),
    };
    let record = shown(&AuditEntry { who: Who::Known(caller(role, "arn")), ..entry(NOON) });
    let issuer = &record["userIdentity"]["sessionContext"]["sessionIssuer"];
    assert_eq!(issuer["arn"], "arn:aws:iam::000000000001:role/r");
    let claimed =
        Claimed { access_key_id: "X".repeat(5_000), region: "\"\n".to_owned(), account: "1".to_owned() };
    let record = shown(&AuditEntry { who: Who::Claimed(claimed), input: String::new(), ..entry(NOON) });
    assert_eq!(record["userIdentity"], json!({ "type": "Unknown", "accessKeyId": "X".repeat(128) }));
    assert_eq!((&record["awsRegion"], &record["requestParameters"]), (&json!("\"\n"), &Value::Null));
}

#[test]
fn a_service_that_acts_for_somebody_stands_in_the_place_of_the_address() {
    let role = PrincipalKind::AssumedRole {
        role: "r".to_owned(),
        role_id: "AROA1".to_owned(),
        session: "s".to_owned(),
    };
    let mut caller = Arc::unwrap_or_clone(caller(role, "arn"));
    caller.access_key_id = String::new();
    let source = Source::Service("states.amazonaws.com");
    let record = shown(&AuditEntry { who: Who::Known(Arc::new(caller)), source, ..entry(NOON) });
    assert_eq!(record["sourceIPAddress"], "states.amazonaws.com");
    let identity = &record["userIdentity"];
    assert_eq!((&identity["invokedBy"], identity.get("accessKeyId")), (&json!("states.amazonaws.com"), None));
}

#[test]
fn every_day_has_its_file_and_old_ones_go() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("audit");
    std::fs::create_dir(&place).unwrap();
    for number in 0..100 {
        std::fs::write(place.join(format!("2025-01-{:02}.jsonl", number % 100)), "").unwrap();
    }
    std::fs::write(place.join("notes.txt"), "mine").unwrap();
    let log = AuditLog::open(AuditPlace::Daily(place.clone()), NOON).unwrap();
    for time in [NOON, NOON + 1, NOON + DAY] {
        log.record(entry(time));
    }
    log.close();
    assert_eq!(lines(&place.join("2026-11-20.jsonl")).len(), 2);
    assert_eq!(lines(&place.join("2026-11-21.jsonl")).len(), 1);
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 91, "ninety days and what is not ours");
    assert!(place.join("notes.txt").exists());
    assert_eq!(log.lost().load(Ordering::Relaxed), 0);
    log.record(entry(NOON));
    assert_eq!(log.lost().load(Ordering::Relaxed), 1, "after the end nobody writes");
}

#[test]
fn a_file_is_added_to_and_a_broken_line_spoils_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    for round in 1..=2 {
        let log = AuditLog::open(AuditPlace::File(path.clone()), NOON).unwrap();
        log.record(entry(NOON + round * DAY));
        log.close();
    }
    assert_eq!(lines(&path).len(), 2);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    let log = AuditLog::open(AuditPlace::File(path.clone()), NOON).unwrap();
    log.record(entry(NOON));
    log.close();
    let text = std::fs::read_to_string(&path).unwrap();
    let sound = text.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count();
    assert_eq!((text.lines().count(), sound), (3, 2));
}

#[test]
fn a_full_file_takes_whole_lines_only_and_counts_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let limit = 3 * event::line(&entry(NOON)).len() as u64 + 10;
    let mut lost = 0;
    for _ in 0..5 {
        let log = AuditLog::with_limit(AuditPlace::File(path.clone()), NOON, limit).unwrap();
        log.record(entry(NOON));
        log.close();
        lost += log.lost().load(Ordering::Relaxed);
    }
    assert_eq!(lost, 2);
    assert_eq!(lines(&path).len(), 3);
}

#[test]
fn a_place_that_cannot_be_written_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(
        AuditLog::open(AuditPlace::Daily(file.join("audit")), NOON),
        Err(AuditLogError::Open { .. })
    ));
}
