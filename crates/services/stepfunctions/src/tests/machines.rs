//! State machines, versions, activities, tags.

use super::world::{ROLE, World, one_state, pass};
use crate::{activity, machine, tags, version};
use api_stepfunctions::*;

fn create(name: &str, definition: &str) -> CreateStateMachineInput {
    CreateStateMachineInput {
        name: Some(name.into()),
        definition: Some(definition.into()),
        role_arn: Some(ROLE.into()),
        ..CreateStateMachineInput::default()
    }
}

#[tokio::test]
async fn the_same_request_makes_one_machine() {
    let world = World::new();
    let first = machine::create(world.call(), create("m", &pass())).await.unwrap();
    let again = machine::create(world.call(), create("m", &pass())).await.unwrap();
    assert_eq!(first, again);
    // Role and tags do not count, everything else does.
    let other_role = CreateStateMachineInput {
        role_arn: Some("arn:aws:iam::000000000000:role/other".into()),
        tags: Some(vec![Tag { key: Some("k".into()), value: None }]),
        ..create("m", &pass())
    };
    assert_eq!(machine::create(world.call(), other_role).await.unwrap(), first);
    let express = CreateStateMachineInput { type_: Some(StateMachineType::EXPRESS), ..create("m", &pass()) };
    let traced = CreateStateMachineInput {
        tracing_configuration: Some(TracingConfiguration { enabled: Some(true) }),
        ..create("m", &pass())
    };
    let published = CreateStateMachineInput { publish: Some(true), ..create("m", &pass()) };
    let redefined = create("m", &one_state(r#"{"Type":"Succeed"}"#));
    for other in [express, traced, published, redefined] {
        let fault = machine::create(world.call(), other).await.unwrap_err();
        assert_eq!(fault.code, "StateMachineAlreadyExists");
    }
    world.close().await;
}

#[tokio::test]
async fn bad_requests_change_nothing() {
    let world = World::new();
    for (input, code) in [
        (create("a b", &pass()), "InvalidName"),
        (create(&"x".repeat(81), &pass()), "InvalidName"),
        (create("m", "{}"), "InvalidDefinition"),
        (create("m", "nonsense"), "InvalidDefinition"),
        (create("m", &one_state(r#"{"Type":"Pass","Next":"Nowhere"}"#)), "InvalidDefinition"),
        (CreateStateMachineInput { role_arn: Some("x".into()), ..create("m", &pass()) }, "InvalidArn"),
        (
            CreateStateMachineInput { version_description: Some("d".into()), ..create("m", &pass()) },
            "ValidationException",
        ),
        (
            CreateStateMachineInput {
                logging_configuration: Some(LoggingConfiguration {
                    level: Some(LogLevel::ALL),
                    ..LoggingConfiguration::default()
                }),
                ..create("m", &pass())
            },
            "InvalidLoggingConfiguration",
        ),
        (
            CreateStateMachineInput {
                tags: Some((0..51).map(|n| Tag { key: Some(n.to_string()), value: None }).collect()),
                ..create("m", &pass())
            },
            "TooManyTags",
        ),
        (
            CreateStateMachineInput {
                encryption_configuration: Some(EncryptionConfiguration {
                    type_: Some(EncryptionType::CUSTOMER_MANAGED_KMS_KEY),
                    kms_key_id: Some("key".into()),
                    kms_data_key_reuse_period_seconds: None,
                }),
                ..create("m", &pass())
            },
            "InvalidEncryptionConfiguration",
        ),
    ] {
        let fault = machine::create(world.call(), input).await.unwrap_err();
        assert_eq!(fault.code, code, "{}", fault.message);
    }
    let listed = machine::list(world.call(), ListStateMachinesInput::default()).await.unwrap();
    assert_eq!(listed.state_machines, Some(Vec::new()));
    world.close().await;
}

#[tokio::test]
async fn revisions_and_versions() {
    let world = World::new();
    let first = CreateStateMachineInput { publish: Some(true), ..create("m", &pass()) };
    let made = machine::create(world.call(), first).await.unwrap();
    let arn = made.state_machine_arn.unwrap();
    assert_eq!(made.state_machine_version_arn, Some(format!("{arn}:1")));
    let change = UpdateStateMachineInput {
        state_machine_arn: Some(arn.clone()),
        definition: Some(one_state(r#"{"Type":"Succeed"}"#)),
        ..UpdateStateMachineInput::default()
    };
    let updated = machine::update(world.call(), change.clone()).await.unwrap();
    let revision = updated.revision_id.unwrap();
    // The same once more is the same revision.
    assert_eq!(machine::update(world.call(), change).await.unwrap().revision_id, Some(revision.clone()));
    let publish = |revision: Option<String>| PublishStateMachineVersionInput {
        state_machine_arn: Some(arn.clone()),
        revision_id: revision,
        description: None,
    };
    let wrong = version::publish(world.call(), publish(Some("other".into()))).await.unwrap_err();
    assert_eq!(wrong.code, "ConflictException");
    for _ in 0..2 {
        let published = version::publish(world.call(), publish(Some(revision.clone()))).await.unwrap();
        assert_eq!(published.state_machine_version_arn, Some(format!("{arn}:2")));
    }
    let described = |qualifier: &str| {
        let input = DescribeStateMachineInput {
            state_machine_arn: Some(format!("{arn}{qualifier}")),
            included_data: None,
        };
        machine::describe(world.call(), input)
    };
    assert_eq!(described(":1").await.unwrap().definition, Some(pass()));
    assert_ne!(described("").await.unwrap().definition, Some(pass()));
    for missing in [":3", ":name"] {
        assert_eq!(described(missing).await.unwrap_err().code, "StateMachineDoesNotExist");
    }
    // With the machine everything goes.
    let gone = DeleteStateMachineInput { state_machine_arn: Some(arn.clone()) };
    machine::delete(world.call(), gone.clone()).await.unwrap();
    machine::delete(world.call(), gone).await.unwrap();
    assert_eq!(described(":1").await.unwrap_err().code, "StateMachineDoesNotExist");
    let versions = ListStateMachineVersionsInput { state_machine_arn: Some(arn), ..Default::default() };
    let versions = version::list(world.call(), versions).await.unwrap();
    assert_eq!(versions.state_machine_versions, Some(Vec::new()));
    world.close().await;
}

#[tokio::test]
async fn pages_joined_are_the_list() {
    let world = World::new();
    for n in 0..7 {
        machine::create(world.call(), create(&format!("m{n}"), &pass())).await.unwrap();
    }
    for size in 1..9 {
        let (mut names, mut token) = (Vec::new(), None);
        loop {
            let input = ListStateMachinesInput { max_results: Some(size), next_token: token };
            let page = machine::list(world.call(), input).await.unwrap();
            names.extend(page.state_machines.unwrap().into_iter().map(|m| m.name.unwrap()));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(names, (0..7).map(|n| format!("m{n}")).collect::<Vec<_>>());
    }
    let foreign = ListStateMachinesInput { next_token: Some("x".into()), max_results: None };
    assert_eq!(machine::list(world.call(), foreign).await.unwrap_err().code, "InvalidToken");
    world.close().await;
}

#[tokio::test]
async fn tags_of_activities() {
    let world = World::new();
    let input = CreateActivityInput { name: Some("a".into()), ..CreateActivityInput::default() };
    let arn = activity::create(world.call(), input).await.unwrap().activity_arn.unwrap();
    let tag = |from: i32, to: i32| TagResourceInput {
        resource_arn: Some(arn.clone()),
        tags: Some((from..to).map(|n| Tag { key: Some(n.to_string()), value: Some("v".into()) }).collect()),
    };
    tags::add(world.call(), tag(0, 50)).await.unwrap();
    assert_eq!(tags::add(world.call(), tag(50, 51)).await.unwrap_err().code, "TooManyTags");
    let remove =
        UntagResourceInput { resource_arn: Some(arn.clone()), tag_keys: Some(vec!["7".into(), "no".into()]) };
    tags::remove(world.call(), remove).await.unwrap();
    let list =
        |arn: &str| tags::list(world.call(), ListTagsForResourceInput { resource_arn: Some(arn.into()) });
    assert_eq!(list(&arn).await.unwrap().tags.unwrap().len(), 49);
    assert_eq!(list(&format!("{arn}x")).await.unwrap_err().code, "ResourceNotFound");
    assert_eq!(list("x").await.unwrap_err().code, "InvalidArn");
    world.close().await;
}
