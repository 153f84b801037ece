//! Restate: its server, and a service of its Node SDK behind it.

use super::Running;
use super::answering::{Answering, post, until_answered};
use super::process::Process;
use crate::Context;
use crate::measures::states::service::INPUT;
use crate::peer::{free_addresses, node, place};
use crate::stop::Deadline;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// The service: ten journaled steps.
const SCRIPT: &str = include_str!("../../../../peers/restate.cjs");
const START: Duration = Duration::from_secs(60);

pub(super) fn start(context: &Context) -> anyhow::Result<Box<dyn Running>> {
    let modules = place(&context.workflow_peers.restate)?;
    let program = program(modules)?;
    let folder = TempDir::with_prefix_in("allod-bench-peer-", &context.folder)?;
    let [service, ingress, admin, internal] = free_addresses()?;
    let mut command = node(modules, SCRIPT, folder.path())?;
    command.arg(service.port().to_string()).env("RESTATE_LOGGING", "ERROR");
    let service_process = Process::start("service", &mut command, folder.path(), None)?;
    let mut command = Command::new(program);
    command
        .args(["--no-logo", "--base-dir"])
        .arg(folder.path().join("data"))
        .env("RESTATE_DISABLE_TELEMETRY", "true")
        .env("RESTATE_LISTEN_MODE", "tcp")
        .env("RESTATE_BIND_ADDRESS", internal.to_string())
        .env("RESTATE_INGRESS__BIND_ADDRESS", ingress.to_string())
        .env("RESTATE_ADMIN__BIND_ADDRESS", admin.to_string())
        .env("RUST_LOG", "error");
    let server = Process::start("restate-server", &mut command, folder.path(), None)?;
    let request = post(ingress, "/steps/ten", INPUT);
    let mut peer =
        Answering { address: ingress, request, processes: vec![server, service_process], _folder: folder };
    let deadline = Deadline::new("the start of Restate", START);
    let deployment = post(admin, "/deployments", &json!({"uri": format!("http://{service}")}).to_string());
    until_answered(admin, &deployment, &deadline, &mut peer.processes)?;
    let result = until_answered(ingress, &peer.request, &deadline, &mut peer.processes)?;
    ensure!(result == INPUT.as_bytes(), "the result is {}", String::from_utf8_lossy(&result));
    let query =
        json!({"query": "select count(*) as steps from sys_journal where entry_type = 'Command: Run'"});
    let query = post(admin, "/query", &query.to_string());
    let answer = until_answered(admin, &query, &deadline, &mut peer.processes)?;
    let answer: Value = serde_json::from_slice(&answer)?;
    let steps = answer["rows"][0]["steps"].as_u64().context("the journal cannot be read")?;
    ensure!(steps >= 10 && steps % 10 == 0, "{steps} of 10 steps are in the journal");
    Ok(Box::new(peer))
}

/// The server's program, which npm keeps in a package per processor.
fn program(modules: &Path) -> anyhow::Result<PathBuf> {
    let processor = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let program =
        modules.join(format!("node_modules/@restatedev/restate-server-linux-{processor}/bin/restate-server"));
    ensure!(program.is_file(), "npm has no server for this processor");
    Ok(program)
}
