//! AssumeRole.

use super::*;
use crate::assume_role::assume_role;
use api_sts::{AssumeRoleRequest, PolicyDescriptorType, Tag};

fn request(role: &str) -> AssumeRoleRequest {
    AssumeRoleRequest {
        role_arn: Some(format!("arn:aws:iam::{ACCOUNT}:role/{role}")),
        role_session_name: text("s1"),
        ..Default::default()
    }
}

fn tag(key: &str) -> Option<Vec<Tag>> {
    Some(vec![Tag { key: text(key), value: text("v") }])
}

#[tokio::test]
async fn good_and_bad_requests() {
    let world = World::new();
    world.role("r", OWN, ASSUME, "").await;
    let good = request("r");
    for (input, wanted) in [
        (good.clone(), "ok"),
        (AssumeRoleRequest { duration_seconds: Some(7200), ..good.clone() }, "ok"),
        (AssumeRoleRequest { duration_seconds: Some(7201), ..good.clone() }, "ValidationError"),
        (AssumeRoleRequest { role_session_name: text("a b"), ..good.clone() }, "ValidationError"),
        (AssumeRoleRequest { role_arn: text("arn:aws:iam::1:role/r"), ..good.clone() }, "ValidationError"),
        (request("R"), "AccessDenied"),
        (request("x/r"), "AccessDenied"),
        (request("none"), "AccessDenied"),
        (AssumeRoleRequest { policy: text("{"), ..good.clone() }, "MalformedPolicyDocument"),
        (AssumeRoleRequest { serial_number: text("123456789"), ..good.clone() }, "AccessDenied"),
        (AssumeRoleRequest { tags: tag("a"), ..good.clone() }, "AccessDenied"),
        (AssumeRoleRequest { source_identity: text("anna"), ..good.clone() }, "AccessDenied"),
        (
            AssumeRoleRequest { transitive_tag_keys: Some(vec!["a".to_owned()]), ..good.clone() },
            "ValidationError",
        ),
        (
            AssumeRoleRequest {
                policy_arns: Some(vec![PolicyDescriptorType { arn: text("arn:aws:iam::aws:policy/A") }; 11]),
                ..good.clone()
            },
            "ValidationError",
        ),
        (
            AssumeRoleRequest {
                policy_arns: Some(vec![PolicyDescriptorType { arn: text("arn:aws:s3:::policy/A") }]),
                ..good.clone()
            },
            "ValidationError",
        ),
    ] {
        let before = world.platform.store.list::<Session>(&crate::session::sessions_scope()).len();
        let shown = format!("{input:?}");
        let result = assume_role(world.call(), input).await;
        assert_eq!(code(&result), wanted, "{shown}");
        let after = world.platform.store.list::<Session>(&crate::session::sessions_scope()).len();
        assert_eq!(after - before, usize::from(wanted == "ok"), "{shown}");
    }
}

#[tokio::test]
async fn the_trust_policy_decides() {
    let world = World::new();
    let anna = world.user("anna").await;
    for (at, (principal, more, wanted)) in [
        (r#"{"AWS":"arn:aws:iam::123456789012:user/anna"}"#, "", "ok"),
        (r#"{"AWS":"arn:aws:iam::123456789012:user/bob"}"#, "", "AccessDenied"),
        (r#"{"AWS":"arn:aws:iam::123456789012:root"}"#, "", "ok"),
        (r#"{"AWS":"111111111111"}"#, "", "AccessDenied"),
        (r#"{"Service":"ec2.amazonaws.com"}"#, "", "AccessDenied"),
        (OWN, r#","Condition":{"StringEquals":{"sts:ExternalId":"x7"}}"#, "AccessDenied"),
        (OWN, r#","Condition":{"StringEquals":{"aws:username":"anna"}}"#, "ok"),
        (OWN, r#","Condition":{"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}"#, "AccessDenied"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("r{at}");
        world.role(&name, principal, ASSUME, more).await;
        let result = assume_role(world.call_by(anna.clone(), "AKIATEST"), request(&name)).await;
        assert_eq!(code(&result), wanted, "{principal} {more}");
    }
}

#[tokio::test]
async fn a_chain_is_short_and_keeps_what_is_transitive() {
    let world = World::new();
    let all = r#"["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]"#;
    world.role("r1", OWN, all, "").await;
    world.role("r2", r#"{"AWS":"arn:aws:iam::123456789012:role/r1"}"#, all, "").await;
    let first = AssumeRoleRequest {
        tags: tag("team"),
        transitive_tag_keys: Some(vec!["team".to_owned()]),
        source_identity: text("anna"),
        ..request("r1")
    };
    let first = assume_role(world.call(), first).await.unwrap();
    assert!(first.packed_policy_size.unwrap() >= 1);
    let key = first.credentials.unwrap().access_key_id.unwrap();
    assert_eq!(code(&assume_role(world.call(), request("r2")).await), "AccessDenied");
    let long = AssumeRoleRequest { duration_seconds: Some(3601), ..request("r2") };
    assert_eq!(code(&assume_role(world.call_in(&key), long).await), "ValidationError");
    let other = AssumeRoleRequest { source_identity: text("bob"), ..request("r2") };
    assert_eq!(code(&assume_role(world.call_in(&key), other).await), "AccessDenied");
    let again = AssumeRoleRequest { tags: tag("TEAM"), ..request("r2") };
    assert_eq!(code(&assume_role(world.call_in(&key), again).await), "ValidationError");
    let second = assume_role(world.call_in(&key), request("r2")).await.unwrap();
    assert_eq!(second.source_identity.as_deref(), Some("anna"));
    let session = world.session(&second.credentials.unwrap().access_key_id.unwrap());
    assert_eq!(session.tags.get("team").map(String::as_str), Some("v"));
    assert_eq!(session.transitive_tags, ["team"]);
}

#[tokio::test]
async fn a_token_is_as_long_as_wanted() {
    let world = World::new();
    world.role("r", OWN, ASSUME, "").await;
    for (asked, least) in [(None, 200), (Some(0), 200), (Some(1001), 1001), (Some(4096), 4096)] {
        let input = AssumeRoleRequest { minimum_session_token_size: asked, ..request("r") };
        let answer = assume_role(world.call(), input).await.unwrap();
        let token = answer.credentials.unwrap().session_token.unwrap();
        assert!(token.len() >= least && token.len() < least + 50, "{asked:?}: {}", token.len());
        assert_eq!(answer.session_token_size, i32::try_from(token.len()).ok());
    }
}
