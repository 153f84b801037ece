//! `cargo xtask packet-truth`: random networks built through the API, real packets, the explainer as oracle.

use crate::run::{cargo, program, succeed, target};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The first seed; each topology has the next one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Topologies.
    #[arg(long, default_value_t = 10)]
    topologies: u64,
    /// Probes in each topology, those of established flows not counted.
    #[arg(long, default_value_t = 500)]
    probes: u64,
    /// Instead: so many random changes in each topology, packets behind each.
    #[arg(long, value_name = "COUNT")]
    changes: Option<u64>,
    /// With `--changes`: kill the control plane at random points.
    #[arg(long, requires = "changes")]
    kill: bool,
    /// A release build: slower to build, twice as fast to run.
    #[arg(long)]
    release: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut build = cargo();
    build.args(["build", "--quiet", "--package", "allod", "--package", "packet-truth"]);
    if arguments.release {
        build.arg("--release");
    }
    succeed(&mut build)?;
    let built = std::path::absolute(target().join(if arguments.release { "release" } else { "debug" }))?;
    let fixed = crate::root().join("crates/packet-truth/fixed");
    succeed(
        program(built.join("packet-truth")).arg("replay").arg("--allod").arg(built.join("allod")).arg(fixed),
    )?;
    let mut truth = program(built.join("packet-truth"));
    match arguments.changes {
        Some(changes) => {
            truth.args(["changes", "--changes", &changes.to_string()]);
            if arguments.kill {
                truth.arg("--kill");
            }
        }
        None => {
            truth.args(["run", "--probes", &arguments.probes.to_string()]);
        }
    }
    truth.args(["--seed", &arguments.seed.to_string(), "--topologies", &arguments.topologies.to_string()]);
    truth.arg("--allod").arg(built.join("allod")).arg("--failures").arg(target().join("packet-truth"));
    succeed(&mut truth)
}
