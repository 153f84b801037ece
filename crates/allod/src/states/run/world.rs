//! The world around the execution: a clock, timers, mocks for tasks.

use super::mocks::Mocks;
use super::show;
use crate::output;
use anyhow::bail;
use contracts::{Clock as _, SystemClock};
use state_machine::Millis;
use state_machine::history::{Failure, Payload};
use state_machine::interpret::{
    Effect, Execution, MapRunAnswer, MapRunRequest, Outcome, Progress, Start, TaskAnswer, TaskRequest,
    Ticket, Turn, Wake, Work,
};
use state_machine::map_run::{Selection, exceeded, threshold};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Events a turn may write before it is shown.
const BUDGET: usize = 100;

pub(super) struct World {
    begin: Millis,
    now: Millis,
    /// Waits are skipped.
    fast: bool,
    json: bool,
    mocks: Mocks,
}

impl World {
    pub(super) fn new(begin: Millis, fast: bool, json: bool, mocks: Mocks) -> World {
        World { begin, now: begin, fast, json, mocks }
    }

    /// Runs an execution to its end. `depth` counts the distributed Maps around it.
    pub(super) fn run(&mut self, mut execution: Execution, depth: usize) -> anyhow::Result<Outcome> {
        let mut timers: BTreeSet<(Millis, Ticket)> = BTreeSet::new();
        let mut wakes = VecDeque::from([Wake::Start]);
        loop {
            let wake = match wakes.pop_front() {
                Some(wake) => wake,
                None => match timers.pop_first() {
                    Some((at, ticket)) => {
                        self.wait_until(at);
                        Wake::Timer(ticket)
                    }
                    None => bail!("the execution waits for nothing; this is a bug"),
                },
            };
            let (mut events, mut effects) = (Vec::new(), Vec::new());
            let progress = execution.turn(
                wake,
                &mut Turn {
                    now: self.now,
                    draw: &mut draw,
                    activity: &mut |_| true,
                    token: &|ticket| format!("task-{}", ticket.0).into(),
                    events: &mut events,
                    effects: &mut effects,
                    budget: BUDGET,
                    guard: &state_machine::guard::Guard::alone(),
                },
            );
            for event in &events {
                output::say(&if self.json {
                    show::json(event, &execution.start().arn)
                } else {
                    show::line(event, self.begin, depth)
                });
            }
            match progress {
                Ok(Progress::Ended(outcome)) => return Ok(outcome),
                Ok(Progress::More) => wakes.push_back(Wake::Continue),
                Ok(Progress::Waiting) => {}
                // An answer that came too late: a mock for a task that was cancelled meanwhile.
                Err(_) => continue,
            }
            for effect in effects {
                match effect {
                    Effect::Timer { ticket, at } => {
                        timers.retain(|(_, other)| *other != ticket);
                        timers.insert((at, ticket));
                    }
                    Effect::Cancel(ticket) => timers.retain(|(_, other)| *other != ticket),
                    Effect::Task(request) => {
                        let state = execution.state_of(request.ticket).cloned().unwrap_or_default();
                        let answer = self.mocks.answer(&state).unwrap_or_else(|| nobody(&request));
                        if matches!(request.work, Work::Activity(_)) {
                            let worker = TaskAnswer::Started(Some("mock".into()));
                            wakes.push_back(Wake::Task(request.ticket, worker));
                        }
                        wakes.push_back(Wake::Task(request.ticket, answer));
                    }
                    Effect::MapRun(request) => {
                        let answer = self.map_run(&execution, &request, depth)?;
                        wakes.push_back(Wake::MapRun(request.ticket, answer));
                    }
                }
            }
        }
    }

    fn wait_until(&mut self, at: Millis) {
        if !self.fast {
            let left = at - SystemClock.now();
            std::thread::sleep(Duration::from_millis(u64::try_from(left).unwrap_or(0)));
            self.now = self.now.max(SystemClock.now());
        }
        self.now = self.now.max(at);
    }

    /// Runs the children of a distributed Map one after the other.
    fn map_run(
        &mut self,
        execution: &Execution,
        request: &MapRunRequest,
        depth: usize,
    ) -> anyhow::Result<MapRunAnswer> {
        let Some(state_machine::Value::Array(items)) = &request.items else {
            let cause = "allod states run has no store to read items from";
            return Ok(MapRunAnswer::Failed(Failure::new("States.ItemReaderFailed", cause)));
        };
        let selection = Selection::new(execution.program().clone(), request);
        let mut inputs = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            match selection.input(place, item, self.now, &mut draw) {
                Ok(input) => inputs.push(input),
                Err(failure) => return Ok(MapRunAnswer::Failed(failure)),
            }
        }
        if let Some(batch) = &request.batch {
            let most =
                batch.max_items.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX).max(1);
            inputs = inputs.chunks(most).map(|chunk| selection.batch(chunk.to_vec())).collect();
        }
        let (mut results, mut failed) = (Vec::<Payload>::new(), 0);
        let total = inputs.len() as u64;
        for (place, input) in inputs.into_iter().enumerate() {
            let start = Start {
                arn: format!("{}/{place}", execution.start().arn).into(),
                name: format!("child-{place}").into(),
                at: self.now,
                input: input.to_string().into(),
                processor: Some(request.state),
                map_run: Some(request.arn.clone()),
                ..Start::clone(execution.start())
            };
            let child = Execution::new(execution.program().clone(), Arc::new(start));
            match self.run(child, depth + 1)? {
                Outcome::Succeeded(output) => results.push(output),
                _ => failed += 1,
            }
            let (percentage, count) = request.tolerated;
            let count = (count > 0 || percentage == 0.0).then_some(count);
            let percentage = (percentage > 0.0).then_some(percentage);
            if exceeded(failed, total, count, percentage) {
                return Ok(MapRunAnswer::Failed(threshold()));
            }
        }
        Ok(MapRunAnswer::Succeeded(format!("[{}]", results.join(",")).into()))
    }
}

/// A task that no mock answers.
fn nobody(request: &TaskRequest) -> TaskAnswer {
    let what = match &request.work {
        Work::Activity(arn) | Work::Function(arn) => arn.to_string(),
        Work::Service { service, action, .. } => format!("{service}:{action}"),
    };
    let cause = format!("allod states run has no services: give {what} an answer with --mocks");
    TaskAnswer::Failed(Failure::new("States.TaskFailed", cause))
}

/// A random number.
fn draw() -> u64 {
    getrandom::u64().unwrap_or_default()
}
