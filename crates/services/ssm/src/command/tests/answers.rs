//! Lists, filters and pages.

use super::*;
use crate::testing::code;

#[tokio::test(start_paused = true)]
async fn commands_and_invocations_are_listed_newest_first() {
    let cloud = Cloud::new();
    let _engine = cloud.engine();
    let ids = instances(&cloud, 3).await;
    let mut sent_ids = Vec::new();
    for n in 0..7 {
        cloud.clock.advance(1000);
        let line = format!("exit {}", n % 2);
        let id = sent(
            &cloud,
            SendCommandRequest { max_errors: Some("3".into()), ..script(&[&line], &ids[..=(n % 3)]) },
        )
        .await;
        ended(&cloud, &id).await;
        sent_ids.insert(0, id);
    }
    let (mut seen, mut token) = (Vec::new(), None);
    loop {
        let input = ListCommandsRequest { max_results: Some(3), next_token: token, ..Default::default() };
        let page = list(cloud.call(), input).await.unwrap();
        seen.extend(page.commands.unwrap().into_iter().map(|c| c.command_id.unwrap()));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, sent_ids);
    let (mut count, mut token) = (0, None);
    loop {
        let input =
            ListCommandInvocationsRequest { max_results: Some(2), next_token: token, ..Default::default() };
        let page = list_invocations(cloud.call(), input).await.unwrap();
        count += page.command_invocations.unwrap().len();
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(count, 1 + 2 + 3 + 1 + 2 + 3 + 1);
    let filtered = |key: &'static str, value: &str| ListCommandsRequest {
        filters: Some(vec![CommandFilter { key: Some(key.into()), value: Some(value.into()) }]),
        ..Default::default()
    };
    for (key, value, expected) in [
        ("Status", "Success", 4),
        ("Status", "Failed", 3),
        ("Status", "Incomplete", 3),
        ("ExecutionStage", "Complete", 7),
        ("ExecutionStage", "Executing", 0),
        ("DocumentName", "AWS-RunShellScript", 7),
        ("DocumentName", "Other", 0),
        ("InvokedAfter", "2026-01-01T00:00:00Z", 7),
        ("InvokedBefore", "2026-01-01T00:00:00Z", 0),
    ] {
        let found = list(cloud.call(), filtered(key, value)).await.unwrap().commands.unwrap();
        assert_eq!(found.len(), expected, "{key}={value}");
    }
    for (key, value) in
        [("Status", "Sleepy"), ("Colour", "red"), ("InvokedAfter", "yesterday"), ("ExecutionStage", "x")]
    {
        assert_eq!(code(list(cloud.call(), filtered(key, value)).await), "InvalidFilterKey", "{key}={value}");
    }
    let on_third = ListCommandsRequest { instance_id: Some(ids[2].clone()), ..Default::default() };
    assert_eq!(list(cloud.call(), on_third).await.unwrap().commands.unwrap().len(), 2);
    let unknown = ListCommandsRequest { command_id: Some(contracts::new_uuid()), ..Default::default() };
    assert_eq!(code(list(cloud.call(), unknown).await), "InvalidCommandId");
    let foreign = list(cloud.call_as("111111111111"), ListCommandsRequest::default()).await.unwrap();
    assert!(foreign.commands.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn details_show_steps_with_the_beginning_of_their_output() {
    let cloud = Cloud::new();
    let _engine = cloud.engine();
    let ids = instances(&cloud, 1).await;
    let long = format!("echo {}", "x".repeat(30_000));
    let id = sent(&cloud, script(&[&long, "err oops", "exit 2"], &ids)).await;
    ended(&cloud, &id).await;
    let shown = invocation(&cloud, &id, &ids[0]).await.standard_output_content.unwrap();
    assert_eq!(shown.chars().count(), 24_000);
    assert!(shown.ends_with("\n---Output truncated---"));
    for details in [false, true] {
        let input = ListCommandInvocationsRequest {
            command_id: Some(id.clone()),
            details: Some(details),
            ..Default::default()
        };
        let found = list_invocations(cloud.call(), input).await.unwrap().command_invocations.unwrap();
        let plugins = found[0].command_plugins.clone().unwrap();
        assert_eq!(plugins.len(), usize::from(details));
        if details {
            let output = plugins[0].output.clone().unwrap();
            assert_eq!(output.chars().count(), 2_500);
            assert!(output.ends_with("----------ERROR-------\noops\nfailed to run commands: exit status 2"));
            assert_eq!(plugins[0].response_code, Some(2));
        }
    }
    // The whole output is on disk.
    let command = cloud.store().get::<Record>(&cloud.scope(), &id).unwrap();
    let folder = cloud.service.step_folder(&cloud.scope(), &command, &ids[0], 0);
    assert_eq!(std::fs::read_to_string(folder.join("stdout")).unwrap().len(), 30_001);
}

#[tokio::test(start_paused = true)]
async fn a_running_command_shows_its_progress() {
    let cloud = Cloud::new();
    let _engine = cloud.engine();
    let ids = instances(&cloud, 4).await;
    cloud.host.set_fate(&ids[0], "exit 0".into());
    cloud.host.set_fate(&ids[1], "exit 1".into());
    let input = SendCommandRequest {
        max_concurrency: Some("3".into()),
        max_errors: Some("1".into()),
        ..script(&["sleep 60000"], &ids)
    };
    let id = sent(&cloud, input).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let input = ListCommandsRequest { command_id: Some(id.clone()), ..Default::default() };
    let shown = list(cloud.call(), input).await.unwrap().commands.unwrap().remove(0);
    assert_eq!(shown.status.unwrap().as_str(), "InProgress");
    assert_eq!((shown.target_count, shown.completed_count, shown.error_count), (Some(4), Some(2), Some(1)));
    assert_eq!(details(&cloud, &id).await, ["Success", "Failed", "InProgress", "InProgress"]);
    let running = invocation(&cloud, &id, &ids[2]).await;
    assert_eq!((running.response_code, running.standard_output_content.as_deref()), (Some(-1), Some("")));
    assert_eq!(ended(&cloud, &id).await.1, "Incomplete");
}

#[tokio::test]
async fn invocations_that_do_not_exist() {
    let cloud = Cloud::new();
    let ids = instances(&cloud, 1).await;
    let id = sent(&cloud, script(&["echo"], &ids)).await;
    for (command, instance, plugin, expected) in [
        (id.clone(), instance_id(5), None, "InvocationDoesNotExist"),
        (contracts::new_uuid(), ids[0].clone(), None, "InvocationDoesNotExist"),
        (id.clone(), ids[0].clone(), Some("other"), "InvalidPluginName"),
    ] {
        let input = GetCommandInvocationRequest {
            command_id: Some(command),
            instance_id: Some(instance),
            plugin_name: plugin.map(Into::into),
        };
        assert_eq!(code(get_invocation(cloud.call(), input).await), expected);
    }
}

#[tokio::test]
async fn instances_are_described_as_managed() {
    let cloud = Cloud::new();
    let ids = instances(&cloud, 3).await;
    cloud.instance_in(&instance_id(7), "terminated", &[]).await;
    cloud.instance_in(&instance_id(8), "stopped", &[]).await;
    cloud.host.set_down(&ids[2], true);
    let run = |filters: Vec<(&str, &str)>| {
        let filters = filters.into_iter().map(|(key, value)| InstanceInformationStringFilter {
            key: Some(key.into()),
            values: Some(vec![value.into()]),
        });
        let input =
            DescribeInstanceInformationRequest { filters: Some(filters.collect()), ..Default::default() };
        describe_instances(cloud.call(), input)
    };
    for (filters, expected) in [
        (vec![], 3),
        (vec![("PingStatus", "Online")], 2),
        (vec![("PingStatus", "ConnectionLost")], 1),
        (vec![("InstanceIds", ids[0].as_str())], 1),
        (vec![("tag:Mode", "Production"), ("PlatformTypes", "Linux")], 3),
        (vec![("tag:Mode", "Test")], 0),
        (vec![("tag-key", "Mode"), ("ResourceType", "EC2Instance")], 3),
    ] {
        let found = run(filters.clone()).await.unwrap().instance_information_list.unwrap();
        assert_eq!(found.len(), expected, "{filters:?}");
    }
    assert_eq!(code(run(vec![("Colour", "red")]).await), "InvalidFilterKey");
    for (target, expected) in
        [(&ids[0], "connected"), (&ids[2], "notconnected"), (&instance_id(9), "notconnected")]
    {
        let input = GetConnectionStatusRequest { target: Some(target.clone()) };
        assert_eq!(connection_status(cloud.call(), input).await.unwrap().status.unwrap().as_str(), expected);
    }
}
