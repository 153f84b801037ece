//! Conducts one command: starts invocations within its rate control until all have ended.

use super::invocation::{Invocation, fresh_steps, step_id};
use super::live::{LiveCommand, Progress};
use super::outcome::Tally;
use super::rate::Rate;
use crate::service::Ssm;
use aws_schema::Fault;
use records::ssm::{Command, InvocationStatus};
use state_store::typed::Tx;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Ends written in one transaction, within the store's limit on its length.
const BATCH: usize = 100;
/// Pause before a write the store refused (disk full) is tried again.
const RETRY: Duration = Duration::from_secs(1);

type End = (String, Progress);

struct Conductor {
    service: Arc<Ssm>,
    live: Arc<LiveCommand>,
    rate: Rate,
    tally: Tally,
    waiting: VecDeque<String>,
    running: JoinSet<End>,
    writing: JoinSet<()>,
}

/// Conducts a command to its end.
pub(super) async fn conduct(service: Arc<Ssm>, live: Arc<LiveCommand>) {
    // Between being listed as open and being taken in, another conductor may have brought it to its end.
    let open = service.platform.store.get::<Command>(&live.scope, &live.command.id);
    if open.is_some_and(|command| command.outcome.is_none()) {
        let command = &live.command;
        let rate = Rate::new(command.resolved.len(), &command.max_concurrency, &command.max_errors);
        let conductor = Conductor {
            service: service.clone(),
            live: live.clone(),
            rate,
            tally: Tally::default(),
            waiting: VecDeque::new(),
            running: JoinSet::new(),
            writing: JoinSet::new(),
        };
        conductor.run().await;
    }
    service.live.release(&live.command.id);
}

impl Conductor {
    async fn run(mut self) {
        self.take_stock();
        let mut cancelled = self.live.cancellations();
        let last = loop {
            let mut ended = self.drop_cancelled(&cancelled.borrow_and_update().clone());
            while self.rate.may_start(self.running.len(), self.tally.errors) {
                let Some(instance) = self.waiting.pop_front() else { break };
                self.running.spawn(Invocation::new(self.service.clone(), self.live.clone(), instance).run());
            }
            if self.rate.exceeded(self.tally.errors) {
                let rest = std::mem::take(&mut self.waiting);
                ended.extend(
                    rest.into_iter()
                        .map(|instance| self.never_started(instance, InvocationStatus::Terminated)),
                );
            }
            ended.iter().for_each(|(_, progress)| self.tally.add(progress.status));
            if self.running.is_empty() && self.waiting.is_empty() {
                break ended;
            }
            self.write_later(ended);
            tokio::select! {
                end = self.running.join_next() => {
                    let Some(Ok(end)) = end else { continue };
                    self.tally.add(end.1.status);
                    if self.running.is_empty() && self.waiting.is_empty() {
                        break vec![end];
                    }
                    self.write_later(vec![end]);
                }
                Ok(()) = cancelled.changed() => {}
            }
        };
        // The outcome is written with the last ends, and after all others.
        let (first, last) = last.split_at(last.len().saturating_sub(BATCH));
        write(&self.service, &self.live, first, None).await;
        while self.writing.join_next().await.is_some() {}
        write(&self.service, &self.live, last, Some((self.rate, self.tally))).await;
    }

    /// Sorts the instances into those whose end is on record and those that wait. The order is always the same, so the
    /// instances a former engine had started come first again.
    fn take_stock(&mut self) {
        let (live, store) = (self.live.clone(), &self.service.platform.store);
        for instance in &live.command.resolved {
            let id = format!("{}/{instance}", live.command.id);
            let stored =
                if live.resumed { store.get::<records::ssm::Invocation>(&live.scope, &id) } else { None };
            match stored {
                Some(stored) => {
                    self.tally.add(stored.status);
                    live.set(instance, Progress { status: stored.status, steps: stored.steps.clone() });
                }
                None => self.waiting.push_back(instance.clone()),
            }
        }
    }

    /// Takes what the caller cancelled out of the waiting ones.
    fn drop_cancelled(&mut self, cancelled: &super::live::Cancelled) -> Vec<End> {
        if !cancelled.all && cancelled.some.is_empty() {
            return Vec::new();
        }
        let waiting = std::mem::take(&mut self.waiting);
        let (gone, stay): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|instance| cancelled.covers(instance));
        self.waiting = stay.into();
        for instance in gone.iter().filter(|_| self.live.resumed) {
            // It may run since before a restart. Asking for its end would start it if it does not.
            for step in 0..self.live.command.steps.len() {
                self.service.platform.commands.cancel(&step_id(&self.live.command.id, instance, step));
            }
        }
        gone.into_iter().map(|instance| self.never_started(instance, InvocationStatus::Cancelled)).collect()
    }

    fn never_started(&self, instance: String, status: InvocationStatus) -> End {
        let mut steps = fresh_steps(&self.live.command.steps);
        steps.iter_mut().for_each(|step| step.status = status);
        (instance, Progress { status, steps })
    }

    /// Writes ends without making the others wait for the disk.
    fn write_later(&mut self, ended: Vec<End>) {
        while self.writing.try_join_next().is_some() {}
        if ended.is_empty() {
            return;
        }
        let (service, live) = (self.service.clone(), self.live.clone());
        self.writing.spawn(async move { write(&service, &live, &ended, None).await });
    }
}

/// Writes ends, and with `outcome` the end of the command, until the store takes them. Callers see an end once it is
/// durable.
async fn write(service: &Ssm, live: &LiveCommand, ended: &[End], outcome: Option<(Rate, Tally)>) {
    let last = ended.len().saturating_sub(1) / BATCH;
    for (number, batch) in ended.chunks(BATCH).enumerate() {
        write_batch(service, live, batch, if number == last { outcome } else { None }).await;
    }
    if ended.is_empty() && outcome.is_some() {
        write_batch(service, live, ended, outcome).await;
    }
}

async fn write_batch(service: &Ssm, live: &LiveCommand, ended: &[End], outcome: Option<(Rate, Tally)>) {
    while let Err(fault) = service.platform.transact(|tx| put(service, live, tx, ended, outcome)).await {
        tracing::warn!(%fault, command = live.command.id, "the end of a command cannot be written yet");
        tokio::time::sleep(RETRY).await;
    }
    for (instance, progress) in ended {
        live.set(instance, progress.clone());
    }
}

fn put(
    service: &Ssm,
    live: &LiveCommand,
    tx: &mut Tx<'_>,
    ended: &[End],
    outcome: Option<(Rate, Tally)>,
) -> Result<(), Fault> {
    let (scope, now) = (&live.scope, service.now());
    // A command that was wiped away meanwhile leaves nothing behind.
    let Some(command) = tx.get::<Command>(scope, &live.command.id) else { return Ok(()) };
    for (instance, progress) in ended {
        let invocation = records::ssm::Invocation {
            id: format!("{}/{instance}", live.command.id),
            instance_id: instance.clone(),
            status: progress.status,
            steps: progress.steps.clone(),
            ended: now,
        };
        tx.put(scope, invocation);
    }
    if let (Some((rate, tally)), None) = (outcome, &command.outcome) {
        let mut command = (*command).clone();
        let by_caller = command.cancel_all || !command.cancelled.is_empty();
        let (status, details) = tally.outcome(rate.exceeded(tally.errors), by_caller);
        command.outcome = Some((status.to_owned(), details.to_owned()));
        command.ended = Some(now);
        command.error_count = i32::try_from(tally.errors).unwrap_or(i32::MAX);
        command.delivery_timed_out_count = i32::try_from(tally.delivery_timed_out).unwrap_or(i32::MAX);
        tx.put(scope, command);
    }
    Ok(())
}
