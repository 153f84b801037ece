//! Client tokens.

use super::*;
use records::LaunchToken;

fn with_token(token: &str, count: i32) -> RunInstancesRequest {
    RunInstancesRequest { client_token: Some(token.into()), ..run(count) }
}

#[tokio::test]
async fn the_same_request_again_starts_nothing_new() {
    let world = World::new();
    let first = launch(&world, with_token("once", 2)).await;
    let again = launch(&world, with_token("once", 2)).await;
    assert_eq!(first.reservation_id, again.reservation_id);
    let ids =
        |r: &Reservation| -> Vec<_> { r.instances.iter().flatten().map(|i| i.instance_id.clone()).collect() };
    assert_eq!(ids(&first), ids(&again));
    assert_eq!(again.instances.unwrap()[0].client_token.as_deref(), Some("once"));
    assert_eq!(found(&world, "client-token", "once").await.len(), 2);
    assert_ne!(launch(&world, with_token("twice", 2)).await.reservation_id, first.reservation_id);
}

#[tokio::test]
async fn another_request_with_the_token_is_refused() {
    let world = World::new();
    launch(&world, with_token("once", 1)).await;
    let data = |text: &str| RunInstancesRequest { user_data: Some(text.into()), ..with_token("data", 1) };
    launch(&world, data("YQ==")).await;
    for other in [with_token("once", 2), data("Yg==")] {
        assert_eq!(refused(&world, other).await.code, "IdempotentParameterMismatch");
    }
    // Tokens belong to an account and a region.
    let elsewhere =
        RunInstancesRequest { image_id: Some(BUILT_IN[0].id("eu-west-1")), ..with_token("once", 1) };
    assert!(run_instances(world.call_from("111111111111", "eu-west-1"), elsewhere).await.is_ok());
}

#[tokio::test]
async fn requests_at_the_same_moment_start_one_launch() {
    let world = World::new();
    let one = || run_instances(world.call(), with_token("race", 30));
    let (a, b, c) = tokio::join!(one(), one(), one());
    let reservations = [a, b, c].map(|r| r.unwrap().reservation_id);
    assert_eq!(reservations[0], reservations[1]);
    assert_eq!(reservations[1], reservations[2]);
    assert_eq!(world.store().list::<Instance>(&world.scope()).len(), 30);
}

#[tokio::test]
async fn the_token_goes_with_the_last_of_its_instances() {
    let world = World::new();
    let ids: Vec<String> = launch(&world, with_token("once", 2))
        .await
        .instances
        .unwrap()
        .into_iter()
        .filter_map(|i| i.instance_id.clone())
        .collect();
    let tokens = || world.store().list::<LaunchToken>(&world.scope()).len();
    for id in &ids {
        assert_eq!(tokens(), 1);
        terminate(&world, id).await;
        gone(&world, id).await;
        world.clock.advance(transitions::KEEP_TERMINATED);
        let now = world.ec2.now();
        assert_eq!(transitions::sweep_terminated(world.store(), now).await.unwrap(), 1);
    }
    assert_eq!(tokens(), 0);
    launch(&world, with_token("once", 1)).await;
}
