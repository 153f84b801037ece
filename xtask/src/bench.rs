//! `cargo xtask bench`: the measures of SPECIFICATION.md on a release build, peers beside them.

use crate::prerequisites::{node_modules, python};
use crate::run::{cargo, program, succeed, target};

/// How a peer is installed: each in a place of its own, since their dependencies contradict each other.
enum Packages {
    /// From PyPI, into a virtual environment.
    Python(&'static [&'static str]),
    /// From npm, into a folder.
    Node(&'static [&'static str]),
}

/// A peer that the same load is put on.
struct Peer {
    /// Its name in `--not-here`.
    name: &'static str,
    /// The option of `bench` that takes its place.
    option: &'static str,
    packages: Packages,
    /// The measures it has part in.
    measures: &'static [&'static str],
}

/// Versions are pinned so that a run tomorrow measures the same.
const PEERS: &[Peer] = &[
    Peer {
        name: "moto",
        option: "--moto-python",
        packages: Packages::Python(&["moto[server]==5.2.5"]),
        measures: &["start", "memory", "front"],
    },
    Peer {
        name: "ministack",
        option: "--ministack-python",
        packages: Packages::Python(&["ministack==1.5.33"]),
        measures: &["start", "memory", "front"],
    },
    Peer {
        name: "stepfunctions-local",
        option: "--stepfunctions-local",
        packages: Packages::Node(&["stepfunctions-local@1.3.1"]),
        measures: &["states", "states-peers"],
    },
    Peer {
        name: "restate",
        option: "--restate",
        packages: Packages::Node(&["@restatedev/restate-server@1.7.12", "@restatedev/restate-sdk@1.17.2"]),
        measures: &["states", "states-peers"],
    },
    Peer {
        name: "dbos",
        option: "--dbos-python",
        packages: Packages::Python(&["dbos==3.4.0"]),
        measures: &["states", "states-peers"],
    },
];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these measures (start, memory, front, store, boot, fleet, groups, commands, network-path, network-restore,
    /// network-fleet, network-dns, states-engine, states-sleepers, states-http, states-peers, states-burst, states-lint,
    /// reset; network and states for all that is about them); all without one.
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
        for peer in PEERS.iter().filter(|peer| peer.wanted(&arguments.measures)) {
            match peer.install() {
                Ok(place) => bench.arg(peer.option).arg(place),
                Err(error) => {
                    eprintln!("note: {} is left out of this run: {error:#}", peer.name);
                    bench.arg("--not-here").arg(format!("{}={error:#}", peer.name))
                }
            };
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

impl Peer {
    /// Whether a run of these measures needs it.
    fn wanted(&self, measures: &[String]) -> bool {
        measures.is_empty() || measures.iter().any(|measure| self.measures.contains(&measure.as_str()))
    }

    /// Its Python, or the folder of its `node_modules`.
    fn install(&self) -> anyhow::Result<std::path::PathBuf> {
        let folder = format!("bench-{}", self.name);
        match self.packages {
            Packages::Python(packages) => python(packages, &folder),
            Packages::Node(packages) => node_modules(packages, &folder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PEERS;

    #[test]
    fn only_what_the_measures_need_is_installed() {
        let wanted = |words: &[&str]| {
            let measures: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            PEERS.iter().filter(|peer| peer.wanted(&measures)).map(|peer| peer.name).collect::<Vec<_>>()
        };
        assert_eq!(wanted(&[]).len(), PEERS.len());
        assert_eq!(wanted(&["states-peers"]), ["stepfunctions-local", "restate", "dbos"]);
        assert_eq!(wanted(&["front", "states-lint"]), ["moto", "ministack"]);
    }
}
