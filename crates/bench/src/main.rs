//! `bench`: takes the measures of SPECIFICATION.md on a built `allod`, and the same load on its peers.
//!
//! Every measure starts a cloud of its own on loopback, is bounded in count and time, and takes away what it made, also
//! after an error and after Ctrl-C.
#![allow(
    clippy::disallowed_methods,
    reason = "measures with the clock of the host, and starts what it measures"
)]

mod cloud;
mod holder;
mod host;
mod load;
mod measures;
mod peer;
mod report;
mod site;
mod statistics;
mod stop;

use clap::Parser;
use measures::Measure;
use peer::{Peer, WorkflowPeers};
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;

/// Takes the measures; see SPECIFICATION.md.
#[derive(Parser)]
#[command(name = "bench", version)]
struct Arguments {
    /// Only these measures; all without one.
    #[arg(value_enum)]
    measures: Vec<Measure>,
    /// The binary to measure; a release build for numbers that mean something.
    #[arg(long, value_name = "FILE")]
    allod: PathBuf,
    /// A Python in which moto with its server is installed.
    #[arg(long, value_name = "PYTHON")]
    moto_python: Option<PathBuf>,
    /// A Python in which MiniStack is installed.
    #[arg(long, value_name = "PYTHON")]
    ministack_python: Option<PathBuf>,
    /// A folder in whose `node_modules` stepfunctions-local is.
    #[arg(long, value_name = "FOLDER")]
    stepfunctions_local: Option<PathBuf>,
    /// A folder in whose `node_modules` Restate's server and SDK are.
    #[arg(long, value_name = "FOLDER")]
    restate: Option<PathBuf>,
    /// A Python in which DBOS is installed.
    #[arg(long, value_name = "PYTHON")]
    dbos_python: Option<PathBuf>,
    /// Why one of the last three is not given, for its row of the report: stepfunctions-local, restate or dbos.
    #[arg(long, value_name = "NAME=REASON")]
    not_here: Vec<String>,
    /// Machines of the measures `fleet` and `network-fleet`.
    #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    machines: u32,
    /// Starts of the measure `states-burst`.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    starts: u32,
    /// Seconds of load per request kind and server.
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Where data directories are made; on the disk whose durability is to be measured.
    #[arg(long, value_name = "FOLDER", default_value_os_t = std::env::temp_dir())]
    folder: PathBuf,
    /// For programs.
    #[arg(long)]
    json: bool,
}

/// What a measure needs to know.
struct Context {
    /// The binary.
    allod: PathBuf,
    /// Rivals that can be started here.
    peers: Vec<Peer>,
    /// Engines of workflows, rivals of the measure `states-peers`.
    workflow_peers: WorkflowPeers,
    /// Machines of the fleet.
    machines: usize,
    /// StartExecution of the burst.
    starts: usize,
    /// Length of a load.
    seconds: u64,
    /// Where data directories are made.
    folder: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    stop::on_signals();
    let mut report = Report::default();
    let context = Context {
        peers: peer::known(arguments.moto_python, arguments.ministack_python),
        workflow_peers: WorkflowPeers::new(
            arguments.stepfunctions_local,
            arguments.restate,
            arguments.dbos_python,
            &arguments.not_here,
        ),
        allod: arguments.allod,
        machines: usize::try_from(arguments.machines).unwrap_or(1000),
        starts: usize::try_from(arguments.starts).unwrap_or(1_000_000),
        seconds: arguments.seconds,
        folder: arguments.folder,
    };
    let chosen = if arguments.measures.is_empty() { Measure::all() } else { arguments.measures };
    for measure in chosen.into_iter().flat_map(Measure::parts) {
        if stop::asked() {
            break;
        }
        eprintln!("· {} …", measure.name());
        report.take(measure.name(), measure.needs(), || measure.run(&context));
    }
    report.print(arguments.json);
    if report.complete() && !stop::asked() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
