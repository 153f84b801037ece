//! Handlers of instances against records in memory; the host agent's steps are taken by hand.

mod launch;
mod network;

use super::run::run_instances;
use super::state;
use crate::test_world::World;
use api_ec2::{Instance as ApiInstance, Reservation, RunInstancesRequest, TerminateInstancesRequest};
use aws_schema::Fault;
use records::image::BUILT_IN;
use records::{Instance, transitions};
use state_store::StoreError;
use state_store::typed::Tx;

/// A launch of `count` small machines from the plain built-in image.
pub(super) fn run(count: i32) -> RunInstancesRequest {
    RunInstancesRequest {
        image_id: Some(BUILT_IN[0].id("us-east-1")),
        instance_type: Some(small().into()),
        min_count: Some(count),
        max_count: Some(count),
        ..Default::default()
    }
}

/// A small type of this host's architecture.
pub(super) fn small() -> &'static str {
    if records::image::HOST_ARCHITECTURE == "arm64" { "t4g.micro" } else { "t3.micro" }
}

/// Launches; answers the reservation.
pub(super) async fn launch(world: &World, input: RunInstancesRequest) -> Reservation {
    run_instances(world.call(), input).await.unwrap()
}

/// Launches one machine; answers it.
pub(super) async fn launch_one(world: &World, input: RunInstancesRequest) -> ApiInstance {
    launch(world, input).await.instances.unwrap().remove(0)
}

/// What a launch is refused with; nothing may have been made.
pub(super) async fn refused(world: &World, input: RunInstancesRequest) -> Fault {
    let before = world.store().list::<Instance>(&world.scope()).len();
    let interfaces = world.store().list::<records::NetworkInterface>(&world.scope()).len();
    let fault = run_instances(world.call(), input).await.unwrap_err();
    assert_eq!(world.store().list::<Instance>(&world.scope()).len(), before, "{fault}");
    let after = world.store().list::<records::NetworkInterface>(&world.scope()).len();
    assert_eq!(after, interfaces, "{fault}");
    fault
}

/// Takes a step of the host agent.
pub(super) async fn agent(
    world: &World,
    step: impl Fn(&mut Tx<'_>) -> Option<Instance> + Send + Sync,
) -> Instance {
    let done = world.store().transact(|tx| Ok::<_, StoreError>(step(tx))).await.unwrap();
    done.value.expect("the step leads from this state")
}

/// `shutting-down` → `terminated`.
pub(super) async fn gone(world: &World, id: &str) {
    let now = world.ec2.now();
    agent(world, |tx| transitions::terminate(tx, &world.scope(), id, now)).await;
}

/// Terminates as a user, without the agent.
pub(super) async fn terminate(world: &World, id: &str) {
    let input = TerminateInstancesRequest { instance_ids: Some(vec![id.to_owned()]), ..Default::default() };
    state::terminate_instances(world.call(), input).await.unwrap();
}

/// The record.
pub(super) fn record(world: &World, id: &str) -> Instance {
    (*world.store().get::<Instance>(&world.scope(), id).unwrap()).clone()
}
