//! `cargo xtask bench`: the measures of SPECIFICATION.md on a release build, peers beside them.

use crate::prerequisites::python;
use crate::run::{cargo, program, succeed, target};

/// The peers that the same load is put on, from PyPI.
const PEERS: &[&str] = &["boto3==1.44.5", "moto[server]==5.2.5", "ministack==1.5.33"];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these measures; all without one.
    measures: Vec<String>,
    /// Leave the peers out.
    #[arg(long)]
    no_peers: bool,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    succeed(cargo().args(["build", "--release", "--quiet", "--package", "allod", "--package", "bench"]))?;
    let release = std::path::absolute(target().join("release"))?;
    let mut bench = program(release.join("bench"));
    bench.arg("--allod").arg(release.join("allod"));
    if !arguments.no_peers {
        match python(PEERS, "bench-python") {
            Ok(python) => {
                bench.arg("--peer-python").arg(python);
            }
            Err(error) => eprintln!("note: no peers in this run: {error}"),
        }
    }
    if arguments.json {
        bench.arg("--json");
    }
    succeed(bench.args(&arguments.measures))
}
