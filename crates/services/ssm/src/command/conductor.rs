//! Conducts one command: starts invocations within its rate control until all have ended.

use super::invocation::{Invocation, never_started, step_id, stop_unseen};
use super::live::{Cancelled, LiveCommand, Progress};
use super::outcome::Tally;
use super::rate::Rate;
use crate::service::Ssm;
use aws_schema::Fault;
use records::ssm::{Command, InvocationStatus};
use state_store::typed::Tx;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};

/// Ends written in one transaction, within the store's limit on its length.
const BATCH: usize = 100;
/// Pause before a write the store refused (disk full) is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How an instance ended: its id, and the last state with all steps.
type End = (String, Progress);

/// The state of one conducted command. It lives in one task; nothing here needs a lock.
struct Conductor {
    service: Arc<Ssm>,
    live: Arc<LiveCommand>,
    rate: Rate,
    tally: Tally,
    /// See [`Conductor::stopped_at`].
    stopped_at: Option<usize>,
    /// Positions in the command's list of instances: what a former engine had surely started …
    owed: VecDeque<usize>,
    /// … and what waits for its turn.
    waiting: VecDeque<usize>,
    running: JoinSet<End>,
    /// Whose task is whose.
    positions: HashMap<Id, usize>,
    writing: JoinSet<()>,
}

/// Conducts a command to its end.
pub(super) async fn conduct(service: Arc<Ssm>, live: Arc<LiveCommand>) {
    let _release = Release(service.clone(), live.clone());
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
            stopped_at: command.stopped_at,
            owed: VecDeque::new(),
            waiting: VecDeque::new(),
            running: JoinSet::new(),
            positions: HashMap::new(),
            writing: JoinSet::new(),
        };
        conductor.run().await;
    }
}

/// Lets go of a command however its conductor ends: a broken one is taken in again by the engine's next round.
struct Release(Arc<Ssm>, Arc<LiveCommand>);

impl Drop for Release {
    fn drop(&mut self) {
        self.0.live.release(&self.1.command.id);
    }
}

impl Conductor {
    /// Goes round once per event: an invocation that ended, or a cancellation. Each round starts what may start, so a
    /// wake-up carries no meaning of its own and a lost one does no harm.
    async fn run(mut self) {
        self.take_stock();
        let mut cancelled = self.live.cancellations();
        // Whether there may be something cancelled that was not looked at.
        let mut cancellation = true;
        let last = loop {
            let mut ended = Vec::new();
            if std::mem::take(&mut cancellation) {
                ended = self.drop_cancelled(&cancelled.borrow_and_update().clone());
            }
            while let Some(position) = self.next_to_start() {
                let instance = self.live.command.resolved[position].clone();
                let invocation = Invocation::new(self.service.clone(), self.live.clone(), instance);
                let task = self.running.spawn(invocation.run());
                self.positions.insert(task.id(), position);
            }
            let stopped_at = self.stopped_at();
            if stopped_at.is_some() {
                let rest = std::mem::take(&mut self.waiting);
                ended.extend(rest.into_iter().map(|n| self.never_started(n, InvocationStatus::Terminated)));
            }
            for (_, progress) in &ended {
                self.tally.add(progress.status);
            }
            if self.is_over() {
                break ended;
            }
            self.write_later(ended, stopped_at);
            tokio::select! {
                end = self.running.join_next_with_id() => {
                    let Some(end) = end.and_then(|end| self.end_of(end)) else { continue };
                    self.tally.add(end.1.status);
                    if self.is_over() {
                        break vec![end];
                    }
                    let stopped_at = self.stopped_at();
                    self.write_later(vec![end], stopped_at);
                }
                Ok(()) = cancelled.changed() => cancellation = true,
            }
        };
        // The outcome is written with the last ends, and after all others.
        let (first, last) = last.split_at(last.len().saturating_sub(BATCH));
        let goes = Whole::Goes { stopped_at: self.stopped_at() };
        write(&self.service, &self.live, first, goes).await;
        while self.writing.join_next().await.is_some() {}
        write(&self.service, &self.live, last, Whole::Ends { rate: self.rate, tally: self.tally }).await;
    }

    /// The end a task brought; one that panicked failed its invocation and nothing else.
    fn end_of(&mut self, end: Result<(Id, End), JoinError>) -> Option<End> {
        match end {
            Ok((id, end)) => {
                self.positions.remove(&id);
                Some(end)
            }
            Err(error) => {
                tracing::error!(%error, command = self.live.command.id, "an invocation broke");
                let position = self.positions.remove(&error.id())?;
                Some(self.never_started(position, InvocationStatus::Failed))
            }
        }
    }

    /// Whether nothing runs and nothing will.
    fn is_over(&self) -> bool {
        self.running.is_empty() && self.waiting.is_empty() && self.owed.is_empty()
    }

    /// The next one to start, if there is room. What ran before a restart comes back whatever the errors are.
    fn next_to_start(&mut self) -> Option<usize> {
        if !self.rate.has_room(self.running.len()) {
            return None;
        }
        let owed = self.owed.pop_front();
        let may = self.rate.may_start(self.running.len(), self.tally.errors);
        owed.or_else(|| if may { self.waiting.pop_front() } else { None })
    }

    /// How many had started when the errors exceeded their limit. This stands in the record no later than the error that
    /// did it; otherwise a restarted engine could not tell what runs from what never started.
    fn stopped_at(&mut self) -> Option<usize> {
        if self.stopped_at.is_none() && self.rate.exceeded(self.tally.errors) {
            self.stopped_at = Some(self.waiting.front().copied().unwrap_or(self.live.command.resolved.len()));
        }
        self.stopped_at
    }

    /// Sorts the instances into those whose end is on record and those that wait. The order is always the same, so the
    /// instances a former engine had started come first again.
    fn take_stock(&mut self) {
        let (live, store) = (self.live.clone(), &self.service.platform.store);
        for (position, instance) in live.command.resolved.iter().enumerate() {
            let id = format!("{}/{instance}", live.command.id);
            let stored =
                if live.resumed { store.get::<records::ssm::Invocation>(&live.scope, &id) } else { None };
            match stored {
                Some(stored) => {
                    self.tally.add(stored.status);
                    live.set(instance, Progress { status: stored.status, steps: stored.steps.clone() });
                }
                None if live.command.stopped_at.is_some_and(|at| position < at) => {
                    self.owed.push_back(position);
                }
                None => self.waiting.push_back(position),
            }
        }
    }

    /// Takes what the caller cancelled out of the waiting ones.
    fn drop_cancelled(&mut self, cancelled: &Cancelled) -> Vec<End> {
        if !cancelled.all && cancelled.some.is_empty() {
            return Vec::new();
        }
        let command = &self.live.command;
        let covered = |position: &usize| cancelled.covers(&command.resolved[*position]);
        let mut gone = Vec::new();
        for list in [&mut self.owed, &mut self.waiting] {
            let (these, stay): (Vec<_>, Vec<_>) = std::mem::take(list).into_iter().partition(covered);
            *list = stay.into();
            gone.extend(these);
        }
        if !self.live.resumed {
            return gone.into_iter().map(|n| self.never_started(n, InvocationStatus::Cancelled)).collect();
        }
        for position in gone {
            let instance = command.resolved[position].clone();
            let task = self.running.spawn(stop_unseen(self.service.clone(), self.live.clone(), instance));
            self.positions.insert(task.id(), position);
        }
        Vec::new()
    }

    /// The end of an instance that is not asked at all.
    fn never_started(&self, position: usize, status: InvocationStatus) -> End {
        let command = &self.live.command;
        (command.resolved[position].clone(), never_started(&command.steps, status))
    }

    /// Writes ends without making the others wait for the disk.
    fn write_later(&mut self, ended: Vec<End>, stopped_at: Option<usize>) {
        while self.writing.try_join_next().is_some() {}
        if ended.is_empty() {
            return;
        }
        let (service, live) = (self.service.clone(), self.live.clone());
        self.writing.spawn(async move { write(&service, &live, &ended, Whole::Goes { stopped_at }).await });
    }
}

/// What becomes of the command with some ends.
#[derive(Clone, Copy)]
enum Whole {
    /// It goes on, or (`stopped_at`) starts nothing more.
    Goes { stopped_at: Option<usize> },
    /// These are the last.
    Ends { rate: Rate, tally: Tally },
}

/// Writes ends, the last batch of them with the end of the command, until the store takes them. Callers see an end once
/// it is durable.
async fn write(service: &Ssm, live: &LiveCommand, ended: &[End], whole: Whole) {
    for batch in ended.chunks(BATCH) {
        write_batch(service, live, batch, whole).await;
    }
    if ended.is_empty() && matches!(whole, Whole::Ends { .. }) {
        write_batch(service, live, ended, whole).await;
    }
}

/// Writes some ends in one transaction, as often as it takes: an end that happened must not get lost because the disk
/// was full for a while.
async fn write_batch(service: &Ssm, live: &LiveCommand, ended: &[End], whole: Whole) {
    while let Err(fault) = service.platform.transact(|tx| put(service, live, tx, ended, whole)).await {
        tracing::warn!(%fault, command = live.command.id, "the end of a command cannot be written yet");
        tokio::time::sleep(RETRY).await;
    }
    for (instance, progress) in ended {
        live.set(instance, progress.clone());
        // Now that the end is on record nobody asks the machine for it again.
        for (step, result) in progress.steps.iter().enumerate() {
            if result.started.is_some() && live.command.steps.get(step).is_some_and(|s| s.script.is_some()) {
                service.platform.commands.forget(&step_id(&live.command.id, instance, step));
            }
        }
    }
}

/// The transaction: ends, and what becomes of the command with them.
fn put(service: &Ssm, live: &LiveCommand, tx: &mut Tx<'_>, ended: &[End], whole: Whole) -> Result<(), Fault> {
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
    match whole {
        Whole::Goes { stopped_at: Some(at) } if command.stopped_at.is_none() => {
            tx.put(scope, Command { stopped_at: Some(at), ..(*command).clone() });
        }
        Whole::Ends { rate, tally } if command.outcome.is_none() => {
            let by_caller = command.cancel_all || !command.cancelled.is_empty();
            let (status, details) = tally.outcome(rate.exceeded(tally.errors), by_caller);
            tx.put(
                scope,
                Command {
                    outcome: Some((status.to_owned(), details.to_owned())),
                    ended: Some(now),
                    error_count: i32::try_from(tally.errors).unwrap_or(i32::MAX),
                    delivery_timed_out_count: i32::try_from(tally.delivery_timed_out).unwrap_or(i32::MAX),
                    ..(*command).clone()
                },
            );
        }
        Whole::Goes { .. } | Whole::Ends { .. } => {}
    }
    Ok(())
}
