//! One execution: its lines, its tickets, and the turn.

use super::line::{Data, Line, LineIndex, Phase, Purpose, Waiter};
use super::test_state::Inspection;
use super::{Effect, Outcome, Progress, Stale, Start, TaskRequest, Ticket, Turn, Wake};
use crate::Millis;
use crate::history::{Event, EventKind, Failure};
use crate::program::{Body, Program};
use crate::text;
use crate::value::Value;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

/// Events a history can have (Step Functions quotas: 25,000); Express executions have no such limit.
pub const MAX_EVENTS: u64 = 25_000;
/// Bytes of an input, output, result or set of parameters (Step Functions quotas: 256 KiB of UTF-8).
pub const MAX_PAYLOAD: usize = 262_144;
/// Bytes of data in the events of a turn after which it is cut: a history of large data is written in pieces.
const TURN_BYTES: usize = 1 << 20;
/// An Express execution lasts five minutes at most (Step Functions quotas).
const EXPRESS_SECONDS: i64 = 300;

/// An execution between two turns. Plain data: it can be written down, dropped, and restored.
#[derive(Clone, Debug)]
pub struct Execution {
    pub(super) program: Arc<Program>,
    pub(super) start: Arc<Start>,
    /// The execution's input (`$$.Execution.Input`), read when it is asked for.
    pub(super) input: OnceLock<Value>,
    /// Lines by index; an empty place can be taken again. The first is the execution itself.
    pub(super) lines: Vec<Option<Line>>,
    /// Empty places among the lines.
    pub(super) free: Vec<LineIndex>,
    pub(super) ready: VecDeque<LineIndex>,
    /// Tickets that are out, in their order.
    pub(super) waiters: Vec<Waiter>,
    pub(super) last_event: u64,
    pub(super) last_ticket: u64,
    pub(super) redrives: u32,
    pub(super) outcome: Option<Outcome>,
    /// The history is full: no event but the last one is taken any more.
    pub(super) full: bool,
    /// What all variables take as JSON text.
    pub(super) variable_bytes: usize,
    /// A test of one state looks inside; executions have none.
    pub(super) inspection: Option<Box<Inspection>>,
}

/// Something an execution waits for: what is to be set up again after it was restored.
#[derive(Clone, Debug, PartialEq)]
pub enum Pending {
    /// A timer.
    Timer {
        /// Its ticket.
        ticket: Ticket,
        /// When it is due.
        at: Millis,
    },
    /// A task whose answer is missing.
    Task {
        /// The request as it was made.
        request: Box<TaskRequest>,
        /// Somebody had taken it.
        taken: bool,
        /// Its job was accepted, and only the end of that is awaited.
        submitted: bool,
    },
    /// A Map Run whose answer is missing.
    MapRun {
        /// Its ticket.
        ticket: Ticket,
        /// ARN of the run.
        arn: Arc<str>,
    },
}

impl Execution {
    /// An execution that has not begun: its first wake is [`Wake::Start`].
    pub fn new(program: Arc<Program>, start: Arc<Start>) -> Execution {
        Execution {
            program,
            start,
            input: OnceLock::new(),
            lines: Vec::new(),
            free: Vec::new(),
            ready: VecDeque::new(),
            waiters: Vec::new(),
            last_event: 0,
            last_ticket: 0,
            redrives: 0,
            outcome: None,
            full: false,
            variable_bytes: 0,
            inspection: None,
        }
    }

    /// Its input as a value.
    pub(super) fn input(&self) -> &Value {
        self.input.get_or_init(|| text::parse_value(&self.start.input).unwrap_or_default())
    }

    /// What it was started with.
    pub fn start(&self) -> &Arc<Start> {
        &self.start
    }

    /// What it runs.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// How it ended; `None` while it runs.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Id of its last event.
    pub fn last_event(&self) -> u64 {
        self.last_event
    }

    /// The name of the state that a ticket belongs to.
    pub fn state_of(&self, ticket: Ticket) -> Option<&Arc<str>> {
        let at = self.waiters.binary_search_by_key(&ticket, |waiter| waiter.ticket).ok()?;
        let line = self.lines.get(self.waiters[at].line as usize)?.as_ref()?;
        self.program.name(line.state)
    }

    /// How often it was redriven.
    pub fn redrives(&self) -> u32 {
        self.redrives
    }

    /// The state whose turn it is, if one is.
    pub fn next_state(&self) -> Option<u32> {
        let line = self.lines.get(*self.ready.front()? as usize)?.as_ref()?;
        Some(line.state)
    }

    /// The time of its earliest timer.
    pub fn next_timer(&self) -> Option<Millis> {
        self.waiters.iter().filter(|waiter| waiter.purpose.is_timer()).map(|waiter| waiter.at).min()
    }

    /// Whether it waits for anything but timers.
    pub fn has_tasks(&self) -> bool {
        self.waiters.iter().any(|waiter| waiter.at == 0)
    }

    /// All it waits for. `token` makes tokens as in [`Turn::token`].
    pub fn pending(&self, token: &dyn Fn(Ticket) -> Arc<str>) -> Vec<Pending> {
        self.waiters.iter().filter_map(|waiter| self.pending_of(waiter, token)).collect()
    }

    fn pending_of(&self, waiter: &Waiter, token: &dyn Fn(Ticket) -> Arc<str>) -> Option<Pending> {
        match waiter.purpose {
            Purpose::Task => {
                let line = self.lines.get(waiter.line as usize)?.as_ref()?;
                let Phase::Task(attempt) = &line.phase else { return None };
                let request = super::task::request(&self.program, line.state, attempt, token)?;
                let (taken, submitted) = (attempt.started, attempt.submitted);
                Some(Pending::Task { request: Box::new(request), taken, submitted })
            }
            Purpose::MapRun => {
                let line = self.lines.get(waiter.line as usize)?.as_ref()?;
                let Phase::MapRun(run) = &line.phase else { return None };
                Some(Pending::MapRun { ticket: waiter.ticket, arn: run.arn.clone() })
            }
            _ => Some(Pending::Timer { ticket: waiter.ticket, at: waiter.at }),
        }
    }

    /// Runs one turn.
    ///
    /// Fails with [`Stale`], and changes nothing, when the wake fits nothing the execution waits for.
    pub fn turn(&mut self, wake: Wake, turn: &mut Turn<'_>) -> Result<Progress, Stale> {
        let first = self.last_event;
        let (mut weighed, mut weight) = (turn.events.len(), 0);
        let budget = turn.budget.max(1) as u64;
        let program = self.program.clone();
        let mut run = Run { program: &program, turn, execution: self };
        run.wake(wake)?;
        let guard = run.turn.guard;
        if !guard.tripped() {
            guard.stepped();
        }
        loop {
            // Whatever follows a trip is thrown away.
            if guard.tripped() {
                return Ok(Progress::More);
            }
            if run.execution.full && run.execution.outcome.is_none() {
                run.history_full();
            }
            if let Some(outcome) = &run.execution.outcome {
                return Ok(Progress::Ended(outcome.clone()));
            }
            if guard.cuts() && !run.execution.ready.is_empty() {
                return Ok(Progress::More);
            }
            let Some(line) = run.execution.ready.pop_front() else { return Ok(Progress::Waiting) };
            run.step(line);
            if guard.tripped() {
                return Ok(Progress::More);
            }
            guard.stepped();
            weight += run.turn.events[weighed..].iter().map(|event| event.kind.weight()).sum::<usize>();
            weighed = run.turn.events.len();
            let done = run.execution.last_event - first >= budget || weight >= TURN_BYTES;
            if done && run.execution.outcome.is_none() && !run.execution.ready.is_empty() {
                return Ok(Progress::More);
            }
        }
    }
}

/// A turn under way.
pub(super) struct Run<'a, 'turn> {
    pub(super) program: &'a Program,
    pub(super) turn: &'a mut Turn<'turn>,
    pub(super) execution: &'a mut Execution,
}

impl Run<'_, '_> {
    fn wake(&mut self, wake: Wake) -> Result<(), Stale> {
        match wake {
            Wake::Start if self.execution.last_event == 0 => self.begin(),
            Wake::Continue if self.execution.outcome.is_none() && !self.execution.ready.is_empty() => {}
            Wake::Timer(ticket) => self.timer(ticket)?,
            Wake::Task(ticket, answer) => self.answer(ticket, answer)?,
            Wake::MapRun(ticket, answer) => self.map_run_answer(ticket, answer)?,
            Wake::Redrive if self.can_be_redriven() => self.redrive(),
            Wake::Stop(failure) if self.execution.outcome.is_none() && self.execution.last_event > 0 => {
                self.stop(failure);
            }
            _ => return Err(Stale),
        }
        Ok(())
    }

    fn begin(&mut self) {
        let start = self.execution.start.clone();
        self.emit(
            0,
            EventKind::ExecutionStarted {
                input: start.input.clone(),
                role_arn: start.role_arn.clone(),
                alias_arn: start.alias_arn.clone(),
                version_arn: start.version_arn.clone(),
            },
        );
        self.set_deadline();
        let value = match text::parse_value(&start.input) {
            Ok(value) => value,
            // Callers have read the input before; one who has not gets a failed execution.
            Err(error) => {
                let cause = format!("Invalid input: {error}");
                return self.end_failed(0, Failure::new("States.Runtime", cause));
            }
        };
        let data =
            Data { value: self.execution.input.get_or_init(|| value).clone(), text: start.input.clone() };
        let processor = start.processor.map(|state| &self.program.state(state).body);
        let scope = match processor {
            Some(Body::Map(map)) => map.processor,
            _ => 0,
        };
        self.spawn(Line::new(None, self.program.scope(scope).start, data, 0));
    }

    pub(super) fn set_deadline(&mut self) {
        let express = self.execution.start.express.then_some(EXPRESS_SECONDS);
        // Children of a distributed Map run a part of the machine; its time is their parent's.
        let own = if self.execution.start.processor.is_none() { self.program.timeout() } else { None };
        let seconds = match (own, express) {
            (Some(own), Some(express)) => Some(own.min(express)),
            (own, express) => own.or(express),
        };
        if let Some(seconds) = seconds {
            self.timer_after(0, Purpose::Deadline, seconds);
        }
    }

    /// Adds a line, in a free place if there is one, and makes it ready.
    pub(super) fn spawn(&mut self, line: Line) -> LineIndex {
        let execution = &mut *self.execution;
        let index = execution.free.pop().unwrap_or_else(|| {
            execution.lines.push(None);
            u32::try_from(execution.lines.len() - 1).unwrap_or(u32::MAX)
        });
        execution.lines[index as usize] = Some(line);
        execution.ready.push_back(index);
        index
    }

    /// Drops a line that nothing refers to any more.
    pub(super) fn drop_line(&mut self, index: LineIndex) {
        if self.execution.lines.get_mut(index as usize).is_some_and(|line| line.take().is_some()) {
            self.execution.free.push(index);
        }
    }

    pub(super) fn line(&mut self, index: LineIndex) -> &mut Line {
        // Indices come from this execution alone and are dropped with their line.
        match self.execution.lines.get_mut(index as usize) {
            Some(Some(line)) => line,
            _ => unreachable!("a line is used after its end"),
        }
    }

    /// Writes an event that follows another; the last one of a full history is left to [`Run::history_full`].
    pub(super) fn emit(&mut self, previous: u64, kind: EventKind) -> u64 {
        let id = self.execution.last_event + 1;
        if id >= MAX_EVENTS && !self.execution.start.express && !kind.ends() {
            self.execution.full = true;
            return self.execution.last_event;
        }
        self.execution.last_event = id;
        self.turn.events.push(Event { id, previous, at: self.turn.now, kind });
        id
    }

    /// Writes the next event of a line.
    pub(super) fn follow(&mut self, index: LineIndex, kind: EventKind) -> u64 {
        let previous = self.line(index).previous;
        let id = self.emit(previous, kind);
        self.line(index).previous = id;
        id
    }

    fn ticket(&mut self) -> Ticket {
        self.execution.last_ticket += 1;
        Ticket(self.execution.last_ticket)
    }

    /// Hands out a ticket that no timer belongs to.
    pub(super) fn wait_for(&mut self, line: LineIndex, purpose: Purpose) -> Ticket {
        let ticket = self.ticket();
        self.execution.waiters.push(Waiter { ticket, line, purpose, at: 0 });
        ticket
    }

    pub(super) fn timer_after(
        &mut self,
        line: LineIndex,
        purpose: Purpose,
        seconds: i64,
    ) -> (Ticket, Millis) {
        let at = self.turn.now.saturating_add(seconds.saturating_mul(1000));
        (self.timer_at(line, purpose, at), at)
    }

    pub(super) fn timer_at(&mut self, line: LineIndex, purpose: Purpose, at: Millis) -> Ticket {
        let ticket = self.ticket();
        self.execution.waiters.push(Waiter { ticket, line, purpose, at });
        self.turn.effects.push(Effect::Timer { ticket, at });
        ticket
    }

    /// Takes a ticket back without telling anybody: it has done its service.
    pub(super) fn redeem(&mut self, ticket: Ticket) -> Option<Waiter> {
        let waiters = &mut self.execution.waiters;
        let at = waiters.binary_search_by_key(&ticket, |waiter| waiter.ticket).ok()?;
        Some(waiters.remove(at))
    }

    /// Takes a ticket back before its time.
    pub(super) fn cancel(&mut self, ticket: Ticket) {
        if self.redeem(ticket).is_some() {
            self.turn.effects.push(Effect::Cancel(ticket));
        }
    }

    fn timer(&mut self, ticket: Ticket) -> Result<(), Stale> {
        let waiters = &self.execution.waiters;
        let at = waiters.binary_search_by_key(&ticket, |waiter| waiter.ticket).map_err(|_| Stale)?;
        let waiter = waiters[at];
        if !waiter.purpose.is_timer() || self.execution.outcome.is_some() {
            return Err(Stale);
        }
        self.redeem(ticket);
        match waiter.purpose {
            Purpose::Deadline => self.time_out(),
            Purpose::Timeout => self.task_timed_out(waiter.line, false),
            Purpose::Heartbeat => self.task_timed_out(waiter.line, true),
            Purpose::Delay | Purpose::Task | Purpose::MapRun => {
                if matches!(self.line(waiter.line).phase, Phase::Sleep(_)) {
                    self.awake(waiter.line);
                } else {
                    self.line(waiter.line).phase = Phase::Attempt;
                    self.execution.ready.push_back(waiter.line);
                }
            }
        }
        Ok(())
    }

    /// Map Runs that are under way end with their execution, and have an event that says so.
    fn abort_map_runs(&mut self) {
        for index in 0..self.execution.lines.len() {
            let Some(Some(line)) = self.execution.lines.get(index) else { continue };
            if matches!(line.phase, Phase::MapRun(_)) && !line.halted {
                let id = self.emit(line.previous, EventKind::MapRunAborted);
                if let Some(Some(line)) = self.execution.lines.get_mut(index) {
                    line.previous = id;
                }
            }
        }
    }

    fn stop(&mut self, failure: Failure) {
        self.abort_map_runs();
        self.emit(0, EventKind::ExecutionAborted(failure.clone()));
        self.end(Outcome::Aborted(failure));
    }

    fn time_out(&mut self) {
        self.abort_map_runs();
        let failure = Failure::default();
        self.emit(0, EventKind::ExecutionTimedOut(failure.clone()));
        self.end(Outcome::TimedOut(failure));
    }

    /// The history has no room left: its last event says so (Step Functions quotas, "Maximum execution history size").
    fn history_full(&mut self) {
        let cause = format!("The execution reached the maximum number of history events ({MAX_EVENTS}).");
        let previous = self.execution.last_event;
        self.end_failed(previous, Failure::new("States.Runtime", cause));
    }

    pub(super) fn end_failed(&mut self, previous: u64, failure: Failure) {
        let cause = failure.cause.filter(|cause| !cause.is_empty());
        let failure = Failure { cause, ..failure };
        self.emit(previous, EventKind::ExecutionFailed(failure.clone()));
        self.end(Outcome::Failed(failure));
    }

    /// Ends the execution: nothing is wanted any more.
    pub(super) fn end(&mut self, outcome: Outcome) {
        for waiter in std::mem::take(&mut self.execution.waiters) {
            self.turn.effects.push(Effect::Cancel(waiter.ticket));
        }
        self.execution.ready.clear();
        self.execution.outcome = Some(outcome);
    }
}
