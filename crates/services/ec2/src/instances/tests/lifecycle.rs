//! Start, stop, reboot, terminate.

use super::*;
use crate::instances::state::{reboot_instances, start_instances, stop_instances, terminate_instances};
use api_ec2::{InstanceStateChange, RebootInstancesRequest, StartInstancesRequest, StopInstancesRequest};
use records::{InstanceState, NetworkInterface};

fn ids(id: &str) -> Option<Vec<String>> {
    Some(vec![id.to_owned()])
}

async fn stop(world: &World, id: &str) -> Result<Vec<InstanceStateChange>, Fault> {
    let input = StopInstancesRequest { instance_ids: ids(id), ..Default::default() };
    stop_instances(world.call(), input).await.map(|r| r.stopping_instances.unwrap())
}

async fn start(world: &World, id: &str) -> Result<Vec<InstanceStateChange>, Fault> {
    let input = StartInstancesRequest { instance_ids: ids(id), ..Default::default() };
    start_instances(world.call(), input).await.map(|r| r.starting_instances.unwrap())
}

async fn reboot(world: &World, id: &str) -> Result<(), Fault> {
    let input = RebootInstancesRequest { instance_ids: ids(id), ..Default::default() };
    reboot_instances(world.call(), input).await.map(drop)
}

/// `previous → current` of the only change.
fn step(changes: &[InstanceStateChange]) -> String {
    let name =
        |s: &Option<api_ec2::InstanceState>| s.clone().unwrap().name.map(|n| n.as_str().to_owned()).unwrap();
    format!("{} → {}", name(&changes[0].previous_state), name(&changes[0].current_state))
}

#[tokio::test]
async fn a_whole_life() {
    let world = World::new();
    let id = id_of_one(&world).await;
    let fault = stop(&world, &id).await.unwrap_err();
    assert_eq!(
        (&*fault.code, fault.message),
        (
            "IncorrectInstanceState",
            format!("Instance '{id}' cannot be stopped as it has never reached the 'running' state.")
        )
    );
    up(&world, &id).await;
    let running = shown(&world, &id).await;
    assert!(running.state_reason.is_none() && running.public_ip_address.is_some());
    assert_eq!(step(&start(&world, &id).await.unwrap()), "running → running");

    reboot(&world, &id).await.unwrap();
    reboot(&world, &id).await.unwrap();
    assert_eq!((record(&world, &id).generation, record(&world, &id).reboot_requested), (2, true));

    assert_eq!(step(&stop(&world, &id).await.unwrap()), "running → stopping");
    assert_eq!(step(&stop(&world, &id).await.unwrap()), "stopping → stopping");
    let stopping = shown(&world, &id).await;
    assert_eq!(stopping.state_transition_reason.as_deref(), Some("User initiated (2026-11-20 10:00:00 GMT)"));
    assert_eq!(stopping.state_reason.unwrap().code.as_deref(), Some("Client.UserInitiatedShutdown"));
    assert_eq!(start(&world, &id).await.unwrap_err().code, "IncorrectInstanceState");
    down(&world, &id).await;
    let stopped = shown(&world, &id).await;
    assert_eq!((stopped.public_ip_address, stopped.public_dns_name.as_deref()), (None, Some("")));
    assert_eq!(stopped.private_ip_address, running.private_ip_address, "the private address stays");
    assert_eq!(step(&stop(&world, &id).await.unwrap()), "stopped → stopped");
    assert_eq!(reboot(&world, &id).await.unwrap_err().code, "IncorrectInstanceState");

    world.clock.advance(5000);
    assert_eq!(step(&start(&world, &id).await.unwrap()), "stopped → pending");
    let again = record(&world, &id);
    assert_eq!((again.generation, again.launch_time), (4, world.ec2.now()));
    assert!(shown(&world, &id).await.public_ip_address.is_some(), "a new public address");
    assert_eq!(step(&start(&world, &id).await.unwrap()), "pending → pending");
    up(&world, &id).await;

    terminate(&world, &id).await;
    assert_eq!(record(&world, &id).state, InstanceState::ShuttingDown);
    for refused in
        [stop(&world, &id).await.err(), start(&world, &id).await.err(), reboot(&world, &id).await.err()]
    {
        assert_eq!(refused.unwrap().code, "IncorrectInstanceState");
    }
    gone(&world, &id).await;
    let last = shown(&world, &id).await;
    assert_eq!(last.state.unwrap().name.unwrap().as_str(), "terminated");
    assert_eq!((last.vpc_id, last.subnet_id, last.private_ip_address), (None, None, None));
    assert_eq!((last.private_dns_name.as_deref(), last.network_interfaces), (Some(""), Some(vec![])));
    assert!(world.store().list::<NetworkInterface>(&world.scope()).is_empty());
    // Still shown, and terminated again without complaint.
    terminate(&world, &id).await;
    assert_eq!(found(&world, "instance-state-name", "terminated").await, [id]);
}

#[tokio::test]
async fn protection() {
    let world = World::new();
    let protected =
        RunInstancesRequest { disable_api_termination: Some(true), disable_api_stop: Some(true), ..run(1) };
    let id = launch_one(&world, protected).await.instance_id.unwrap();
    let free = id_of_one(&world).await;
    up(&world, &id).await;
    let fault = stop(&world, &id).await.unwrap_err();
    assert_eq!(
        (&*fault.code, fault.message),
        (
            "OperationNotPermitted",
            format!(
                "The instance '{id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again."
            )
        )
    );
    // One protected instance keeps the whole request from changing anything.
    let both = TerminateInstancesRequest {
        instance_ids: Some(vec![free.clone(), id.clone()]),
        ..Default::default()
    };
    let fault = terminate_instances(world.call(), both).await.unwrap_err();
    assert_eq!(fault.code, "OperationNotPermitted");
    assert_eq!(record(&world, &free).state, InstanceState::Pending);
}

#[tokio::test]
async fn force_overtakes_an_orderly_stop() {
    let world = World::new();
    let id = id_of_one(&world).await;
    up(&world, &id).await;
    stop(&world, &id).await.unwrap();
    let before = record(&world, &id);
    let force = StopInstancesRequest { force: Some(true), instance_ids: ids(&id), ..Default::default() };
    stop_instances(world.call(), force).await.unwrap();
    let after = record(&world, &id);
    assert_eq!((before.force, after.force), (false, true));
    assert_eq!(after.generation, before.generation + 1);
}

#[tokio::test]
async fn ids_are_checked_before_anything_changes() {
    let world = World::new();
    let id = id_of_one(&world).await;
    let unknown = "i-0123456789abcdef0";
    for (wanted, code, message) in [
        (None, "MissingParameter", "The request must contain the parameter InstanceId".to_owned()),
        (Some(vec![]), "MissingParameter", "The request must contain the parameter InstanceId".to_owned()),
        (
            Some(vec![id.clone(), "i-xyz".into()]),
            "InvalidInstanceID.Malformed",
            "Invalid id: \"i-xyz\" (expecting \"i-...\")".to_owned(),
        ),
        (
            Some(vec![id.clone(), unknown.into()]),
            "InvalidInstanceID.NotFound",
            format!("The instance ID '{unknown}' does not exist"),
        ),
        (
            Some(vec![unknown.into(), "i-12345678".into()]),
            "InvalidInstanceID.NotFound",
            format!("The instance IDs '{unknown}, i-12345678' do not exist"),
        ),
    ] {
        let input = TerminateInstancesRequest { instance_ids: wanted, ..Default::default() };
        let fault = terminate_instances(world.call(), input).await.unwrap_err();
        assert_eq!((&*fault.code, fault.message), (code, message));
    }
    assert_eq!(record(&world, &id).state, InstanceState::Pending);
    let other = TerminateInstancesRequest { instance_ids: ids(&id), ..Default::default() };
    let fault = terminate_instances(world.call_from("111111111111", "us-east-1"), other).await.unwrap_err();
    assert_eq!(fault.code, "InvalidInstanceID.NotFound", "another account's machine");
}

#[tokio::test]
async fn many_at_once_change_all_or_none() {
    let world = World::new();
    let mut all: Vec<String> = launch(&world, run(130))
        .await
        .instances
        .unwrap()
        .into_iter()
        .filter_map(|i| i.instance_id.clone())
        .collect();
    let last = all.last().cloned().unwrap();
    world
        .store()
        .transact(|tx| {
            let kept = tx.get::<Instance>(&world.scope(), &last).unwrap();
            tx.put(&world.scope(), Instance { disable_api_termination: true, ..(*kept).clone() });
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let input =
        |ids: &[String]| TerminateInstancesRequest { instance_ids: Some(ids.to_vec()), ..Default::default() };
    assert!(terminate_instances(world.call(), input(&all)).await.is_err());
    assert!(found(&world, "instance-state-name", "shutting-down").await.is_empty());
    all.pop();
    all.push(all[0].clone());
    let reply = terminate_instances(world.call(), input(&all)).await.unwrap();
    assert_eq!(reply.terminating_instances.unwrap().len(), 129, "an id given twice counts once");
    assert_eq!(found(&world, "instance-state-name", "shutting-down").await.len(), 129);
}

#[tokio::test]
async fn an_elastic_address_survives_a_stop_and_no_second_one_comes_at_the_start() {
    let world = World::new();
    let id = id_of_one(&world).await;
    up(&world, &id).await;
    let eni = record(&world, &id).network_interfaces[0].clone();
    world
        .store()
        .transact(|tx| {
            let mut interface = (*tx.get::<NetworkInterface>(&world.scope(), &eni).unwrap()).clone();
            interface.private_addresses[0].public = Some("198.18.9.9".parse().unwrap());
            interface.private_addresses[0].allocation_id = Some("eipalloc-0123456789abcdef0".into());
            tx.put(&world.scope(), interface);
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    stop(&world, &id).await.unwrap();
    down(&world, &id).await;
    assert_eq!(shown(&world, &id).await.public_ip_address.as_deref(), Some("198.18.9.9"));
    start(&world, &id).await.unwrap();
    assert_eq!(shown(&world, &id).await.public_ip_address.as_deref(), Some("198.18.9.9"));
}
