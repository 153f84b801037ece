//! `packet-truth`: see the library.
#![allow(
    clippy::disallowed_methods,
    reason = "it starts itself in a network namespace of its own, and takes times"
)]

mod tasks;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use rustix::process::{Pid, Signal};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

#[derive(Parser)]
#[command(about = "Random networks, real packets: the explainer and the packet path held against each other")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
    /// Already in a network namespace of our own.
    #[arg(long, hide = true, global = true)]
    inside: bool,
}

#[derive(Subcommand)]
enum Task {
    /// Random topologies, probes at every boundary, established flows.
    Run(Run),
    /// Random changes through the API while packets go; the very next packet meets each of them.
    Changes(Changes),
    /// Disagreements of the past, from files or folders.
    Replay(Replay),
}

/// What every task needs.
#[derive(clap::Args)]
struct Common {
    /// The binary under test.
    #[arg(long, default_value = "target/debug/allod")]
    allod: PathBuf,
    /// The first seed; each topology has the next one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Topologies.
    #[arg(long, default_value_t = 10)]
    topologies: u64,
    /// Where disagreements are written to, made small.
    #[arg(long)]
    failures: Option<PathBuf>,
    /// So many disagreements of a topology are made small; the others are as a rule the same.
    #[arg(long, default_value_t = 2)]
    shrink: usize,
    /// Stop at so many topologies with disagreements.
    #[arg(long, default_value_t = 5)]
    most: usize,
}

#[derive(clap::Args)]
struct Run {
    #[command(flatten)]
    common: Common,
    /// Probes in each topology, those of established flows not counted.
    #[arg(long, default_value_t = 500)]
    probes: usize,
}

#[derive(clap::Args)]
struct Changes {
    #[command(flatten)]
    common: Common,
    /// Changes in each topology.
    #[arg(long = "changes", default_value_t = 20)]
    count: usize,
    /// Kill the control plane at random points.
    #[arg(long)]
    kill: bool,
}

#[derive(clap::Args)]
struct Replay {
    /// The binary under test.
    #[arg(long, default_value = "target/debug/allod")]
    allod: PathBuf,
    /// Files, or folders of them.
    paths: Vec<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if !arguments.inside {
        return enter();
    }
    packet_truth::interrupt::listen();
    let status = Command::new("ip").args(["link", "set", "lo", "up"]).status()?;
    if !status.success() {
        bail!("the namespace has no loopback: {status}");
    }
    // One processor: what is sent first is routed first. Where that is not allowed, order is by luck and luck is good.
    let mut one = rustix::thread::CpuSet::new();
    one.set(0);
    let _ = rustix::thread::sched_setaffinity(None, &one);
    let passed = match &arguments.task {
        Task::Run(task) => tasks::run(task)?,
        Task::Changes(task) => tasks::changes(task)?,
        Task::Replay(task) => tasks::replay_all(task)?,
    };
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Starts ourselves again where no other network is: nothing that is sent can get anywhere, and "outside" is ours.
fn enter() -> anyhow::Result<ExitCode> {
    // The one inside does the work and is told too; this one waits for it to have cleaned up.
    packet_truth::interrupt::listen();
    let own = std::env::current_exe()?;
    // All of one process, which ends when we are ended, and its cloud with it.
    let mut inner = Command::new("unshare")
        .args(["--net", "setpriv", "--pdeathsig", "TERM"])
        .arg(own)
        .args(std::env::args_os().skip(1))
        .arg("--inside")
        .spawn()
        .context("unshare and setpriv (util-linux) do not start")?;
    let mut told = false;
    let status = loop {
        if let Some(status) = inner.try_wait()? {
            break status;
        }
        if packet_truth::interrupt::is_told() && !told {
            told = true;
            let _ = rustix::process::kill_process(Pid::from_child(&inner), Signal::TERM);
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
