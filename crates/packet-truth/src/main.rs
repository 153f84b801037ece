//! `packet-truth`: see the library.
#![allow(clippy::disallowed_methods, reason = "it starts itself in a network namespace of its own, and takes times")]

use anyhow::{Context as _, bail};
use clap::Parser;
use packet_truth::cloud::Cloud;
use packet_truth::generate;
use packet_truth::random::Random;
use packet_truth::run::{Experiment, Failure, Statistics};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

#[derive(Parser)]
#[command(about = "Random networks, real packets: the explainer and the packet path held against each other")]
struct Arguments {
    /// The binary under test.
    #[arg(long, default_value = "target/debug/allod")]
    allod: PathBuf,
    /// The first seed; each topology has the next one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Topologies.
    #[arg(long, default_value_t = 10)]
    topologies: u64,
    /// Probes in each, those of established flows not counted.
    #[arg(long, default_value_t = 500)]
    probes: usize,
    /// Where disagreements are written to.
    #[arg(long, default_value = "/tmp/packet-truth-failures")]
    failures: PathBuf,
    /// Stop at so many topologies with disagreements.
    #[arg(long, default_value_t = 5)]
    most: usize,
    /// Already in a network namespace of our own.
    #[arg(long, hide = true)]
    inside: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if !arguments.inside {
        return enter();
    }
    let status = Command::new("ip").args(["link", "set", "lo", "up"]).status()?;
    if !status.success() {
        bail!("the namespace has no loopback: {status}");
    }
    run(&arguments)
}

/// Starts ourselves again where no other network is: nothing that is sent can get anywhere, and "outside" is ours.
fn enter() -> anyhow::Result<ExitCode> {
    let own = std::env::current_exe()?;
    let status = Command::new("unshare")
        .arg("--net")
        .arg(own)
        .args(std::env::args_os().skip(1))
        .arg("--inside")
        .status()
        .context("unshare (util-linux) does not start")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    // One processor: what is sent first is routed first.
    let mut one = rustix::thread::CpuSet::new();
    one.set(0);
    let _ = rustix::thread::sched_setaffinity(None, &one);
    let mut statistics = Statistics::default();
    let mut failed = 0;
    let mut cloud = Cloud::start(&arguments.allod, false)?;
    for seed in arguments.seed..arguments.seed + arguments.topologies {
        let failures = one_topology(&mut cloud, arguments, seed, &mut statistics)
            .with_context(|| format!("seed {seed}; the cloud says: {}", cloud.log()))?;
        if !failures.is_empty() {
            failed += 1;
            write(arguments, seed, &failures)?;
        }
        if failed >= arguments.most {
            break;
        }
    }
    println!("{statistics}");
    cloud.stop()?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn one_topology(
    cloud: &mut Cloud,
    arguments: &Arguments,
    seed: u64,
    statistics: &mut Statistics,
) -> anyhow::Result<Vec<Failure>> {
    let begun = Instant::now();
    let endpoint = cloud.endpoint;
    cloud.ec2().own(endpoint, "POST", "/_allod/reset")?;
    let mut experiment = Experiment::begin(cloud, generate::topology(seed))?;
    statistics.building += begun.elapsed();
    statistics.topologies += 1;
    let mut random = Random::new(seed ^ 0x5eed);
    let failures = experiment.probe(&mut random, arguments.probes, statistics)?;
    statistics.calls += experiment.site.ec2.calls;
    eprintln!(
        "· seed {seed}: {} interfaces, {} probes so far, {} failures here, {:.1} s",
        experiment.topology.network_interfaces.len(),
        statistics.probes(),
        failures.len(),
        begun.elapsed().as_secs_f64()
    );
    Ok(failures)
}

fn write(arguments: &Arguments, seed: u64, failures: &[Failure]) -> anyhow::Result<()> {
    fs::create_dir_all(&arguments.failures)?;
    for (n, failure) in failures.iter().enumerate().take(20) {
        let path = arguments.failures.join(format!("seed-{seed}-{n}.json"));
        fs::write(&path, serde_json::to_vec_pretty(failure)?)?;
    }
    for failure in failures.iter().take(4) {
        println!("seed {seed}: {} {:?} {}", failure.kind, failure.packet.at, failure.packet.header);
        for line in failure.foreseen.iter().take(12) {
            println!("    {line}");
        }
        println!("    seen: {:?}", failure.seen);
    }
    Ok(())
}
