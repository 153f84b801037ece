//! Delivery, timeouts, cancellation, restarts.

use super::*;
use crate::testing::{NOW, code};

fn cancellation(id: &str, instances: &[String]) -> CancelCommandRequest {
    CancelCommandRequest { command_id: Some(id.into()), instance_ids: Some(instances.to_vec()) }
}

async fn until(what: impl Fn() -> bool) {
    for _ in 0..100_000 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never comes true");
}

#[tokio::test(start_paused = true)]
async fn a_command_runs_and_its_output_is_seen() {
    let cloud = Cloud::new();
    let _engine = cloud.engine();
    let ids = instances(&cloud, 1).await;
    let input = SendCommandRequest {
        parameters: Some(
            [
                ("commands".to_owned(), vec!["echo one".to_owned(), "err bad".into(), "exit 3".into()]),
                ("workingDirectory".to_owned(), vec!["/tmp".to_owned()]),
            ]
            .into(),
        ),
        ..script(&[], &ids)
    };
    let id = sent(&cloud, input).await;
    assert_eq!(ended(&cloud, &id).await, ("Failed".into(), "Failed".into()));
    let shown = invocation(&cloud, &id, &ids[0]).await;
    assert_eq!(shown.plugin_name.as_deref(), Some("aws:runShellScript"));
    assert_eq!((shown.status.unwrap().as_str(), shown.response_code), ("Failed", Some(3)));
    assert_eq!(shown.standard_output_content.as_deref(), Some("one\n"));
    assert_eq!(shown.standard_error_content.as_deref(), Some("bad\nfailed to run commands: exit status 3"));
    let request = &cloud.host.started()[0];
    assert_eq!(request.working_directory.as_deref(), Some("/tmp"));
    assert!(request.environment.contains(&("AWS_SSM_INSTANCE_ID".into(), ids[0].clone())));
}

#[tokio::test(start_paused = true)]
async fn no_target_is_a_success_of_its_own() {
    let cloud = Cloud::new();
    let _engine = cloud.engine();
    let targets = Some(vec![Target { key: Some("tag:a".into()), values: Some(vec!["b".into()]) }]);
    let id = sent(&cloud, SendCommandRequest { instance_ids: None, targets, ..script(&["echo"], &[]) }).await;
    assert_eq!(ended(&cloud, &id).await, ("Success".into(), "NoInstancesInTag".into()));
}

#[tokio::test(start_paused = true)]
async fn execution_timeout_stops_the_script() {
    let cloud = Cloud::new();
    let _engine = cloud.engine();
    let ids = instances(&cloud, 1).await;
    let mut input = script(&["hang"], &ids);
    input.parameters.as_mut().unwrap().insert("executionTimeout".into(), vec!["60".into()]);
    let id = sent(&cloud, input).await;
    assert_eq!(ended(&cloud, &id).await.0, "Failed");
    let shown = invocation(&cloud, &id, &ids[0]).await;
    assert_eq!(
        (shown.status.unwrap().as_str(), shown.status_details.as_deref()),
        ("TimedOut", Some("ExecutionTimedOut"))
    );
    assert_eq!(cloud.host.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_machine_times_out_or_gets_it_late() {
    let cloud = Cloud::new();
    let _engine = cloud.engine();
    let ids = instances(&cloud, 2).await;
    for id in &ids {
        cloud.host.set_down(id, true);
    }
    let one = |id: &String| SendCommandRequest {
        timeout_seconds: Some(30),
        ..script(&["echo x"], std::slice::from_ref(id))
    };
    let (never, late) = (sent(&cloud, one(&ids[0])).await, sent(&cloud, one(&ids[1])).await);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(details(&cloud, &late).await, ["Delayed"]);
    cloud.host.set_down(&ids[1], false);
    assert_eq!(ended(&cloud, &late).await.0, "Success");
    assert_eq!(ended(&cloud, &never).await, ("TimedOut".into(), "DeliveryTimedOut".into()));
    assert_eq!(details(&cloud, &never).await, ["DeliveryTimedOut"]);
    let command = cloud.store().get::<Record>(&cloud.scope(), &never).unwrap();
    assert_eq!((command.error_count, command.delivery_timed_out_count), (0, 1));
    // What timed out is never delivered afterwards.
    cloud.host.set_down(&ids[0], false);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(cloud.host.started().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_goes_for_good_cannot_be_delivered_to() {
    let cloud = Cloud::new();
    let _engine = cloud.engine();
    let ids = instances(&cloud, 1).await;
    cloud.host.set_down(&ids[0], true);
    let id = sent(&cloud, script(&["echo x"], &ids)).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    cloud.instance_in(&ids[0], "terminated", &[]).await;
    assert_eq!(ended(&cloud, &id).await, ("Failed".into(), "Failed".into()));
    assert_eq!(details(&cloud, &id).await, ["Undeliverable"]);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_dies_meanwhile_fails_its_invocation() {
    let cloud = Cloud::new();
    let _engine = cloud.engine();
    let ids = instances(&cloud, 1).await;
    let id = sent(&cloud, script(&["hang"], &ids)).await;
    until(|| cloud.host.in_flight() == 1).await;
    cloud.host.lose(&ids[0]);
    assert_eq!(ended(&cloud, &id).await.0, "Failed");
    let shown = invocation(&cloud, &id, &ids[0]).await;
    assert!(shown.standard_error_content.unwrap().contains("the machine went away"));
}

#[tokio::test(start_paused = true)]
async fn cancelling_stops_what_runs_and_what_waits() {
    let cloud = Cloud::new();
    let _engine = cloud.engine();
    let ids = instances(&cloud, 5).await;
    let id =
        sent(&cloud, SendCommandRequest { max_concurrency: Some("2".into()), ..script(&["hang"], &ids) })
            .await;
    until(|| cloud.host.in_flight() == 2).await;
    assert_eq!(code(cancel(cloud.call(), cancellation(&id, &[instance_id(77)])).await), "InvalidInstanceId");
    let twice = [ids[0].clone(), ids[0].clone()];
    assert_eq!(code(cancel(cloud.call(), cancellation(&id, &twice)).await), "DuplicateInstanceId");
    // One that runs: its place is taken by the next.
    cancel(cloud.call(), cancellation(&id, &ids[..1])).await.unwrap();
    until(|| cloud.host.started().len() == 3).await;
    assert_eq!(details(&cloud, &id).await, ["Cancelled", "InProgress", "InProgress", "Pending", "Pending"]);
    cancel(cloud.call(), cancellation(&id, &[])).await.unwrap();
    assert_eq!(ended(&cloud, &id).await, ("Cancelled".into(), "Cancelled".into()));
    assert_eq!(details(&cloud, &id).await, ["Cancelled"; 5]);
    assert_eq!((cloud.host.in_flight(), cloud.host.started().len()), (0, 3));
    // Once over, nothing changes any more.
    cancel(cloud.call(), cancellation(&id, &[])).await.unwrap();
    assert_eq!(ended(&cloud, &id).await.0, "Cancelled");
    let unknown = cancellation(&contracts::new_uuid(), &[]);
    assert_eq!(code(cancel(cloud.call(), unknown).await), "InvalidCommandId");
}

#[tokio::test(start_paused = true)]
async fn a_killed_engine_finds_its_commands_again() {
    let mut cloud = Cloud::new();
    let ids = instances(&cloud, 6).await;
    for (n, id) in ids.iter().enumerate() {
        cloud.host.set_fate(id, format!("sleep {}\nexit {}", 700 + n * 333, n % 2));
    }
    let input = SendCommandRequest {
        max_concurrency: Some("2".into()),
        max_errors: Some("5".into()),
        ..script(&["x"], &ids)
    };
    let id = sent(&cloud, input).await;
    // Each engine is killed before the command is over; the last one is not.
    for span in [1, 500, 800, 400, 900, 300, 700] {
        let (engine, _stop) = cloud.engine();
        tokio::time::sleep(Duration::from_millis(span)).await;
        engine.abort();
        let _ = engine.await;
        cloud.restart();
    }
    let _engine = cloud.engine();
    assert_eq!(ended(&cloud, &id).await, ("Failed".into(), "Incomplete".into()));
    assert_eq!(details(&cloud, &id).await, ["Success", "Failed", "Success", "Failed", "Success", "Failed"]);
    // No machine was asked twice, and never did more than two work at once.
    let started: Vec<String> = cloud.host.started().iter().map(|r| r.instance_id.clone()).collect();
    assert_eq!(started, ids);
    assert_eq!(cloud.host.most_in_flight(), 2);
    // The machines need not remember what is on record.
    assert_eq!(cloud.host.remembered(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_command_does_not_start_after_a_restart() {
    let mut cloud = Cloud::new();
    let ids = instances(&cloud, 3).await;
    let id =
        sent(&cloud, SendCommandRequest { max_concurrency: Some("1".into()), ..script(&["hang"], &ids) })
            .await;
    let (engine, _stop) = cloud.engine();
    until(|| cloud.host.in_flight() == 1).await;
    engine.abort();
    let _ = engine.await;
    cancel(cloud.call(), cancellation(&id, &[])).await.unwrap();
    cloud.restart();
    let _engine = cloud.engine();
    assert_eq!(ended(&cloud, &id).await.0, "Cancelled");
    assert_eq!((cloud.host.in_flight(), cloud.host.started().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn shutdown_leaves_commands_to_the_next_engine() {
    let mut cloud = Cloud::new();
    let ids = instances(&cloud, 1).await;
    let (engine, stop) = cloud.engine();
    let id = sent(&cloud, script(&["sleep 5000", "echo done"], &ids)).await;
    until(|| cloud.host.in_flight() == 1).await;
    stop.send(true).unwrap();
    engine.await.unwrap();
    assert_eq!(cloud.store().get::<Record>(&cloud.scope(), &id).unwrap().outcome, None);
    cloud.restart();
    let _engine = cloud.engine();
    assert_eq!(ended(&cloud, &id).await.0, "Success");
    assert_eq!(cloud.host.started().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wiped_command_leaves_nothing_behind() {
    let cloud = Cloud::new();
    let _engine = cloud.engine();
    let ids = instances(&cloud, 2).await;
    let id =
        sent(&cloud, SendCommandRequest { max_concurrency: Some("1".into()), ..script(&["hang"], &ids) })
            .await;
    until(|| cloud.host.in_flight() == 1).await;
    cloud.store().backend().wipe("/").await.unwrap();
    until(|| cloud.service.live.len() == 0).await;
    assert_eq!(cloud.host.in_flight(), 0);
    assert!(cloud.store().backend().range(state_store::RangeRequest::prefix("/")).items.is_empty());
    assert!(cloud.service.live.get(&cloud.scope(), &id).is_none());
}

#[tokio::test(start_paused = true)]
async fn old_commands_go_with_their_output() {
    let cloud = Cloud::new();
    let (engine, stop) = cloud.engine();
    let ids = instances(&cloud, 1).await;
    let old = sent(&cloud, script(&["echo old"], &ids)).await;
    ended(&cloud, &old).await;
    cloud.clock.advance(29 * 24 * 3600 * 1000);
    let young = sent(&cloud, script(&["echo young"], &ids)).await;
    ended(&cloud, &young).await;
    cloud.clock.advance(2 * 24 * 3600 * 1000);
    stop.send(true).unwrap();
    engine.await.unwrap();
    let folder = |id: &str| cloud.service.command_folder(&cloud.scope(), id);
    assert!(folder(&old).exists() && folder(&young).exists());
    super::super::sweep::sweep(&cloud.service).await;
    assert!(!folder(&old).exists() && folder(&young).exists());
    let kept: Vec<_> = cloud.store().list::<Record>(&cloud.scope()).iter().map(|c| c.id.clone()).collect();
    assert_eq!(kept, [young]);
    assert_eq!(cloud.store().list::<records::ssm::Invocation>(&cloud.scope()).len(), 1);
    assert!(cloud.service.now() > NOW);
}

#[tokio::test(start_paused = true)]
async fn an_invocation_that_breaks_fails_alone() {
    let cloud = Cloud::new();
    let _engine = cloud.engine();
    let ids = instances(&cloud, 3).await;
    cloud.host.set_fate(&ids[1], "break".into());
    let input = SendCommandRequest { max_errors: Some("1".into()), ..script(&["echo x"], &ids) };
    let id = sent(&cloud, input).await;
    assert_eq!(ended(&cloud, &id).await.1, "Incomplete");
    assert_eq!(details(&cloud, &id).await, ["Success", "Failed", "Success"]);
    until(|| cloud.service.live.len() == 0).await;
}
