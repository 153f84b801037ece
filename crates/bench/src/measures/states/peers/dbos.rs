//! DBOS: a Python library that keeps every step in PostgreSQL, behind a small HTTP server.

use super::Running;
use super::answering::{Answering, post, until_answered};
use super::postgres::Postgres;
use super::process::Process;
use crate::Context;
use crate::measures::states::service::INPUT;
use crate::peer::{free_address, place};
use crate::stop::Deadline;
use anyhow::ensure;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// The application: a workflow of ten steps.
const SCRIPT: &str = include_str!("../../../../peers/dbos_steps.py");
const START: Duration = Duration::from_secs(60);

pub(super) fn start(context: &Context) -> anyhow::Result<Box<dyn Running>> {
    let python = place(&context.workflow_peers.dbos)?;
    let deadline = Deadline::new("the start of DBOS on PostgreSQL", START);
    let Postgres { process: postgres, socket, folder } = Postgres::start(&context.folder, &deadline)?;
    let script = folder.path().join("dbos_steps.py");
    fs::write(&script, SCRIPT)?;
    let address = free_address()?;
    let mut command = Command::new(python);
    command
        .arg(script)
        .arg(address.port().to_string())
        .arg(format!("postgresql://allod@/dbos?host={}", socket.display()))
        .current_dir(folder.path())
        .env("HOME", folder.path());
    let application = Process::start("dbos", &mut command, folder.path(), None)?;
    let request = post(address, "/", INPUT);
    let mut peer = Answering { address, request, processes: vec![application, postgres], _folder: folder };
    let result = until_answered(address, &peer.request, &deadline, &mut peer.processes)?;
    let same = serde_json::from_slice::<serde_json::Value>(&result)?
        == serde_json::from_str::<serde_json::Value>(INPUT)?;
    ensure!(same, "the result is {}", String::from_utf8_lossy(&result));
    Ok(Box::new(peer))
}
