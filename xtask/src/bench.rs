//! `cargo xtask bench`: the measures of SPECIFICATION.md on a release build, peers beside them.

use crate::prerequisites::python;
use crate::run::{cargo, program, succeed, target};

/// The peers that the same load is put on, from PyPI: option of `bench`, environment, package. Their dependencies
/// contradict each other, so each has an environment of its own.
const PEERS: &[(&str, &str, &str)] = &[
    ("--moto-python", "bench-moto", "moto[server]==5.2.5"),
    ("--ministack-python", "bench-ministack", "ministack==1.5.33"),
];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these measures (start, memory, front, store, boot, fleet, groups, commands, network-path, network-restore,
    /// network-fleet, network-dns, states-engine, states-sleepers, states-http, states-lint, reset;
    /// network and states for all that is about them); all without one.
    measures: Vec<String>,
    /// Leave the peers out.
    #[arg(long)]
    no_peers: bool,
    /// Machines of the measures `fleet` and `network-fleet`.
    #[arg(long, value_name = "COUNT")]
    machines: Option<u32>,
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
        for (option, environment, package) in PEERS {
            match python(&[package], environment) {
                Ok(python) => drop(bench.arg(option).arg(python)),
                Err(error) => eprintln!("note: {package} is left out of this run: {error}"),
            }
        }
    }
    if let Some(machines) = arguments.machines {
        bench.arg("--machines").arg(machines.to_string());
    }
    if arguments.json {
        bench.arg("--json");
    }
    succeed(bench.args(&arguments.measures))
}
