//! `allod states …`: state machines as files, without a cloud.

mod lint;

use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// The exit status when a file could not be read or a cloud not be asked.
const FAILED: u8 = 2;

/// What to do with state machines.
#[derive(Subcommand)]
pub(crate) enum States {
    /// Tell what is wrong with definitions. Silent when all is well. Exit status 0: no errors, 1: errors, 2: a file could not
    /// be read.
    Lint(Lint),
}

/// Which definitions, and how to tell.
#[derive(Args)]
pub(crate) struct Lint {
    /// Definitions in the Amazon States Language.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// For programs: one JSON array with line, column, code and place of every finding.
    #[arg(long)]
    pub(crate) json: bool,
    /// Say exactly what awslabs' statelint says, its mistakes included: it knows neither JSONata nor newer fields.
    #[arg(long, conflicts_with = "json")]
    pub(crate) statelint: bool,
    /// The definitions are of Express state machines.
    #[arg(long)]
    pub(crate) express: bool,
}

/// Runs the command.
pub(crate) fn run(command: &States) -> anyhow::Result<ExitCode> {
    match command {
        States::Lint(options) => lint::run(options),
    }
}
