//! `cargo xtask test`: everything that can fail, cheapest first.

use crate::prerequisites;
use crate::run::{cargo, program, succeed, succeed_telling, target};
use anyhow::{Context as _, bail};

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
    let mut failed = Vec::new();
    if !arguments.clients {
        failed.extend(rust().err());
    }
    if !arguments.rust {
        failed.extend(clients(&arguments.pytest).err());
    }
    // What failed first has scrolled away by now.
    let failed: Vec<String> = failed.iter().map(|error| format!("{error:#}")).collect();
    if failed.is_empty() { Ok(()) } else { bail!(failed.join("\n")) }
}

/// Every Rust test, also after one has failed: a run must tell all it can. The error names those that failed.
fn rust() -> anyhow::Result<()> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--quiet", "--no-fail-fast"]);
    let mut failures = Failures::default();
    succeed_telling(&mut command, |line| failures.hear(line))
        .with_context(|| format!("Rust tests: {}", failures.names.join(", ")))
}

/// The names of failed tests, from what the test programs print: after the stories of the failures comes a second
/// heading with one indented name per line.
#[derive(Default)]
struct Failures {
    names: Vec<String>,
    listed: bool,
}

impl Failures {
    fn hear(&mut self, line: &str) {
        match line.strip_prefix("    ") {
            Some(name) if self.listed && !name.contains(' ') => self.names.push(name.to_owned()),
            _ if line.is_empty() => {}
            _ => self.listed = line == "failures:",
        }
    }
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
                "-rsfE",
                "-n",
                "2",
                "--dist",
                "loadfile",
                "tests",
            ])
            .args(words),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_tests_are_known_by_name_whatever_they_say() {
        let said = "
running 3 tests
nat::one --- FAILED

failures:

---- nat::one stdout ----
thread 'nat::one' panicked at x.rs:1:1:
    indented

failures:
    nat::one
    nat::two

test result: FAILED. 1 passed; 2 failed
    later
";
        let mut failures = Failures::default();
        said.lines().for_each(|line| failures.hear(line));
        assert_eq!(failures.names, ["nat::one", "nat::two"]);
    }
}
