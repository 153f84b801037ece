//! stepfunctions-local: AWS's protocol, everything in the memory of one Node process.

use super::process::{Process, cpu_seconds};
use super::{CONNECTIONS, PATIENCE, ROUNDS, Running};
use crate::Context;
use crate::load::replay;
use crate::measures::signed;
use crate::measures::states::load::ten_passes;
use crate::measures::states::service::{INPUT, call, machine, start as started, start_to_end};
use crate::peer::{free_address, node, place};
use crate::statistics::Times;
use crate::stop::Deadline;
use anyhow::{Context as _, ensure};
use api_stepfunctions::{self as api, ops};
use aws_client::Client;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Runs its server on loopback.
const SCRIPT: &str = include_str!("../../../../peers/stepfunctions-local.cjs");
const START: Duration = Duration::from_secs(60);
/// Until every execution that was started must have ended.
const END: Duration = Duration::from_secs(20);

struct StepfunctionsLocal {
    address: SocketAddr,
    client: Client,
    machine: String,
    processes: [Process; 1],
    _folder: TempDir,
}

pub(super) fn start(context: &Context) -> anyhow::Result<Box<dyn Running>> {
    let modules = place(&context.workflow_peers.stepfunctions_local)?;
    let folder = TempDir::with_prefix_in("allod-bench-peer-", &context.folder)?;
    let address = free_address()?;
    let mut command = node(modules, SCRIPT, folder.path())?;
    command.arg(address.port().to_string());
    let process = Process::start("stepfunctions-local", &mut command, folder.path(), None)?;
    // It reads no signature, but its clients sign: ours does, too.
    let client = Client::new(address, crate::cloud::credentials("test", "test"));
    let mut peer =
        StepfunctionsLocal { address, client, machine: String::new(), processes: [process], _folder: folder };
    let deadline = Deadline::new("the start of stepfunctions-local", START);
    while call::<ops::ListStateMachines>(&mut peer.client, &Default::default()).is_err() {
        peer.processes[0].lives()?;
        deadline.pause(Duration::from_millis(20))?;
    }
    peer.machine = machine(&mut peer.client, "ten", &ten_passes(), false)?;
    peer.ran_every_state()?;
    Ok(Box::new(peer))
}

impl StepfunctionsLocal {
    /// One execution that ended well, with ten states in its history.
    fn ran_every_state(&mut self) -> anyhow::Result<()> {
        start_to_end(&mut self.client, &self.machine, 1, END)?;
        let list =
            api::ListExecutionsInput { state_machine_arn: Some(self.machine.clone()), ..Default::default() };
        let executions = call::<ops::ListExecutions>(&mut self.client, &list)?;
        let execution = executions.executions().first().context("no execution is listed")?;
        let history = api::GetExecutionHistoryInput {
            execution_arn: execution.execution_arn.clone(),
            max_results: Some(100),
            ..Default::default()
        };
        let history = call::<ops::GetExecutionHistory>(&mut self.client, &history)?;
        let entered = |event: &&api::HistoryEvent| {
            event.type_.as_ref().is_some_and(|kind| kind.as_str() == "PassStateEntered")
        };
        let states = history.events().iter().filter(entered).count();
        ensure!(states == 10, "{states} of 10 states were run");
        Ok(())
    }

    /// Executions that ended well.
    fn succeeded(&mut self) -> anyhow::Result<usize> {
        let mut page = api::ListExecutionsInput {
            state_machine_arn: Some(self.machine.clone()),
            status_filter: Some("SUCCEEDED".into()),
            max_results: Some(1_000),
            ..Default::default()
        };
        let mut count = 0;
        loop {
            let answer = call::<ops::ListExecutions>(&mut self.client, &page)?;
            count += answer.executions().len();
            page.next_token = answer.next_token;
            if page.next_token.is_none() {
                return Ok(count);
            }
        }
    }
}

impl Running for StepfunctionsLocal {
    /// Starts are answered before the execution ends, so ends are counted apart.
    fn rate(&mut self, length: Duration) -> anyhow::Result<f64> {
        let before = self.succeeded()?;
        let input = started(&self.machine, INPUT);
        let request = signed::<ops::StartExecution>(&mut self.client, &api::SERVICE, &input);
        let begun = Instant::now();
        let count = replay(self.address, &request, CONNECTIONS, length)?;
        let deadline = Deadline::new("the end of all executions", END);
        while self.succeeded()? < before + usize::try_from(count.requests)? {
            deadline.check()?;
        }
        Ok(f64::from(count.requests) / begun.elapsed().as_secs_f64())
    }

    fn times(&mut self) -> anyhow::Result<Times> {
        start_to_end(&mut self.client, &self.machine, ROUNDS, PATIENCE)
    }

    fn cpu(&self) -> f64 {
        cpu_seconds(&self.processes)
    }
}
