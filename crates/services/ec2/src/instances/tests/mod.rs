//! Handlers of instances against records in memory; the host agent's steps are taken by hand.

mod attributes;
mod describe;
mod fresh;
mod launch;
mod launch_faults;
mod lifecycle;
mod metadata;
mod network;
mod parallel;
mod profiles;
mod status;
mod token;
mod volumes;

use super::run::run_instances;
use super::{describe as describing, state};
use crate::test_world::World;
use api_ec2::{
    DescribeInstancesRequest, Filter, Instance as ApiInstance, Reservation, RunInstancesRequest,
    TerminateInstancesRequest,
};
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

/// Another type of the same family.
pub(super) fn larger() -> &'static str {
    if records::image::HOST_ARCHITECTURE == "arm64" { "t4g.large" } else { "t3.large" }
}

/// Launches; answers the reservation.
pub(super) async fn launch(world: &World, input: RunInstancesRequest) -> Reservation {
    run_instances(world.call(), input).await.unwrap()
}

/// Launches one machine; answers it.
pub(super) async fn launch_one(world: &World, input: RunInstancesRequest) -> ApiInstance {
    launch(world, input).await.instances.unwrap().remove(0).into_inner()
}

/// Launches one machine; answers its id.
pub(super) async fn id_of_one(world: &World) -> String {
    launch_one(world, run(1)).await.instance_id.unwrap()
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

/// `pending` → `running`.
pub(super) async fn up(world: &World, id: &str) {
    agent(world, |tx| transitions::mark_running(tx, &world.scope(), id, "here")).await;
}

/// `stopping` → `stopped`.
pub(super) async fn down(world: &World, id: &str) {
    agent(world, |tx| transitions::mark_stopped(tx, &world.scope(), id)).await;
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

/// DescribeInstances of one instance.
pub(super) async fn shown(world: &World, id: &str) -> ApiInstance {
    let input = DescribeInstancesRequest { instance_ids: Some(vec![id.to_owned()]), ..Default::default() };
    let reply = describing::describe_instances(world.call(), input).await.unwrap();
    reply.reservations.unwrap().remove(0).instances.unwrap().remove(0).into_inner()
}

/// Ids that DescribeInstances finds by one filter, sorted.
pub(super) async fn found(world: &World, name: &str, value: &str) -> Vec<String> {
    let filter = Filter { name: Some(name.into()), values: Some(vec![value.into()]) };
    let input = DescribeInstancesRequest { filters: Some(vec![filter]), ..Default::default() };
    let reply = describing::describe_instances(world.call(), input).await.unwrap();
    let mut ids: Vec<String> = reply
        .reservations
        .unwrap()
        .into_iter()
        .flat_map(|r| r.instances.unwrap())
        .filter_map(|i| i.instance_id.clone())
        .collect();
    ids.sort();
    ids
}
