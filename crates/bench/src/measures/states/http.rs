//! Step Functions over HTTP, signatures verified, executions durable.

use super::load::{sync_median, ten_passes};
use super::service::{INPUT, call, machine, role, rounds, start, start_to_end};
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
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 64;
const WARM_UP: Duration = Duration::from_millis(500);
const ROUNDS: usize = 500;
/// Of one measure of rounds.
const PATIENCE: Duration = Duration::from_secs(60);
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

fn rate(context: &Context, cloud: &Cloud, client: &mut Client, machine: &str) -> anyhow::Result<Row> {
    let request = signed::<ops::StartExecution>(client, &api::SERVICE, &start(machine, INPUT));
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

fn latency(cloud: &Cloud, client: &mut Client, machine: &str) -> anyhow::Result<Row> {
    let meter = Meter::start(cloud.pid(), None);
    let times = start_to_end(client, machine, ROUNDS, PATIENCE)?;
    Ok(Row::new("StartExecution → SUCCEEDED of 10 Pass states, p50", times.median(), "ms")
        .target(Target::AtMost(1.5))
        .cpu(meter.used())
        .note(format!("with DescribeExecution; p99 {:.2} ms", times.percentile(99))))
}

fn express(cloud: &Cloud, client: &mut Client) -> anyhow::Result<Row> {
    let machine = machine(client, "sync", &ten_passes(), true)?;
    let input = api::StartSyncExecutionInput {
        state_machine_arn: Some(machine),
        input: Some(INPUT.into()),
        ..Default::default()
    };
    let meter = Meter::start(cloud.pid(), None);
    let times = rounds(ROUNDS, PATIENCE, || {
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
