//! Managed and inline policies, trust policies.

use super::*;
use crate::{attached, inline, managed, role};
use api_iam::*;

async fn policy(world: &World, name: &str) -> String {
    let input =
        CreatePolicyRequest { policy_name: text(name), policy_document: text(ALLOW), ..Default::default() };
    managed::create_policy(world.call(), input).await.unwrap().policy.unwrap().arn.unwrap()
}

#[tokio::test]
async fn ten_attached_policies_and_no_more() {
    let world = World::new();
    make_role(&world, "web").await;
    for n in 0..11 {
        let arn = policy(&world, &format!("p{n}")).await;
        let input = AttachRolePolicyRequest { role_name: text("web"), policy_arn: Some(arn) };
        let wanted = if n < 10 { "ok" } else { "LimitExceeded" };
        assert_eq!(code(attached::attach_role_policy(world.call(), input).await), wanted);
    }
}

#[tokio::test]
async fn an_arn_names_path_and_account() {
    let world = World::new();
    let arn = policy(&world, "p").await;
    let get = |arn: &str| managed::get_policy(world.call(), GetPolicyRequest { policy_arn: text(arn) });
    assert_eq!(code(get(&arn).await), "ok");
    for (other, wanted) in [
        ("arn:aws:iam::123456789012:policy/x/p", "NoSuchEntity"),
        ("arn:aws:iam::210987654321:policy/p", "NoSuchEntity"),
        ("arn:aws:iam::123456789012:policy/", "NoSuchEntity"),
        ("arn:aws:iam::aws:policy/p", "NoSuchEntity"),
        ("arn:aws:iam::123456789012:user/p-long", "InvalidInput"),
        ("p-is-not-an-arn-at-all", "InvalidInput"),
    ] {
        assert_eq!(code(get(other).await), wanted, "{other}");
    }
}

#[tokio::test]
async fn version_numbers_are_never_used_again() {
    let world = World::new();
    let arn = policy(&world, "p").await;
    for wanted in ["v2", "v3"] {
        let input = CreatePolicyVersionRequest {
            policy_arn: text(&arn),
            policy_document: text(ALLOW),
            set_as_default: None,
        };
        let made = managed::create_policy_version(world.call(), input).await.unwrap();
        assert_eq!(made.policy_version.unwrap().version_id.as_deref(), Some(wanted));
        let input = DeletePolicyVersionRequest { policy_arn: text(&arn), version_id: text(wanted) };
        managed::delete_policy_version(world.call(), input).await.unwrap();
    }
}

#[tokio::test]
async fn inline_sizes_count_together_without_white_space() {
    let world = World::new();
    make_user(&world, "anna").await;
    let put = |name: &str, letters: usize| PutUserPolicyRequest {
        user_name: text("anna"),
        policy_name: text(name),
        policy_document: Some(format!(
            r#"{{ "Statement" : {{"Effect":"Allow","Action":"s3:{}","Resource":"*"}} }}"#,
            "a".repeat(letters)
        )),
    };
    assert_eq!(code(inline::put_user_policy(world.call(), put("a", 1000)).await), "ok");
    assert_eq!(code(inline::put_user_policy(world.call(), put("b", 1000)).await), "LimitExceeded");
    assert_eq!(code(inline::put_user_policy(world.call(), put("a", 1900)).await), "ok");
    let input = ListUserPoliciesRequest { user_name: text("anna"), ..Default::default() };
    let names = inline::list_user_policies(world.call(), input).await.unwrap().policy_names;
    assert_eq!(names, Some(vec!["a".to_owned()]));
}

#[tokio::test]
async fn a_trusted_user_must_exist() {
    let world = World::new();
    let create = |name: &str| CreateRoleRequest {
        role_name: text("web"),
        assume_role_policy_document: Some(format!(
            r#"{{"Statement":{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:user/{name}"}}}}}}"#
        )),
        ..Default::default()
    };
    let refused = role::create_role(world.call(), create("anna")).await.unwrap_err();
    assert_eq!(refused.code, "MalformedPolicyDocument");
    assert_eq!(
        refused.message,
        "Invalid principal in policy: \"AWS\":\"arn:aws:iam::123456789012:user/anna\""
    );
    make_user(&world, "anna").await;
    assert_eq!(code(role::create_role(world.call(), create("x/anna")).await), "MalformedPolicyDocument");
    assert_eq!(code(role::create_role(world.call(), create("anna")).await), "ok");
}

#[test]
fn documents_of_aws_keep_the_grammar() {
    let world = World::new();
    let scope = Scope::global(ACCOUNT);
    for name in ["AdministratorAccess", "service-role/AWSLambdaBasicExecutionRole", "AmazonEC2FullAccess"] {
        let arn = format!("arn:aws:iam::aws:policy/{name}");
        let found = managed::find(&world.platform.store, &scope, &arn).unwrap();
        let managed::Managed::Aws(policy) = &found else { panic!("{name} is AWS's") };
        iam_policy::parse(policy.document, iam_policy::PolicyUse::Identity).unwrap();
        assert_eq!(found.arn(ACCOUNT), arn);
    }
}
