//! A million StartExecution as fast as one client can: what is refused, what memory does, what became of each.

use super::load::{sync_median, ten_passes};
use super::service::{INPUT, call, machine, role, start};
use crate::Context;
use crate::cloud::{Cloud, Options};
use crate::host::{Meter, peak_mib, resident_mib};
use crate::load::Line;
use crate::measures::signed;
use crate::report::{Row, Target};
use crate::stop::Deadline;
use anyhow::{Context as _, bail, ensure};
use api_stepfunctions::{self as api, ops};
use aws_client::Client;
use memchr::memmem;
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 64;
/// Of the burst; a signature holds for 15 minutes.
const PATIENCE: Duration = Duration::from_secs(600);
/// Before everything refused is sent again.
const PAUSE: Duration = Duration::from_millis(2);
/// Of the list of all executions; what is not on its pages by then is sampled.
const LISTING: Duration = Duration::from_secs(120);
/// Executions described then.
const SAMPLE: usize = 1_000;
/// Executions on a page of their list.
const PAGE: i32 = 1_000;
/// Resident memory that the cloud may reach, in MiB, however long the burst is: what the engine lets wait in memory (the
/// row's note), as much again for work on it, and the rest of the cloud.
const BOUND: f64 = 512.0;

/// What became of the requests.
#[derive(Default)]
struct Tally {
    /// Last words of the ARNs of acknowledged executions: random ids.
    accepted: HashSet<u128>,
    /// Refusals by their error.
    refused: BTreeMap<String, u64>,
    /// Resident memory at each quarter, in MiB.
    quarters: Vec<f64>,
    seconds: f64,
}

pub(super) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let options = Options { enforce: true, durable: true, ..Options::default() };
    let cloud = Cloud::start(&context.allod, &context.folder, options)?;
    let mut client = cloud.client();
    role(&mut client)?;
    let machine = machine(&mut client, "ten", &ten_passes(), false)?;
    let sync = sync_median(&context.folder)?;
    let idle = resident_mib(cloud.pid()).context("the server is gone")?;
    let meter = Meter::start(cloud.pid(), None);
    let tally = burst(&cloud, &mut client, &machine, context.starts)?;
    let cpu = meter.used();
    let peak = peak_mib(cloud.pid()).context("the server is gone")?;
    let accepted = tally.accepted.len();
    let refused: u64 = tally.refused.values().sum();
    let rate = Row::new("StartExecution in a burst", float(accepted) / tally.seconds, "/s")
        .cpu(cpu)
        .note(format!(
            "10 Pass states, durable, every signature verified; {CONNECTIONS} connections; {accepted} accepted, {refused} \
             refused{}, {refused} sent again; fsync p50 {sync:.2} ms",
            errors(&tally.refused)
        ));
    let memory = Row::new("peak memory of the server in the burst (RSS)", peak, "MiB")
        .target(Target::AtMost(BOUND))
        .note(format!(
            "idle before: {idle:.1} MiB; at each quarter of the burst: {}",
            tally.quarters.iter().map(|mib| format!("{mib:.1}")).collect::<Vec<_>>().join(", ")
        ))
        .note(
            "bound: starts that wait 128 MiB, ended executions on their way into the archive 128 MiB and 100,000, beyond \
             which starts are refused with ThrottlingException; the archive's tables and cache are of fixed size",
        );
    let found = all_succeeded(&mut client, &machine, tally.accepted)?;
    let after = resident_mib(cloud.pid()).context("the server is gone")?;
    let rate = rate.note(found);
    cloud.stop()?;
    Ok(vec![rate, memory.note(format!("after them and the list: {after:.1} MiB"))])
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}

/// ` (ThrottlingException 17)`, and nothing without refusals.
fn errors(refused: &BTreeMap<String, u64>) -> String {
    let words: Vec<String> = refused.iter().map(|(error, count)| format!("{error} {count}")).collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}

/// Starts until as many as asked for are acknowledged. What is refused is sent again, at once unless nothing of a whole
/// round was taken.
fn burst(cloud: &Cloud, client: &mut Client, machine: &str, starts: usize) -> anyhow::Result<Tally> {
    let request = signed::<ops::StartExecution>(client, &api::SERVICE, &start(machine, INPUT));
    let deadline = Deadline::new("the burst", PATIENCE);
    let mut tally = Tally { accepted: HashSet::with_capacity(starts), ..Tally::default() };
    let mut lines: Vec<Line> = (0..CONNECTIONS.min(starts)).map(|_| Line::new(cloud.endpoint())).collect();
    let mut unsent = starts.saturating_sub(CONNECTIONS);
    let begun = Instant::now();
    for line in &mut lines {
        line.send(&request)?;
    }
    while !lines.is_empty() {
        deadline.check()?;
        let before = tally.accepted.len();
        let mut at = 0;
        while let Some(line) = lines.get_mut(at) {
            let status = line.receive()?;
            let again = tally.take(status, line.body())?;
            if again || unsent > 0 {
                unsent -= usize::from(!again);
                line.send(&request)?;
                at += 1;
            } else {
                lines.swap_remove(at);
            }
        }
        let after = tally.accepted.len();
        if after * 4 / starts > before * 4 / starts {
            tally.quarters.extend(resident_mib(cloud.pid()));
        }
        if after == before {
            std::thread::sleep(PAUSE);
        }
    }
    tally.seconds = begun.elapsed().as_secs_f64();
    Ok(tally)
}

impl Tally {
    /// Counts an answer; whether the request has to be sent again.
    fn take(&mut self, status: u16, body: &[u8]) -> anyhow::Result<bool> {
        let text = || String::from_utf8_lossy(body);
        if status == 200 {
            let id = id(body).with_context(|| format!("no ARN of an execution: {}", text()))?;
            ensure!(self.accepted.insert(id), "an id was given twice: {}", text());
            return Ok(false);
        }
        let error = member(body, b"\"__type\":\"")
            .and_then(|name| std::str::from_utf8(name).ok())
            .map_or_else(|| status.to_string(), |name| name.rsplit('#').next().unwrap_or(name).to_owned());
        // Back-pressure asks to try again; anything else is a fault of this measure or of the cloud.
        ensure!(matches!(status, 429 | 503) || error.contains("Throttl"), "{status}: {}", text());
        *self.refused.entry(error).or_default() += 1;
        Ok(true)
    }
}

/// A string member of a small JSON object, found without reading the whole.
fn member<'a>(body: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = body.get(memmem::find(body, name)? + name.len()..)?;
    rest.get(..memchr::memchr(b'"', rest)?)
}

/// The id that ends the ARN in an answer.
fn id(body: &[u8]) -> Option<u128> {
    parse_id(std::str::from_utf8(member(body, b"\"executionArn\":\"")?).ok()?)
}

/// Name of an execution that was given none: a UUID.
fn parse_id(arn: &str) -> Option<u128> {
    let name = arn.rsplit(':').next()?;
    u128::from_str_radix(&name.replace('-', ""), 16).ok()
}

/// Looks for every acknowledged execution among those that succeeded, page by page; again when some still run. When that
/// takes too long, a sample of the others is described. Tells what was done.
fn all_succeeded(client: &mut Client, machine: &str, mut wanted: HashSet<u128>) -> anyhow::Result<String> {
    let (all, begun) = (wanted.len(), Instant::now());
    let deadline = Deadline::new("the end of all executions", PATIENCE);
    let mut pages = 0;
    loop {
        let mut page = api::ListExecutionsInput {
            state_machine_arn: Some(machine.into()),
            max_results: Some(PAGE),
            ..Default::default()
        };
        let mut running = 0;
        loop {
            deadline.check()?;
            let answer = call::<ops::ListExecutions>(client, &page)?;
            pages += 1;
            for execution in answer.executions() {
                match execution.status.as_ref().map_or("", |status| status.as_str()) {
                    "SUCCEEDED" => drop(wanted.remove(&known(execution)?)),
                    "RUNNING" => running += 1,
                    other => bail!("an execution ended {other}"),
                }
            }
            page.next_token = answer.next_token;
            if page.next_token.is_none() || begun.elapsed() > LISTING {
                break;
            }
        }
        if page.next_token.is_some() || running == 0 {
            let whole = page.next_token.is_none();
            ensure!(
                !whole || wanted.is_empty(),
                "{} acknowledged executions are not among those that succeeded",
                wanted.len()
            );
            break;
        }
        deadline.pause(Duration::from_millis(50))?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let listed = all - wanted.len();
    let others = describe_some(client, machine, &wanted)?;
    Ok(format!(
        "{listed} acknowledged ones found as SUCCEEDED by ListExecutions ({pages} pages in {seconds:.1} s), {others} of the \
         other {} by DescribeExecution",
        wanted.len()
    ))
}

/// Describes some executions, which must have succeeded; tells how many.
fn describe_some(client: &mut Client, machine: &str, wanted: &HashSet<u128>) -> anyhow::Result<usize> {
    let mut described = 0;
    // The order of a set is random.
    for id in wanted.iter().take(SAMPLE) {
        let describe =
            api::DescribeExecutionInput { execution_arn: Some(arn_of(machine, *id)), ..Default::default() };
        let status = call::<ops::DescribeExecution>(client, &describe)?.status.context("no status")?;
        ensure!(status.as_str() == "SUCCEEDED", "an acknowledged execution is {}", status.as_str());
        described += 1;
    }
    Ok(described)
}

/// ARN of the execution of a machine with this id as its name.
fn arn_of(machine: &str, id: u128) -> String {
    let id = format!("{id:032x}");
    let name = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-");
    format!("{}:{name}", machine.replacen(":stateMachine:", ":execution:", 1))
}

/// The id of a listed execution.
fn known(execution: &api::ExecutionListItem) -> anyhow::Result<u128> {
    execution.execution_arn.as_deref().and_then(parse_id).context("an ARN without an id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let mut tally = Tally::default();
        let arn = "arn:aws:states:us-east-1:000000000000:execution:ten:01234567-89ab-4cde-8f01-23456789abcd";
        let body = format!("{{\"executionArn\":\"{arn}\",\"startDate\":1.5}}");
        assert!(!tally.take(200, body.as_bytes()).unwrap());
        assert_eq!(tally.accepted.iter().copied().next(), Some(0x0123_4567_89ab_4cde_8f01_2345_6789_abcd));
        let refusal = br#"{"__type":"com.amazon#ThrottlingException","message":"Rate exceeded"}"#;
        assert!(tally.take(400, refusal).unwrap());
        assert!(tally.take(503, b"").unwrap());
        let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:ten";
        assert_eq!(arn_of(machine, parse_id(arn).unwrap()), arn);
        assert_eq!(errors(&tally.refused), " (503 1, ThrottlingException 1)");
        assert!(tally.take(400, br#"{"__type":"InvalidArn"}"#).is_err());
        assert!(tally.take(200, body.as_bytes()).is_err(), "the same id again");
        assert!(tally.take(200, b"{}").is_err());
    }
}
