//! One command on one instance: delivery, then its steps in order.

use super::live::{Cancelled, LiveCommand, Progress};
use super::output::KEPT;
use crate::service::Ssm;
use contracts::seams::{CommandEnd, CommandRequest};
use records::ssm::{InvocationStatus, Step, StepResult};
use records::{Instance, InstanceState};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant as Moment, sleep};

/// What the agent reports as exit status of a step it stopped.
const STOPPED: i32 = 137;
/// How long to wait before trying again to deliver; doubles up to the second.
const FIRST_WAIT: Duration = Duration::from_millis(20);
/// Where the doubling ends.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How long to wait, after a restart, for a machine on which something is to be stopped.
const STOP_PATIENCE: Duration = Duration::from_secs(60);

/// One command on one instance.
pub(super) struct Invocation {
    service: Arc<Ssm>,
    live: Arc<LiveCommand>,
    instance_id: String,
    cancelled: watch::Receiver<Cancelled>,
    steps: Vec<StepResult>,
}

/// How delivery ended where nothing ran.
enum Undelivered {
    Cancelled,
    TimedOut,
    Gone,
}

/// Stops what a former engine may have started on an instance. Asking for its end would start it if it had not, so it is
/// only told to stop; that can reach it as soon as the machine can be reached, and a machine that is down runs nothing.
pub(super) async fn stop_unseen(
    service: Arc<Ssm>,
    live: Arc<LiveCommand>,
    instance_id: String,
) -> (String, Progress) {
    let give_up = Moment::now() + STOP_PATIENCE;
    let commands = &service.platform.commands;
    let is_up = || {
        let instance = service.platform.store.get::<Instance>(&live.scope, &instance_id);
        instance.is_some_and(|i| matches!(i.state, InstanceState::Pending | InstanceState::Running))
    };
    while !commands.deliverable(&instance_id) && is_up() && Moment::now() < give_up {
        sleep(FIRST_WAIT).await;
    }
    for step in 0..live.command.steps.len() {
        commands.cancel(&step_id(&live.command.id, &instance_id, step));
    }
    let progress = never_started(&live.command.steps, InvocationStatus::Cancelled);
    (instance_id, progress)
}

/// The end of an invocation that never started.
pub(super) fn never_started(steps: &[Step], status: InvocationStatus) -> Progress {
    let mut steps = fresh_steps(steps);
    for step in &mut steps {
        step.status = status;
    }
    Progress { status, steps }
}

/// The steps of a command before anything happened.
pub(crate) fn fresh_steps(steps: &[Step]) -> Vec<StepResult> {
    let fresh = steps.iter().map(|step| StepResult {
        name: step.name.clone(),
        action: step.action.clone(),
        status: InvocationStatus::Pending,
        code: -1,
        started: None,
        ended: None,
        note: None,
    });
    fresh.collect()
}

/// Id under which the machines know a step; the same after a restart, so that it runs once.
pub(super) fn step_id(command_id: &str, instance_id: &str, step: usize) -> String {
    format!("{command_id}.{instance_id}.{step}")
}

impl Invocation {
    /// Ready to run; nothing has happened yet.
    pub(super) fn new(service: Arc<Ssm>, live: Arc<LiveCommand>, instance_id: String) -> Invocation {
        let (cancelled, steps) = (live.cancellations(), fresh_steps(&live.command.steps));
        Invocation { service, live, instance_id, cancelled, steps }
    }

    /// Runs it to its end. Returns the instance, the end and the steps.
    pub(super) async fn run(mut self) -> (String, Progress) {
        let status = self.run_steps().await;
        (self.instance_id, Progress { status, steps: self.steps })
    }

    /// Lets callers see how far it is. Costs no write: what is in memory is gone after a restart, but then the machine is
    /// asked again.
    fn note(&self, status: InvocationStatus) {
        self.live.set(&self.instance_id, Progress { status, steps: self.steps.clone() });
    }

    /// Whether the caller cancelled it, or the whole command.
    fn is_cancelled(&self) -> bool {
        self.cancelled.borrow().covers(&self.instance_id)
    }

    /// The steps in order. A failed step does not keep the next ones from running unless it says so (`onFailure`), which
    /// is how the agent treats Command documents.
    async fn run_steps(&mut self) -> InvocationStatus {
        let live = self.live.clone();
        let steps = &live.command.steps;
        let (mut ended_early, mut forgiven) = (false, false);
        for (index, step) in steps.iter().enumerate() {
            if ended_early && !step.always {
                self.skip(
                    index,
                    InvocationStatus::Cancelled,
                    "Step execution skipped due to the end of the document in an earlier step.",
                );
                continue;
            }
            let Some(script) = &step.script else {
                let note = format!(
                    "Step execution skipped due to unsatisfied preconditions: platformType is Linux. Step name: {}",
                    step.name
                );
                self.skip(index, InvocationStatus::Success, &note);
                continue;
            };
            match self.deliver(index, step, script).await {
                Ok(end) => self.close(index, &end),
                Err(undelivered) => return self.undelivered(index, &undelivered),
            }
            match self.steps[index].status {
                InvocationStatus::Cancelled => return InvocationStatus::Cancelled,
                InvocationStatus::Success => ended_early |= step.exit_on_success,
                _ => {
                    ended_early |= step.exit_on_failure || step.succeed_on_failure;
                    forgiven |= step.succeed_on_failure;
                }
            }
        }
        self.whole(forgiven)
    }

    /// The invocation's end, from its steps'.
    fn whole(&self, forgiven: bool) -> InvocationStatus {
        let any = |status| self.steps.iter().any(|step| step.status == status);
        if forgiven {
            InvocationStatus::Success
        } else if any(InvocationStatus::Failed) {
            InvocationStatus::Failed
        } else if any(InvocationStatus::ExecutionTimedOut) {
            InvocationStatus::ExecutionTimedOut
        } else {
            InvocationStatus::Success
        }
    }

    /// Ends a step that is not run.
    fn skip(&mut self, index: usize, status: InvocationStatus, note: &str) {
        let now = self.service.now();
        let result = &mut self.steps[index];
        (result.status, result.code, result.note) = (status, 0, Some(note.to_owned()));
        (result.started, result.ended) = (Some(now), Some(now));
    }

    /// Ends the invocation, and all steps from this one on, without having run them.
    fn undelivered(&mut self, index: usize, why: &Undelivered) -> InvocationStatus {
        let status = match why {
            Undelivered::Cancelled => InvocationStatus::Cancelled,
            Undelivered::TimedOut => InvocationStatus::DeliveryTimedOut,
            Undelivered::Gone => InvocationStatus::Undeliverable,
        };
        for result in &mut self.steps[index..] {
            result.status = status;
            result.started = None;
        }
        // Once a step ran, the command was delivered; losing the machine afterwards is a failure.
        let ran = self.live.command.steps[..index].iter().any(|step| step.script.is_some());
        if ran && status != InvocationStatus::Cancelled { InvocationStatus::Failed } else { status }
    }

    /// Asks the machine to run a step, again and again until it can, the delivery timeout is over or the caller cancels.
    async fn deliver(&mut self, index: usize, step: &Step, script: &str) -> Result<CommandEnd, Undelivered> {
        let seconds = u64::try_from(self.live.command.timeout_seconds).unwrap_or(0);
        let deadline = Moment::now() + Duration::from_secs(seconds);
        let mut wait = FIRST_WAIT;
        loop {
            if self.is_cancelled() {
                return Err(Undelivered::Cancelled);
            }
            self.steps[index].started = Some(self.service.now());
            self.steps[index].status = InvocationStatus::InProgress;
            self.note(InvocationStatus::InProgress);
            match self.ask(index, step, script).await {
                CommandEnd::Unreachable(reason) => {
                    tracing::debug!(instance = self.instance_id, reason, "a command cannot be delivered yet");
                }
                end => return Ok(end),
            }
            self.steps[index].started = None;
            self.steps[index].status = InvocationStatus::Pending;
            self.note(InvocationStatus::Delayed);
            // Until the machine can take it (or what is true of it changes), there is nothing to ask it.
            loop {
                if self.is_gone() {
                    return Err(Undelivered::Gone);
                }
                if Moment::now() >= deadline {
                    return Err(Undelivered::TimedOut);
                }
                let pause = wait.min(deadline.saturating_duration_since(Moment::now()));
                let id = self.instance_id.clone();
                tokio::select! {
                    () = sleep(pause) => {}
                    _ = self.cancelled.wait_for(|c| c.covers(&id)) => return Err(Undelivered::Cancelled),
                }
                wait = (wait * 2).min(LONGEST_WAIT);
                // After a restart the machine may hold the end of a run although it is down by now, so it is asked anyway.
                if self.live.resumed || self.service.platform.commands.deliverable(&self.instance_id) {
                    break;
                }
            }
        }
    }

    /// Whether the machine will never be there again.
    fn is_gone(&self) -> bool {
        let instance = self.service.platform.store.get::<Instance>(&self.live.scope, &self.instance_id);
        instance.is_none_or(|i| matches!(i.state, InstanceState::ShuttingDown | InstanceState::Terminated))
    }

    /// Asks once; passes a cancellation on while it runs.
    async fn ask(&mut self, index: usize, step: &Step, script: &str) -> CommandEnd {
        let (live, commands) = (self.live.clone(), self.service.platform.commands.clone());
        let id = step_id(&live.command.id, &self.instance_id, index);
        let environment = vec![
            ("AWS_SSM_INSTANCE_ID".to_owned(), self.instance_id.clone()),
            ("AWS_SSM_REGION_NAME".to_owned(), live.scope.region.to_string()),
        ];
        let mut running = commands.run(CommandRequest {
            id: id.clone(),
            instance_id: self.instance_id.clone(),
            script: script.to_owned(),
            working_directory: step.working_directory.clone(),
            environment,
            timeout_millis: step.timeout_millis,
            output: self.service.step_folder(&live.scope, &live.command, &self.instance_id, index),
            max_output: KEPT,
        });
        let instance_id = self.instance_id.clone();
        tokio::select! {
            end = &mut running => return end,
            _ = self.cancelled.wait_for(|c| c.covers(&instance_id)) => {}
        }
        self.note(InvocationStatus::Cancelling);
        // The machine may only now be starting it and know nothing to stop yet, so it is told until it says the end.
        let mut wait = FIRST_WAIT;
        loop {
            commands.cancel(&id);
            tokio::select! {
                end = &mut running => return end,
                () = sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
            }
        }
    }

    /// Notes how a step ended.
    fn close(&mut self, index: usize, end: &CommandEnd) {
        let now = self.service.now();
        let result = &mut self.steps[index];
        result.ended = Some(now);
        (result.status, result.code, result.note) = match end {
            CommandEnd::Exited(0) => (InvocationStatus::Success, 0, None),
            CommandEnd::Exited(code) => {
                let note = format!("failed to run commands: exit status {code}");
                (InvocationStatus::Failed, *code, Some(note))
            }
            CommandEnd::TimedOut => (InvocationStatus::ExecutionTimedOut, STOPPED, None),
            CommandEnd::Cancelled => (InvocationStatus::Cancelled, STOPPED, None),
            CommandEnd::Unreachable(reason) | CommandEnd::Lost(reason) => {
                let note = format!("failed to run commands: {reason}");
                (InvocationStatus::Failed, -1, Some(note))
            }
        };
    }
}
