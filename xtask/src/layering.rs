//! Which crate may depend on which: the directions of ARCHITECTURE.md as a check over `cargo metadata`.

use crate::run::cargo;
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Layers from the top; a crate may depend on crates of lower layers only (and on its own where listed in `PEERS`).
const LAYERS: &[&[&str]] = &[
    &["allod", "bench", "packet-truth", "xtask"],
    &[
        "aws-client",
        "gateway",
        "host-agent",
        "service-ec2",
        "service-extension",
        "service-iam",
        "service-ssm",
        "service-stepfunctions",
        "service-sts",
    ],
    &["contracts", "execution-engine", "machine", "network-apply", "resolver"],
    &["state-store-embedded", "records", "keeper", "network-plan", "aws-signature", "iam-policy"],
    &[
        "state-store",
        "state-machine",
        "reachability",
        "api-allod",
        "api-ec2",
        "api-iam",
        "api-ssm",
        "api-stepfunctions",
        "api-sts",
        "aws-wire",
    ],
    &["aws-schema"],
    &["aws-model-codegen", "calendar", "test-support"],
];

/// Crates without I/O: they never depend on an asynchronous runtime, directly or not.
const PURE: &[&str] = &[
    "aws-schema",
    "aws-wire",
    "aws-signature",
    "aws-model-codegen",
    "calendar",
    "iam-policy",
    "network-plan",
    "reachability",
    "state-machine",
    "api-allod",
    "api-ec2",
    "api-iam",
    "api-ssm",
    "api-stepfunctions",
    "api-sts",
];

/// Runs the check.
pub(crate) fn check() -> anyhow::Result<()> {
    let output = cargo()
        .args(["metadata", "--format-version", "1"])
        .output()
        .context("cargo metadata does not run")?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let graph = graph(&metadata);
    for (name, dependencies) in &graph.own {
        let layer = layer(name)?;
        for dependency in dependencies {
            ensure!(
                layer < self::layer(dependency)?,
                "{name} depends on {dependency}, which does not stand below it; see ARCHITECTURE.md"
            );
        }
    }
    for name in PURE {
        let reached = graph.reach(name);
        ensure!(!reached.contains("tokio"), "{name} does no I/O and must not reach tokio");
    }
    println!("layering: {} crates in order", graph.own.len());
    Ok(())
}

fn layer(name: &str) -> anyhow::Result<usize> {
    LAYERS
        .iter()
        .position(|l| l.contains(&name))
        .with_context(|| format!("{name} has no layer yet; add it to xtask/src/layering.rs"))
}

struct Graph {
    /// Normal dependencies among our own crates.
    own: BTreeMap<String, BTreeSet<String>>,
    /// Normal dependencies of every package, by name.
    all: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn reach(&self, from: &str) -> BTreeSet<String> {
        let (mut seen, mut stack) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(name) = stack.pop() {
            for next in self.all.get(&name).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    stack.push(next.clone());
                }
            }
        }
        seen
    }
}

fn graph(metadata: &Value) -> Graph {
    let members: BTreeSet<&str> =
        metadata["workspace_members"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut graph = Graph { own: BTreeMap::new(), all: BTreeMap::new() };
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let is_member = |p: &Value| p["id"].as_str().is_some_and(|id| members.contains(id));
    let own: BTreeSet<&str> =
        packages.clone().filter(|p| is_member(p)).filter_map(|p| p["name"].as_str()).collect();
    for package in packages {
        let Some(name) = package["name"].as_str() else { continue };
        let normal: BTreeSet<String> = package["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|d| d["kind"].is_null() && d["optional"] != Value::Bool(true))
            .filter_map(|d| d["name"].as_str().map(str::to_owned))
            .collect();
        if is_member(package) {
            let inner = normal.iter().filter(|d| own.contains(d.as_str())).cloned().collect();
            graph.own.insert(name.to_owned(), inner);
        }
        graph.all.entry(name.to_owned()).or_default().extend(normal);
    }
    graph
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_workspace_keeps_its_layers() {
        super::check().unwrap();
    }
}
