//! From SendCommand to its visible output.

use crate::Context;
use crate::cloud::{Cloud, Options};
use crate::host::Meter;
use crate::report::{Row, Target};
use crate::site::Site;
use crate::statistics::Times;
use crate::stop::Deadline;
use anyhow::{Context as _, ensure};
use api_ssm::{self as ssm, ops};
use aws_client::{CallError, Client};
use std::time::{Duration, Instant};

const ROUNDS: usize = 100;
const WARM_UP: usize = 5;
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks: a caller that spins takes the processor from what it waits for.
const PAUSE: Duration = Duration::from_micros(300);

pub(super) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let options = Options { machines: true, ..Options::default() };
    let cloud = Cloud::start(&context.allod, &context.folder, options)?;
    let mut site = Site::build(cloud.client())?;
    let ids = site.launch(&site.launch_request(1, None, false))?;
    site.wait(&ids, "running")?;
    for _ in 0..WARM_UP {
        round(&mut site.client, &ids[0])?;
    }
    let meter = Meter::start(cloud.pid(), cloud.keeper_pid());
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.push(round(&mut site.client, &ids[0])?);
    }
    let cpu = meter.used();
    cloud.stop()?;
    let times = Times::new(times);
    Ok(vec![
        Row::new("SendCommand → output, p50", times.median(), "ms")
            .target(Target::AtMost(10.0))
            .cpu(cpu)
            .note(format!("{ROUNDS} times `echo` by AWS-RunShellScript; p99 {:.1} ms", times.percentile(99))),
    ])
}

/// Milliseconds from before SendCommand to the answer that holds the output.
fn round(client: &mut Client, id: &str) -> anyhow::Result<f64> {
    let request = ssm::SendCommandRequest {
        document_name: Some("AWS-RunShellScript".to_owned()),
        instance_ids: Some(vec![id.to_owned()]),
        parameters: Some([("commands".to_owned(), vec!["echo bench".to_owned()])].into()),
        ..Default::default()
    };
    let begun = Instant::now();
    let sent = client.call::<ops::SendCommand>(&ssm::SERVICE, &request).context("ssm SendCommand")?;
    let look = ssm::GetCommandInvocationRequest {
        command_id: sent.command.and_then(|command| command.command_id),
        instance_id: Some(id.to_owned()),
        ..Default::default()
    };
    let deadline = Deadline::new("a command", PATIENCE);
    loop {
        match client.call::<ops::GetCommandInvocation>(&ssm::SERVICE, &look) {
            Ok(found) => {
                let status = found.status.map(|status| status.as_str().to_owned()).unwrap_or_default();
                if !matches!(status.as_str(), "Pending" | "InProgress" | "Delayed") {
                    let output = found.standard_output_content.unwrap_or_default();
                    ensure!(
                        status == "Success" && output.trim() == "bench",
                        "the command ended {status}: {output}"
                    );
                    return Ok(begun.elapsed().as_secs_f64() * 1e3);
                }
            }
            Err(CallError::Fault(fault)) if fault.code == "InvocationDoesNotExist" => {}
            Err(error) => return Err(error).context("ssm GetCommandInvocation"),
        }
        deadline.pause(PAUSE)?;
    }
}
