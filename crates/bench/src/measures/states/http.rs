//! Step Functions over HTTP, signatures verified, executions durable.

use super::load::{sync_median, ten_passes};
use crate::cloud::{Cloud, Options};
use crate::host::Meter;
use crate::load::replay;
use crate::measures::signed;
use crate::report::{Row, Target};
use crate::statistics::Times;
use crate::{Context, stop};
use anyhow::{Context as _, ensure};
use api_stepfunctions::{self as api, ops};
use aws_client::Client;
use aws_schema::Operation;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 64;
const WARM_UP: Duration = Duration::from_millis(500);
const ROUNDS: usize = 500;
/// Inputs whose inline Map writes about 24,000 events.
const ITEMS: usize = 4_700;
const PAGE: i32 = 1_000;
const MAP: &str = r#"{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ResultPath":null,
    "ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}"#;

pub(super) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let options = Options { enforce: true, durable: true, ..Options::default() };
    let cloud = Cloud::start(&context.allod, &context.folder, options)?;
    let mut client = cloud.client();
    role(&mut client)?;
    let ten = machine(&mut client, "ten", &ten_passes(), false)?;
    let sync = format!("fsync p50 {:.2} ms", sync_median(&context.folder)?);
    let rows = vec![
        rate(context, &cloud, &mut client, &ten)?.note(&sync),
        latency(&cloud, &mut client, &ten)?.note(&sync),
        express(&cloud, &mut client)?,
        pages(&cloud, &mut client)?,
    ];
    cloud.stop()?;
    Ok(rows)
}

fn call<Op: Operation>(client: &mut Client, input: &Op::Input) -> anyhow::Result<Op::Output> {
    client.call::<Op>(&api::SERVICE, input).with_context(|| format!("stepfunctions {}", Op::SPEC.name))
}

/// An enforced cloud asks whether the service may take on the role.
fn role(client: &mut Client) -> anyhow::Result<()> {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
        "Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let input = api_iam::CreateRoleRequest {
        role_name: Some("states".into()),
        assume_role_policy_document: Some(trust.into()),
        ..Default::default()
    };
    client.call::<api_iam::ops::CreateRole>(&api_iam::SERVICE, &input).context("iam CreateRole")?;
    Ok(())
}

fn machine(client: &mut Client, name: &str, definition: &str, express: bool) -> anyhow::Result<String> {
    let input = api::CreateStateMachineInput {
        name: Some(name.into()),
        definition: Some(definition.into()),
        role_arn: Some("arn:aws:iam::000000000000:role/states".into()),
        type_: express.then(|| "EXPRESS".into()),
        ..Default::default()
    };
    call::<ops::CreateStateMachine>(client, &input)?.state_machine_arn.context("no ARN")
}

fn start(machine: &str, input: &str) -> api::StartExecutionInput {
    api::StartExecutionInput {
        state_machine_arn: Some(machine.into()),
        input: Some(input.into()),
        ..Default::default()
    }
}

fn rate(context: &Context, cloud: &Cloud, client: &mut Client, machine: &str) -> anyhow::Result<Row> {
    let request = signed::<ops::StartExecution>(client, &api::SERVICE, &start(machine, "{\"order\":4711}"));
    replay(cloud.endpoint(), &request, CONNECTIONS, WARM_UP)?;
    let meter = Meter::start(cloud.pid(), None);
    let count = replay(cloud.endpoint(), &request, CONNECTIONS, Duration::from_secs(context.seconds))?;
    let cpu = meter.used();
    let requests = f64::from(count.requests);
    Ok(Row::new("StartExecution of 10 Pass states, durable", requests / count.seconds, "/s")
        .target(Target::AtLeast(10_000.0))
        .cpu(cpu)
        .note(format!(
            "{CONNECTIONS} connections, every signature verified; each answered when the execution has ended durably; \
             {:.0} µs CPU each",
            cpu.server * 1e6 / requests
        )))
}

/// Times one round after another on one connection.
fn times(mut round: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Times> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        ensure!(!stop::asked(), "stopped on request");
        let begun = Instant::now();
        round()?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Times::new(times))
}

fn latency(cloud: &Cloud, client: &mut Client, machine: &str) -> anyhow::Result<Row> {
    let meter = Meter::start(cloud.pid(), None);
    let input = start(machine, "{\"order\":4711}");
    let times = times(|| {
        let execution_arn = call::<ops::StartExecution>(client, &input)?.execution_arn;
        let describe = api::DescribeExecutionInput { execution_arn, ..Default::default() };
        loop {
            let status = call::<ops::DescribeExecution>(client, &describe)?.status.context("no status")?;
            match status.as_str() {
                "SUCCEEDED" => return Ok(()),
                "RUNNING" => {}
                other => anyhow::bail!("the execution ends {other}"),
            }
        }
    })?;
    Ok(Row::new("StartExecution → SUCCEEDED of 10 Pass states, p50", times.median(), "ms")
        .target(Target::AtMost(1.5))
        .cpu(meter.used())
        .note(format!("with DescribeExecution; p99 {:.2} ms", times.percentile(99))))
}

fn express(cloud: &Cloud, client: &mut Client) -> anyhow::Result<Row> {
    let machine = machine(client, "sync", &ten_passes(), true)?;
    let input = api::StartSyncExecutionInput {
        state_machine_arn: Some(machine),
        input: Some("{\"order\":4711}".into()),
        ..Default::default()
    };
    let meter = Meter::start(cloud.pid(), None);
    let times = times(|| {
        let status = call::<ops::StartSyncExecution>(client, &input)?.status.context("no status")?;
        ensure!(status.as_str() == "SUCCEEDED", "the execution ends {}", status.as_str());
        Ok(())
    })?;
    Ok(Row::new("StartSyncExecution of 10 Pass states, p50", times.median(), "ms")
        .target(Target::AtMost(0.4))
        .cpu(meter.used())
        .note(format!("p99 {:.2} ms", times.percentile(99))))
}

/// Pages of a long history.
fn pages(cloud: &Cloud, client: &mut Client) -> anyhow::Result<Row> {
    let machine = machine(client, "map", MAP, false)?;
    let items = vec!["1"; ITEMS].join(",");
    let execution_arn =
        call::<ops::StartExecution>(client, &start(&machine, &format!("[{items}]")))?.execution_arn;
    let describe = api::DescribeExecutionInput { execution_arn: execution_arn.clone(), ..Default::default() };
    let begun = Instant::now();
    while call::<ops::DescribeExecution>(client, &describe)?.status.is_some_and(|s| s.as_str() == "RUNNING") {
        ensure!(begun.elapsed() < Duration::from_secs(60) && !stop::asked(), "the Map does not end");
    }
    let meter = Meter::start(cloud.pid(), None);
    let mut page =
        api::GetExecutionHistoryInput { execution_arn, max_results: Some(PAGE), ..Default::default() };
    let (mut taken, mut events) = (Vec::new(), 0);
    loop {
        let begun = Instant::now();
        let answer = call::<ops::GetExecutionHistory>(client, &page)?;
        taken.push(begun.elapsed().as_secs_f64() * 1e3);
        events += answer.events().len();
        page.next_token = answer.next_token;
        if page.next_token.is_none() {
            break;
        }
    }
    let taken = Times::new(taken);
    Ok(Row::new("page of 1,000 history events, p50", taken.median(), "ms")
        .target(Target::AtMost(5.0))
        .cpu(meter.used())
        .note(format!("{events} events in {} pages; the longest {:.1} ms", taken.len(), taken.longest())))
}
