//! Aliases.

use super::world::{ROLE, World, one_state, pass};
use crate::{alias, machine, version};
use api_stepfunctions::*;

/// A machine with two versions; its ARN.
async fn two_versions(world: &World) -> String {
    let input = CreateStateMachineInput {
        name: Some("m".into()),
        definition: Some(pass()),
        role_arn: Some(ROLE.into()),
        publish: Some(true),
        ..CreateStateMachineInput::default()
    };
    let arn = machine::create(world.call(), input).await.unwrap().state_machine_arn.unwrap();
    let change = UpdateStateMachineInput {
        state_machine_arn: Some(arn.clone()),
        definition: Some(one_state(r#"{"Type":"Succeed"}"#)),
        publish: Some(true),
        ..UpdateStateMachineInput::default()
    };
    machine::update(world.call(), change).await.unwrap();
    arn
}

fn routes(arn: &str, weights: &[(u32, i32)]) -> Option<Vec<RoutingConfigurationListItem>> {
    let route = |(version, weight): &(u32, i32)| RoutingConfigurationListItem {
        state_machine_version_arn: Some(format!("{arn}:{version}")),
        weight: Some(*weight),
    };
    Some(weights.iter().map(route).collect())
}

fn create(
    name: &str,
    routing_configuration: Option<Vec<RoutingConfigurationListItem>>,
) -> CreateStateMachineAliasInput {
    CreateStateMachineAliasInput { name: Some(name.into()), routing_configuration, description: None }
}

#[tokio::test]
async fn an_alias_leads_to_versions_that_are_there() {
    let world = World::new();
    let arn = two_versions(&world).await;
    for (name, weights, code) in [
        ("12", &[(1, 100)][..], "InvalidName"),
        ("a", &[(1, 50), (1, 50)], "ValidationException"),
        ("a", &[(1, 50), (2, 49)], "ValidationException"),
        ("a", &[(1, 40), (2, 40), (3, 20)], "ValidationException"),
        ("a", &[(3, 100)], "ResourceNotFound"),
    ] {
        let fault = alias::create(world.call(), create(name, routes(&arn, weights))).await.unwrap_err();
        assert_eq!(fault.code, code, "{weights:?}");
    }
    let nowhere = alias::create(world.call(), create("a", routes(&format!("{arn}x"), &[(1, 100)]))).await;
    assert_eq!(nowhere.unwrap_err().code, "ResourceNotFound");
    let made = alias::create(world.call(), create("live", routes(&arn, &[(1, 90), (2, 10)]))).await.unwrap();
    let again = alias::create(world.call(), create("live", routes(&arn, &[(1, 90), (2, 10)]))).await.unwrap();
    assert_eq!(made, again);
    let other = alias::create(world.call(), create("live", routes(&arn, &[(2, 100)]))).await.unwrap_err();
    assert_eq!(other.code, "ConflictException");
    let version = DeleteStateMachineVersionInput { state_machine_version_arn: Some(format!("{arn}:2")) };
    let held = version::delete(world.call(), version.clone()).await.unwrap_err();
    assert_eq!((held.code.as_ref(), held.message.ends_with("[live]")), ("ConflictException", true));
    let alias_arn = made.state_machine_alias_arn;
    let change = UpdateStateMachineAliasInput {
        state_machine_alias_arn: alias_arn.clone(),
        description: None,
        routing_configuration: routes(&arn, &[(1, 100)]),
    };
    alias::update(world.call(), change).await.unwrap();
    version::delete(world.call(), version).await.unwrap();
    let describe = DescribeStateMachineAliasInput { state_machine_alias_arn: alias_arn.clone() };
    let shown = alias::describe(world.call(), describe.clone()).await.unwrap();
    assert_eq!(shown.routing_configuration, routes(&arn, &[(1, 100)]));
    let delete = DeleteStateMachineAliasInput { state_machine_alias_arn: alias_arn };
    for _ in 0..2 {
        alias::delete(world.call(), delete.clone()).await.unwrap();
    }
    assert_eq!(alias::describe(world.call(), describe).await.unwrap_err().code, "ResourceNotFound");
    world.close().await;
}
