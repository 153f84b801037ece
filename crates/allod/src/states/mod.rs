//! `allod states …`: state machines as files, and pictures of what runs in a cloud.

mod execution;
mod graph;
mod lint;
mod run;

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
    /// Run one machine here, without a cloud, and print its events as they come. Tasks are answered from a file of mocks.
    /// Exit status 0: it succeeded, 1: it did not, 2: it could not be run.
    Run(Run),
    /// Draw a definition, or an execution in a running cloud: which states ran, run, failed, and when.
    Graph(Graph),
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

/// What to run, and how.
#[derive(Args)]
pub(crate) struct Run {
    /// Definition in the Amazon States Language.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Input, JSON.
    #[arg(long, default_value = "{}")]
    pub(crate) input: String,
    /// Answers to tasks: `{"State": {"result": …}}` or `{"State": {"error": "Name", "cause": "…"}}`; a list answers attempts
    /// one after the other.
    #[arg(long, value_name = "FILE")]
    pub(crate) mocks: Option<PathBuf>,
    /// Do not wait: every timer is due at once.
    #[arg(long)]
    pub(crate) fast: bool,
    /// For programs: one JSON object a line and event.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is drawn, and how.
#[derive(Args)]
pub(crate) struct Graph {
    /// A definition in the Amazon States Language.
    #[arg(value_name = "FILE", required_unless_present = "execution", conflicts_with = "execution")]
    pub(crate) file: Option<PathBuf>,
    /// An execution in a running cloud, instead of a file.
    #[arg(long, value_name = "ARN")]
    pub(crate) execution: Option<String>,
    /// As SVG.
    #[arg(long, conflicts_with = "text")]
    pub(crate) svg: bool,
    /// In characters; the default.
    #[arg(long)]
    pub(crate) text: bool,
    /// Endpoint of the cloud.
    #[arg(long, env = "AWS_ENDPOINT_URL", default_value = "http://127.0.0.1:4566")]
    pub(crate) endpoint: String,
    /// Region.
    #[arg(long, env = "AWS_DEFAULT_REGION", default_value = "us-east-1")]
    pub(crate) region: String,
}

/// Runs the command.
pub(crate) fn run(command: &States) -> anyhow::Result<ExitCode> {
    match command {
        States::Lint(options) => lint::run(options),
        States::Run(options) => run::run(options),
        States::Graph(options) => graph::run(options),
    }
}
