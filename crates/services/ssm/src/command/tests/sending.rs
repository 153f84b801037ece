//! What SendCommand takes and refuses.

use super::*;
use crate::testing::code;

fn target(key: &str, values: &[&str]) -> Target {
    Target { key: Some(key.into()), values: Some(values.iter().map(|v| (*v).to_owned()).collect()) }
}

fn to(targets: Vec<Target>) -> SendCommandRequest {
    SendCommandRequest { instance_ids: None, targets: Some(targets), ..script(&["echo x"], &[]) }
}

#[tokio::test]
async fn bad_requests_get_their_errors_and_change_nothing() {
    let cloud = Cloud::new();
    let ids = instances(&cloud, 2).await;
    cloud.instance_in(&instance_id(8), "stopped", &[]).await;
    let before = cloud.store().revision();
    let with = |change: &dyn Fn(&mut SendCommandRequest)| {
        let mut input = script(&["echo x"], &ids);
        change(&mut input);
        input
    };
    let some = |text: &str| Some(text.to_owned());
    let cases = [
        (with(&|i| i.document_name = some("AWS-Nothing")), "InvalidDocument"),
        (with(&|i| i.document_version = some("7")), "InvalidDocumentVersion"),
        (with(&|i| i.document_hash = some("00")), "InvalidDocument"),
        (with(&|i| i.parameters = None), "InvalidParameters"),
        (with(&|i| i.max_concurrency = some("0")), "ValidationException"),
        (with(&|i| i.max_errors = some("101%")), "ValidationException"),
        (with(&|i| i.instance_ids = None), "InvalidInstanceId"),
        (with(&|i| i.instance_ids = Some(vec![instance_id(9)])), "InvalidInstanceId"),
        (with(&|i| i.instance_ids = Some(vec![instance_id(8)])), "InvalidInstanceId"),
        (with(&|i| i.instance_ids = Some(vec!["banana".into()])), "ValidationException"),
        (with(&|i| i.instance_ids = Some(vec![ids[0].clone(), ids[0].clone()])), "DuplicateInstanceId"),
        (with(&|i| i.targets = Some(vec![target("tag:a", &["b"])])), "ValidationException"),
        (to(vec![target("resource-groups:Name", &["g"])]), "ValidationException"),
        (to(vec![target("colour", &["red"])]), "ValidationException"),
        (to(vec![target("tag:Mode", &[])]), "ValidationException"),
        (with(&|i| i.output_s3_bucket_name = some("bucket")), "InvalidOutputFolder"),
        (with(&|i| i.service_role_arn = some("arn:aws:iam::000000000000:role/x")), "InvalidRole"),
    ];
    for (input, expected) in cases {
        let shown = format!("{input:?}");
        assert_eq!(code(send(cloud.call(), input).await), expected, "{shown}");
    }
    assert_eq!(cloud.store().revision(), before);
    assert_eq!(cloud.service.live.len(), 0);
}

#[tokio::test]
async fn an_unknown_instance_is_named_as_aws_does() {
    let cloud = Cloud::new();
    let fault = send(cloud.call(), script(&["echo x"], &[instance_id(1)])).await.unwrap_err();
    assert_eq!(
        fault.message,
        "Instances [[i-00000000000000001]] not in a valid state for account 000000000000"
    );
}

#[tokio::test]
async fn targets_are_resolved_when_sent() {
    let cloud = Cloud::new();
    for (n, tags) in [
        (1, &[("Mode", "Production"), ("Role", "web")][..]),
        (2, &[("Mode", "Production"), ("Role", "db")]),
        (3, &[("Mode", "Test"), ("Role", "web")]),
        (4, &[("Role", "")]),
    ] {
        cloud.instance(&instance_id(n), tags).await;
    }
    cloud.instance_in(&instance_id(5), "stopped", &[("Mode", "Production")]).await;
    for (targets, expected) in [
        (vec![target("tag:Mode", &["Production"])], &[1, 2][..]),
        (vec![target("tag:Mode", &["Production", "Test"])], &[1, 2, 3]),
        (vec![target("tag:Mode", &["Production"]), target("tag:Role", &["web"])], &[1]),
        (vec![target("tag-key", &["Role"])], &[1, 2, 3, 4]),
        (vec![target("tag:Mode", &["production"])], &[]),
        (vec![target("InstanceIds", &["i-00000000000000003"])], &[3]),
    ] {
        let id = sent(&cloud, to(targets.clone())).await;
        let resolved = cloud.store().get::<Record>(&cloud.scope(), &id).unwrap().resolved.clone();
        assert_eq!(resolved, expected.iter().map(|n| instance_id(*n)).collect::<Vec<_>>(), "{targets:?}");
    }
}

#[tokio::test]
async fn the_answer_shows_the_command_before_anything_ran() {
    let cloud = Cloud::new();
    let ids = instances(&cloud, 1).await;
    let input = SendCommandRequest {
        comment: Some("hello".into()),
        timeout_seconds: Some(600),
        ..script(&["echo x"], &ids)
    };
    let shown = send(cloud.call(), input).await.unwrap().command.unwrap();
    assert_eq!(
        (shown.status.unwrap().as_str(), shown.target_count, shown.completed_count),
        ("Pending", Some(1), Some(0))
    );
    assert_eq!((shown.max_concurrency.as_deref(), shown.max_errors.as_deref()), (Some("50"), Some("0")));
    // Delivery timeout and execution timeout together.
    let span = shown.expires_after.unwrap().millis() - shown.requested_date_time.unwrap().millis();
    assert_eq!(span, (600 + 3600) * 1000);
}

#[test]
fn every_modelled_operation_is_built_and_needs_its_members() {
    let cloud = Cloud::new();
    let table = crate::table(&cloud.service);
    for operation in api_ssm::SERVICE.operations {
        let mut nothing = |_: &mut dyn aws_schema::ReadMembers| Ok(());
        let prepared = table.prepare(operation, &mut nothing, false);
        let violations =
            prepared.unwrap_or_else(|| panic!("{} is not built", operation.name)).unwrap().violations;
        let required = operation.input.members.iter().any(|m| m.required);
        assert_eq!(!violations.is_empty(), required, "{}", operation.name);
    }
}
