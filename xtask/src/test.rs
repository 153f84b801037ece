//! `cargo xtask test`: everything that can fail, cheapest first.

use crate::prerequisites;
use crate::run::{cargo, program, succeed, target};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only the Rust tests.
    #[arg(long)]
    rust: bool,
    /// Only the real-client suites.
    #[arg(long)]
    clients: bool,
    /// Words for pytest, such as `-k security_group`.
    #[arg(last = true)]
    pytest: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    prerequisites::programs()?;
    if !arguments.clients {
        succeed(cargo().args(["test", "--workspace", "--quiet"]))?;
    }
    if !arguments.rust {
        clients(&arguments.pytest)?;
    }
    Ok(())
}

/// Suites that talk to the binary from outside, with unmodified clients.
fn clients(words: &[String]) -> anyhow::Result<()> {
    let python = prerequisites::suite_python()?;
    succeed(cargo().args(["build", "--quiet", "--package", "allod", "--package", "packet-truth"]))?;
    let binary = std::path::absolute(target().join("debug/allod"))?;
    let truth = std::path::absolute(target().join("debug/packet-truth"))?;
    succeed(
        program(python)
            .env("ALLOD_BINARY", binary)
            .env("PACKET_TRUTH_BINARY", truth)
            .args([
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "-rs",
                "-n",
                "2",
                "--dist",
                "loadfile",
                "tests",
            ])
            .args(words),
    )
}
