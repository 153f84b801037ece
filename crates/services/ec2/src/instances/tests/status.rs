//! DescribeInstanceStatus and console output: what was seen, nothing else.

use super::*;
use crate::instances::console::{get_console_output, get_password_data};
use crate::instances::status::describe_instance_status;
use api_ec2::{
    DescribeInstanceStatusRequest, GetConsoleOutputRequest, GetPasswordDataRequest, InstanceStatus,
};

async fn status(world: &World, input: DescribeInstanceStatusRequest) -> Vec<InstanceStatus> {
    describe_instance_status(world.call(), input).await.unwrap().instance_statuses.unwrap()
}

/// Summary of the instance check, and of the system check.
fn words(status: &InstanceStatus) -> (String, String) {
    let word =
        |s: &Option<api_ec2::InstanceStatusSummary>| s.clone().unwrap().status.unwrap().as_str().to_owned();
    (word(&status.instance_status), word(&status.system_status))
}

#[tokio::test]
async fn checks_follow_what_is_seen_of_the_machine() {
    let world = World::new();
    let id = id_of_one(&world).await;
    assert!(status(&world, Default::default()).await.is_empty(), "only running machines are listed");
    let every = || DescribeInstanceStatusRequest { include_all_instances: Some(true), ..Default::default() };
    assert_eq!(words(&status(&world, every()).await[0]), ("initializing".into(), "initializing".into()));
    up(&world, &id).await;
    let now = async || words(&status(&world, Default::default()).await[0]).0;
    assert_eq!(now().await, "initializing");
    world.seams.reachable.lock().insert(id.clone());
    assert_eq!(now().await, "initializing", "user-data still runs");
    let time = world.ec2.now();
    agent(&world, |tx| transitions::mark_booted(tx, &world.scope(), &id, time)).await;
    assert_eq!(now().await, "ok");
    world.clock.advance(200_000);
    world.seams.reachable.lock().clear();
    assert_eq!(now().await, "impaired");
    let impaired =
        Filter { name: Some("instance-status.status".into()), values: Some(vec!["impaired".into()]) };
    let input = DescribeInstanceStatusRequest { filters: Some(vec![impaired]), ..Default::default() };
    assert_eq!(status(&world, input).await.len(), 1);
    terminate(&world, &id).await;
    assert_eq!(words(&status(&world, every()).await[0]), ("not-applicable".into(), "not-applicable".into()));
}

#[tokio::test]
async fn console_output_is_what_was_printed() {
    let world = World::new();
    let id = id_of_one(&world).await;
    let ask = || GetConsoleOutputRequest { instance_id: Some(id.clone()), ..Default::default() };
    let empty = get_console_output(world.call(), ask()).await.unwrap();
    assert_eq!(empty.output.as_deref(), Some(""));
    world.seams.consoles.lock().insert(id.clone(), (b"login:".to_vec(), 5000));
    let full = get_console_output(world.call(), ask()).await.unwrap();
    assert_eq!((full.output.as_deref(), full.timestamp.unwrap().seconds), (Some("bG9naW46"), 5));
    let password = GetPasswordDataRequest { instance_id: Some(id.clone()), ..Default::default() };
    assert_eq!(get_password_data(world.call(), password).await.unwrap().password_data.as_deref(), Some(""));
    let other =
        GetConsoleOutputRequest { instance_id: Some("i-0123456789abcdef0".into()), ..Default::default() };
    assert_eq!(get_console_output(world.call(), other).await.unwrap_err().code, "InvalidInstanceID.NotFound");
}
