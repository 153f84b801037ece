//! The one entry point for every task: `cargo xtask <task>`.

use clap::{Parser, Subcommand};

mod models;
mod show_type;

#[derive(Parser)]
#[command(about = "Tasks of the Allod workspace", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Rewrite `models/*.json` from an unpacked botocore source tree.
    Models(models::Arguments),
    /// Print a generated type as Rust: `cargo xtask show-type ec2 RunInstancesRequest`.
    ShowType(show_type::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Models(arguments) => models::run(&arguments),
        Task::ShowType(arguments) => show_type::run(&arguments),
    }
}

/// The workspace's root folder.
fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
