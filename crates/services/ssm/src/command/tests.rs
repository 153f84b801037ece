//! Tests of Run Command.

mod answers;
mod engine;
mod rate_control;
mod sending;
mod steps;

use super::*;
use crate::testing::{Cloud, instance_id};
use api_ssm::*;
use records::ssm::Command as Record;
use std::time::Duration;

/// AWS-RunShellScript with these lines on these instances.
fn script(lines: &[&str], instances: &[String]) -> SendCommandRequest {
    let commands = lines.iter().map(|l| (*l).to_owned()).collect();
    SendCommandRequest {
        document_name: Some("AWS-RunShellScript".into()),
        instance_ids: Some(instances.to_vec()),
        parameters: Some([("commands".to_owned(), commands)].into()),
        ..Default::default()
    }
}

/// `count` running instances.
async fn instances(cloud: &Cloud, count: usize) -> Vec<String> {
    let ids: Vec<String> = (0..count).map(instance_id).collect();
    for id in &ids {
        cloud.instance(id, &[("Mode", "Production")]).await;
    }
    ids
}

/// Sends and returns the command's id.
async fn sent(cloud: &Cloud, request: SendCommandRequest) -> String {
    send(cloud.call(), request).await.unwrap().command.unwrap().command_id.unwrap()
}

/// Waits until a command has ended; status and details.
async fn ended(cloud: &Cloud, id: &str) -> (String, String) {
    // Time is virtual: these steps are months.
    for step in 0..100_000u64 {
        if let Some(outcome) = &cloud.store().get::<Record>(&cloud.scope(), id).unwrap().outcome {
            return outcome.clone();
        }
        tokio::time::sleep(Duration::from_millis((10 * step).min(60_000))).await;
    }
    panic!("command {id} does not end");
}

async fn invocation(cloud: &Cloud, id: &str, instance: &str) -> GetCommandInvocationResult {
    let input = GetCommandInvocationRequest {
        command_id: Some(id.into()),
        instance_id: Some(instance.into()),
        plugin_name: None,
    };
    get_invocation(cloud.call(), input).await.unwrap()
}

/// `StatusDetails` of every invocation, in the order of the instances.
async fn details(cloud: &Cloud, id: &str) -> Vec<String> {
    let command = cloud.store().get::<Record>(&cloud.scope(), id).unwrap();
    let of = |i: &String| cloud.service.progress(&cloud.scope(), &command, i).status.details().to_owned();
    command.resolved.iter().map(of).collect()
}
