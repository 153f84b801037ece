//! Errors: retriers, catchers, and the way up.

use super::evaluate::{Problem, Sources};
use super::execution::Run;
use super::leave::{Exit, place};
use super::line::{Data, LineIndex, Phase, Purpose};
use crate::history::{EventKind, Failure, Iteration, StateKind};
use crate::program::{Catcher, Retrier};
use crate::template::Language;
use crate::value::{Map, Value};
use std::sync::Arc;

/// Whether a list of error names covers an error (Amazon States Language, "Errors"; developer guide, "Handling errors").
pub(super) fn covers(names: &[Arc<str>], error: &str) -> bool {
    names.iter().any(|name| match &**name {
        "States.ALL" => error != "States.Runtime",
        "States.TaskFailed" => !matches!(error, "States.Timeout" | "States.Runtime"),
        // A missing heartbeat is a time-out, too.
        "States.Timeout" => matches!(error, "States.Timeout" | "States.HeartbeatTimeout"),
        name => name == error,
    })
}

/// The delay in seconds before the next attempt: the interval, multiplied by the rate as often as there were retries.
pub(super) fn delay(retrier: &Retrier, done: u32, draw: &mut dyn FnMut() -> u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "seconds of a delay are far below 2^53")]
    let (first, most) = (retrier.interval as f64, retrier.max_delay.map_or(f64::MAX, |most| most as f64));
    let exponent = i32::try_from(done).unwrap_or(i32::MAX);
    let seconds = (first * retrier.backoff.powi(exponent)).min(most);
    if retrier.jitter {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are enough for a fraction")]
        let fraction = (draw() >> 11) as f64 / (1_u64 << 53) as f64;
        return seconds * fraction;
    }
    seconds
}

impl Run<'_, '_> {
    /// The state of a line failed: it is tried again, caught, or the failure goes up.
    pub(super) fn fail(&mut self, index: LineIndex, failure: Failure) {
        let error = failure.error.clone().unwrap_or_default();
        let state = self.program.state(self.line(index).state);
        self.inspect(|seen| seen.failure = failure.clone());
        if let Some(seconds) = self.next_attempt(index, &error) {
            self.forget_children(index);
            return self.back_off(index, seconds);
        }
        match state.kind() {
            StateKind::Map => self.follow(index, EventKind::MapStateFailed),
            StateKind::Parallel => self.follow(index, EventKind::ParallelStateFailed),
            _ => 0,
        };
        if let Some(at) = state.catch.iter().position(|catcher| covers(&catcher.errors, &error)) {
            let catcher = &state.catch[at];
            self.inspect(|seen| seen.catcher = Some(at));
            match self.caught(index, catcher, &failure) {
                Ok(()) => return,
                // What is wrong with the catcher itself is caught by nobody.
                Err(Problem::Runtime(cause)) => return self.trouble(index, Problem::Runtime(cause)),
                Err(problem) => return self.catch_failed(index, problem),
            }
        }
        self.go_up(index, failure);
    }

    /// `States.Runtime` of the state itself: nothing of it helps.
    pub(super) fn fail_for_good(&mut self, index: LineIndex, failure: Failure) {
        self.abort_children(index);
        self.go_up(index, failure);
    }

    fn catch_failed(&mut self, index: LineIndex, problem: Problem) {
        let failure = match problem {
            Problem::Plain(failure) => failure,
            Problem::Error(error, cause) => Failure::new(error, cause),
            Problem::Runtime(cause) => Failure::new("States.Runtime", cause),
            Problem::Query { cause, location, .. } => {
                let state = self.program.state(self.line(index).state);
                let entered = self.line(index).entered.0;
                let cause = format!(
                    "An error occurred while executing the state '{}' (entered at the event id #{entered}). {cause}",
                    state.name
                );
                let failure = Failure::new("States.QueryEvaluationError", cause);
                let kind = EventKind::EvaluationFailed {
                    failure: failure.clone(),
                    location,
                    state: state.name.clone(),
                };
                self.follow(index, kind);
                failure
            }
        };
        self.go_up(index, failure);
    }

    /// The delay before another attempt, if a retrier grants one, and counts it.
    fn next_attempt(&mut self, index: LineIndex, error: &str) -> Option<f64> {
        let state = self.program.state(self.line(index).state);
        let at = state.retry.iter().position(|retrier| covers(&retrier.errors, error))?;
        let retrier = &state.retry[at];
        self.inspect(|seen| seen.retrier = Some(at));
        let line = self.line(index);
        line.retries.resize(state.retry.len(), 0);
        let done = line.retries[at];
        if done >= retrier.max_attempts {
            return None;
        }
        line.retries[at] += 1;
        let seconds = delay(retrier, done, self.turn.draw);
        self.inspect(|seen| seen.backoff = Some(seconds));
        Some(seconds)
    }

    fn back_off(&mut self, index: LineIndex, seconds: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturates, and a year is the most an execution lives"
        )]
        let delay = (seconds * 1000.0).ceil() as i64;
        let at = self.turn.now.saturating_add(delay);
        let ticket = self.timer_at(index, Purpose::Delay, at);
        self.line(index).phase = Phase::Backoff(ticket);
    }

    /// On to the catcher's state.
    fn caught(&mut self, index: LineIndex, catcher: &Catcher, failure: &Failure) -> Result<(), Problem> {
        let state = self.program.state(self.line(index).state);
        let error = Data::new(error_output(failure));
        let raw = self.line(index).input.clone();
        let next = Some(catcher.next);
        if state.language == Language::Jsonata {
            let sources = Sources { input: raw.value, error: Some(&error.value), ..Sources::default() };
            let assigned = catcher.assign.as_ref().map(|template| (template, sources.clone()));
            let output = catcher.output.as_ref();
            return self.leave_by_expression(index, state, output, assigned, sources, error.clone(), next);
        }
        let assigned = catcher.assign.as_ref().map(|template| (template, Sources::of(&error.value)));
        let output = place(&catcher.result, raw, error)?;
        self.exit(index, Exit { output, next, assigned })
    }

    /// Nobody caught it here: the line is over, and what it belongs to has failed, or the execution.
    fn go_up(&mut self, index: LineIndex, failure: Failure) {
        self.halt(index);
        self.inspect(|seen| seen.failure = failure.clone());
        let previous = self.line(index).previous;
        let Some((parent, place)) = self.line(index).parent else {
            return self.end_failed(previous, failure);
        };
        let state = self.program.state(self.line(parent).state);
        if state.kind() == StateKind::Map {
            let iteration = Iteration { name: state.name.clone(), index: u64::from(place) };
            self.emit(previous, EventKind::MapIterationFailed(iteration));
        } else {
            self.abort_event(index);
        }
        self.line(parent).previous = previous;
        self.abort_children(parent);
        self.fail(parent, failure);
    }

    /// A line stops where it is: what it waits for is taken back.
    fn halt(&mut self, index: LineIndex) {
        let tickets: Vec<_> = match &self.line(index).phase {
            Phase::Sleep(ticket) | Phase::Backoff(ticket) => vec![*ticket],
            Phase::Task(attempt) => {
                let timers =
                    [attempt.timeout.map(|(ticket, _)| ticket), attempt.heartbeat.map(|(ticket, _)| ticket)];
                std::iter::once(attempt.ticket).chain(timers.into_iter().flatten()).collect()
            }
            Phase::MapRun(run) => vec![run.ticket],
            Phase::Enter | Phase::Attempt | Phase::Join(_) => Vec::new(),
        };
        for ticket in tickets {
            self.cancel(ticket);
        }
        self.execution.ready.retain(|ready| *ready != index);
        let line = self.line(index);
        line.halted = true;
        if matches!(line.phase, Phase::Sleep(_) | Phase::Backoff(_) | Phase::Task(_)) {
            line.phase = Phase::Attempt;
        }
    }

    /// `…StateAborted` of the state a line is in, where its kind has one.
    fn abort_event(&mut self, index: LineIndex) {
        let line = self.line(index);
        if matches!(line.phase, Phase::Enter) {
            return;
        }
        let (state, previous) = (line.state, line.previous);
        let kind = self.program.state(state).kind();
        if matches!(kind, StateKind::Task | StateKind::Wait | StateKind::Map | StateKind::Parallel) {
            self.emit(previous, EventKind::StateAborted { kind });
        }
    }

    /// Stops all lines below a line that still go on, the deepest first, and writes down where they were.
    pub(super) fn abort_children(&mut self, index: LineIndex) {
        for (line, place) in self.descendants(index) {
            if self.line(line).halted {
                continue;
            }
            self.halt(line);
            self.abort_event(line);
            let previous = self.line(line).previous;
            let parent = self.line(line).parent.map_or(index, |(parent, _)| parent);
            let state = self.program.state(self.line(parent).state);
            if state.kind() == StateKind::Map {
                let iteration = Iteration { name: state.name.clone(), index: u64::from(place) };
                self.emit(previous, EventKind::MapIterationAborted(iteration));
            }
        }
    }

    /// Drops all lines below a line: its state is left, or begins anew.
    pub(super) fn forget_children(&mut self, index: LineIndex) {
        if !matches!(self.line(index).phase, Phase::Join(_)) {
            return;
        }
        for (line, _) in self.descendants(index) {
            self.halt(line);
            self.drop_line(line);
        }
        self.line(index).phase = Phase::Attempt;
    }

    /// All lines below a line with their places, children before their parents.
    pub(super) fn descendants(&mut self, index: LineIndex) -> Vec<(LineIndex, u32)> {
        let mut found: Vec<(LineIndex, u32)> = Vec::new();
        let mut open = vec![index];
        while let Some(line) = open.pop() {
            if let Phase::Join(join) = &self.line(line).phase {
                let children: Vec<_> = join.live.iter().map(|(place, child)| (*child, *place)).collect();
                open.extend(children.iter().map(|(child, _)| *child));
                found.extend(children.into_iter().rev());
            }
        }
        found.reverse();
        found
    }
}

/// `{"Error": …, "Cause": …}`; what is missing is `null`.
pub(super) fn error_output(failure: &Failure) -> Value {
    let text = |text: &Option<Arc<str>>| text.clone().map_or(Value::Null, Value::String);
    let members = [("Error", text(&failure.error)), ("Cause", text(&failure.cause))];
    let members: Map = members.into_iter().map(|(name, value)| (Arc::from(name), value)).collect();
    members.into()
}
