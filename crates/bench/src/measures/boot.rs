//! From RunInstances to the first user-data command.

use crate::Context;
use crate::cloud::{Cloud, Options};
use crate::holder::monotonic_ns;
use crate::host::Meter;
use crate::report::{Row, Target};
use crate::site::{Site, call};
use crate::statistics::Times;
use crate::stop::Deadline;
use anyhow::Context as _;
use api_ec2::{self as ec2, ops};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const ROUNDS: usize = 40;
const PATIENCE: Duration = Duration::from_secs(20);
/// The shell's own clock, read without starting a program; machine and host share it.
const SCRIPT: &str = "#!/bin/bash\necho \"bench-clock $EPOCHREALTIME\"\n";

pub(super) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let options = Options { machines: true, ..Options::default() };
    let mut cloud = Cloud::start(&context.allod, &context.folder, options)?;
    let mut site = Site::build(cloud.client())?;
    // The first launch makes the network's router and opens the image.
    let first = round(&mut cloud, &mut site)?;
    let meter = Meter::start(cloud.pid(), cloud.keeper_pid());
    let (mut seen, mut marked) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (inside, mark) = round(&mut cloud, &mut site)?;
        seen.push(inside);
        marked.push(mark);
    }
    let cpu = meter.used();
    let (seen, marked) = (Times::new(seen), Times::new(marked));
    let keeper =
        format!("by the keeper's mark: p50 {:.1} ms, p99 {:.1} ms", marked.median(), marked.percentile(99));
    let rows = vec![
        Row::new("RunInstances → first user-data command, p50", seen.median(), "ms")
            .target(Target::AtMost(20.0))
            .cpu(cpu)
            .note(format!("{ROUNDS} launches one by one, by a clock read inside; {keeper}")),
        Row::new("RunInstances → first user-data command, p99", seen.percentile(99), "ms")
            .target(Target::AtMost(60.0))
            .note(format!(
                "the very first in a new VPC took {:.1} ms; CPU with the ends of the machines",
                first.0
            )),
    ];
    cloud.stop()?;
    Ok(rows)
}

/// Milliseconds from before the call to the script's own clock, and to the keeper's mark.
fn round(cloud: &mut Cloud, site: &mut Site) -> anyhow::Result<(f64, f64)> {
    let request = site.launch_request(1, Some(SCRIPT), false);
    let (begun, begun_ns) = (SystemTime::now().duration_since(UNIX_EPOCH)?, monotonic_ns());
    let ids = site.launch(&request)?;
    let deadline = Deadline::new("user-data", PATIENCE);
    let progress = loop {
        match cloud.keeper()?.machine(&ids[0]).map(|machine| machine.progress) {
            Some(progress) if progress.boot_finished_ns != 0 => break progress,
            // The marks are kept: looking rarely costs no precision and takes no time from the launch.
            _ => deadline.pause(Duration::from_millis(5))?,
        }
    };
    let inside = loop {
        match clock_inside(site, &ids[0])? {
            Some(clock) => break clock,
            None => deadline.pause(Duration::from_millis(5))?,
        }
    };
    site.wait(&ids, "running")?;
    site.terminate(&ids)?;
    let marked = Duration::from_nanos(progress.user_data_started_ns.saturating_sub(begun_ns));
    Ok(((inside - begun.as_secs_f64()) * 1e3, marked.as_secs_f64() * 1e3))
}

/// Seconds since 1970 as the script printed them on its console.
fn clock_inside(site: &mut Site, id: &str) -> anyhow::Result<Option<f64>> {
    let request = ec2::GetConsoleOutputRequest {
        instance_id: Some(id.to_owned()),
        latest: Some(true),
        ..Default::default()
    };
    let output = call::<ops::GetConsoleOutput>(&mut site.client, &request)?.output.unwrap_or_default();
    let text = STANDARD.decode(output).context("the console output is not base64")?;
    parse_clock(&String::from_utf8_lossy(&text))
}

fn parse_clock(console: &str) -> anyhow::Result<Option<f64>> {
    let Some((_, rest)) = console.split_once("bench-clock ") else { return Ok(None) };
    // Some locales print a comma. A line that is not complete yet is read again.
    let Some((word, _)) = rest.split_once(['\r', '\n']) else { return Ok(None) };
    word.trim().replace(',', ".").parse().map(Some).with_context(|| format!("user-data printed “{word}”"))
}

#[cfg(test)]
mod tests {
    use super::parse_clock;

    #[test]
    fn the_clock_is_found_on_the_console() {
        assert_eq!(parse_clock("boot\r\nbench-clock 12.500000\r\n").unwrap(), Some(12.5));
        assert_eq!(parse_clock("bench-clock 12,25\n").unwrap(), Some(12.25));
        assert_eq!(parse_clock("bench-clock 12.5").unwrap(), None);
        assert!(parse_clock("bench-clock \n").is_err());
    }
}
