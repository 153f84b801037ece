//! `cargo xtask check`: format, clippy, layering, build budget.

use crate::run::{cargo, succeed};
use anyhow::ensure;
use std::time::Instant;

/// A clean debug build with tests must stay under this on two cores (design: 12 minutes).
const BUDGET_SECONDS: u64 = 12 * 60;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Also make a clean build in a folder of its own and hold it against the budget.
    #[arg(long)]
    budget: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    succeed(cargo().args(["fmt", "--all", "--check"]))?;
    crate::layering::check()?;
    succeed(cargo().args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))?;
    if arguments.budget {
        budget()?;
    }
    println!("check: all good");
    Ok(())
}

fn budget() -> anyhow::Result<()> {
    let folder = crate::run::target().join("budget");
    let _ = std::fs::remove_dir_all(&folder);
    let begun = Instant::now();
    succeed(cargo().env("CARGO_TARGET_DIR", &folder).args(["test", "--workspace", "--no-run", "--quiet"]))?;
    let took = begun.elapsed().as_secs();
    let _ = std::fs::remove_dir_all(&folder);
    println!("clean debug build with tests: {took} s of {BUDGET_SECONDS} s");
    ensure!(took <= BUDGET_SECONDS, "the build took {took} s; `cargo build --timings` shows what to slim");
    Ok(())
}
