//! The one entry point for every task: `cargo xtask <task>`.
#![allow(clippy::disallowed_methods, reason = "a task runs programs and tells how long they took")]

use clap::{Parser, Subcommand};
use std::process::ExitCode;

mod bench;
mod check;
mod layering;
mod models;
mod new_service;
mod packet_truth;
mod prerequisites;
mod run;
mod show_type;
mod test;

#[derive(Parser)]
#[command(about = "Tasks of the Allod workspace", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Format, clippy, layering and build budget.
    Check(check::Arguments),
    /// All tests: Rust, then real clients against the binary. Installs what they need.
    Test(test::Arguments),
    /// The measures of SPECIFICATION.md, with CPU-seconds and load average.
    Bench(bench::Arguments),
    /// Rewrite `models/*.json` from an unpacked botocore source tree.
    Models(models::Arguments),
    /// Print a generated type as Rust: `cargo xtask show-type ec2 RunInstancesRequest`.
    ShowType(show_type::Arguments),
    /// Random networks, real packets: the explainer and the packet path held against each other. Needs root.
    PacketTruth(packet_truth::Arguments),
    /// Lay out the two crates of a new service.
    NewService(new_service::Arguments),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The last lines of a run say what failed: no backtrace below them, whatever the environment wants.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<()> {
    match task {
        Task::Check(arguments) => check::run(&arguments),
        Task::Test(arguments) => test::run(&arguments),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Models(arguments) => models::run(&arguments),
        Task::ShowType(arguments) => show_type::run(&arguments),
        Task::PacketTruth(arguments) => packet_truth::run(&arguments),
        Task::NewService(arguments) => new_service::run(&arguments),
    }
}

/// The workspace's root folder.
fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
