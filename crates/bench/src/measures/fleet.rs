//! Launches sustained to many machines, and what an idle one costs.

use crate::Context;
use crate::cloud::{Cloud, Options};
use crate::holder::monotonic_ns;
use crate::host::{Meter, available_mib, kernel_mib, proportional_mib};
use crate::report::{Row, Target};
use crate::site::{Site, call};
use crate::stop::Deadline;
use anyhow::ensure;
use api_ec2::{self as ec2, ops};
use keeper::protocol::{MachineState, MachineStatus};
use std::time::{Duration, Instant};

/// Machines per call.
const BATCH: usize = 50;
/// Less memory than this left for others ends the launching.
const RESERVE_MIB: f64 = 1024.0;
/// After the last boot the kernel frees what it can.
const SETTLE: Duration = Duration::from_secs(3);

pub(super) fn run(context: &Context) -> anyhow::Result<Vec<Row>> {
    let options = Options { machines: true, ..Options::default() };
    let mut cloud = Cloud::start(&context.allod, &context.folder, options)?;
    let mut site = Site::build(cloud.client())?;
    // A first machine makes the network's router and opens the image; it stays and is not counted.
    let first = site.launch(&site.launch_request(1, None, false))?;
    site.wait(&first, "running")?;
    std::thread::sleep(SETTLE);
    let before = Memory::now(&mut cloud)?;
    let meter = Meter::start(cloud.pid(), cloud.keeper_pid());
    let begun = monotonic_ns();
    let (ids, shortage) = launch(&mut site, context.machines)?;
    let booted = booted(&mut cloud, ids.len() + first.len())?;
    let cpu = meter.used();
    let last = booted.iter().map(|machine| machine.progress.boot_finished_ns).max().unwrap_or_default();
    let seconds = Duration::from_nanos(last.saturating_sub(begun)).as_secs_f64();
    let count = f64::from(u32::try_from(ids.len())?);
    let mut rate = Row::new(format!("launches sustained to {} machines", ids.len()), count / seconds, "/s")
        .target(Target::AtLeast(150.0))
        .cpu(cpu)
        .note(format!("{seconds:.1} s until the last one had booted, {BATCH} per call"));
    if let Some(reason) = shortage {
        rate = rate.note(format!("fewer than the {} asked for: {reason}", context.machines));
    }
    let described = running(&mut site)?;
    ensure!(described == booted.len(), "{described} of {} machines are described as running", booted.len());
    std::thread::sleep(SETTLE);
    let memory = Memory::now(&mut cloud)?.row(&before, count);
    let begun = Instant::now();
    cloud.stop()?;
    let end = begun.elapsed().as_secs_f64();
    Ok(vec![rate, memory, Row::new(format!("{} machines taken away", booted.len()), end, "s")])
}

/// Where memory goes, in MiB.
struct Memory {
    kernel: f64,
    cloud: f64,
    machines: f64,
    available: f64,
}

impl Memory {
    fn now(cloud: &mut Cloud) -> anyhow::Result<Memory> {
        let machines = cloud.keeper()?.machines()?;
        let inits = machines.iter().filter_map(|machine| u32::try_from(machine.pid).ok());
        let cloud = [Some(cloud.pid()), cloud.keeper_pid()];
        Ok(Memory {
            kernel: kernel_mib(),
            cloud: cloud.into_iter().flatten().filter_map(proportional_mib).sum(),
            machines: inits.filter_map(proportional_mib).sum(),
            available: available_mib().unwrap_or_default(),
        })
    }

    /// The cost of each of `count` machines.
    fn row(&self, before: &Memory, count: f64) -> Row {
        let each = |now: f64, before: f64| (now - before) / count;
        let kernel = each(self.kernel, before.kernel);
        let cloud = each(self.cloud, before.cloud);
        let machines = each(self.machines, before.machines);
        let available = each(before.available, self.available);
        let parts = format!("kernel {kernel:.2}, its PID 1 {machines:.2}, server and keeper {cloud:.2}");
        Row::new("idle machine, memory", kernel + cloud + machines, "MiB").target(Target::AtMost(0.8)).note(
            format!("{parts}; MemAvailable fell by {available:.2} each, with all other work on this host"),
        )
    }
}

/// Launches up to `count`; fewer, with the reason, when the host or the service has no more.
fn launch(site: &mut Site, count: usize) -> anyhow::Result<(Vec<String>, Option<String>)> {
    let deadline = Deadline::new("launching", Duration::from_secs(120));
    let mut ids = Vec::new();
    while ids.len() < count {
        deadline.check()?;
        if available_mib().is_some_and(|left| left < RESERVE_MIB) {
            return Ok((ids, Some(format!("less than {RESERVE_MIB} MiB of memory are left"))));
        }
        let request = site.launch_request(BATCH.min(count - ids.len()), None, false);
        match site.launch(&request) {
            Ok(more) => ids.extend(more),
            Err(error) if !ids.is_empty() => return Ok((ids, Some(format!("{error:#}")))),
            Err(error) => return Err(error),
        }
    }
    Ok((ids, None))
}

/// Waits until as many machines as these have booted.
pub(super) fn booted(cloud: &mut Cloud, count: usize) -> anyhow::Result<Vec<MachineStatus>> {
    let deadline = Deadline::new(format!("the boot of {count} machines"), Duration::from_secs(180));
    loop {
        let machines = cloud.keeper()?.machines()?;
        let ended = machines.iter().find(|machine| matches!(machine.state, MachineState::Exited(_)));
        if let Some(machine) = ended {
            anyhow::bail!("{} ended while others were launched: {:?}", machine.id, machine.state);
        }
        if machines.iter().filter(|machine| machine.progress.boot_finished_ns != 0).count() >= count {
            return Ok(machines);
        }
        // The marks are kept: looking rarely costs no precision.
        deadline.pause(Duration::from_millis(250))?;
    }
}

/// Instances the API shows as running, once none is pending any more.
fn running(site: &mut Site) -> anyhow::Result<usize> {
    let deadline = Deadline::new("the last pending instance", Duration::from_secs(60));
    loop {
        let (pending, running) = (in_state(site, "pending")?, in_state(site, "running")?);
        if pending == 0 {
            return Ok(running);
        }
        deadline.pause(Duration::from_millis(100))?;
    }
}

fn in_state(site: &mut Site, state: &str) -> anyhow::Result<usize> {
    let (mut count, mut next) = (0, None);
    loop {
        let request = ec2::DescribeInstancesRequest {
            filters: Some(vec![ec2::Filter {
                name: Some("instance-state-name".to_owned()),
                values: Some(vec![state.to_owned()]),
            }]),
            max_results: Some(1000),
            next_token: next,
            ..Default::default()
        };
        let page = call::<ops::DescribeInstances>(&mut site.client, &request)?;
        let reservations = page.reservations.unwrap_or_default();
        count += reservations.iter().map(|r| r.instances.as_ref().map_or(0, Vec::len)).sum::<usize>();
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(count);
        }
    }
}
