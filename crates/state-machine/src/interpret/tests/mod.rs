mod errors;
mod every_event;
mod fork;
mod hostile;
mod redrive;

use super::*;
use crate::history::EventKind;
use crate::program::Program;

/// Runs turns at a virtual clock.
struct Bench {
    execution: Execution,
    events: Vec<Event>,
    effects: Vec<Effect>,
    now: Millis,
}

impl Bench {
    fn new(definition: &str, input: &str) -> Bench {
        let program = Arc::new(Program::compile(definition).unwrap());
        let start = Start {
            arn: "arn:aws:states:eu-west-1:123456789012:execution:m:e".into(),
            name: "e".into(),
            role_arn: "arn:aws:iam::123456789012:role/r".into(),
            at: 1_000,
            machine_arn: "arn:aws:states:eu-west-1:123456789012:stateMachine:m".into(),
            machine_name: "m".into(),
            alias_arn: None,
            version_arn: None,
            input: input.into(),
            map_run: None,
            processor: None,
            express: false,
        };
        let execution = Execution::new(program, Arc::new(start));
        Bench { execution, events: Vec::new(), effects: Vec::new(), now: 1_000 }
    }

    fn wake(&mut self, wake: Wake) -> Result<Progress, Stale> {
        let mut draw = || 0;
        let mut turn = Turn {
            now: self.now,
            draw: &mut draw,
            activity: &mut |arn| !arn.ends_with(":gone"),
            token: &|ticket| format!("token-{}", ticket.0).into(),
            events: &mut self.events,
            effects: &mut self.effects,
            budget: 1_000,
            guard: &crate::guard::Guard::alone(),
        };
        self.execution.turn(wake, &mut turn)
    }

    /// The ticket of the last task that was asked for.
    fn task(&self) -> Ticket {
        let tasks = self.effects.iter().rev().filter_map(|effect| match effect {
            Effect::Task(request) => Some(request.ticket),
            _ => None,
        });
        tasks.into_iter().next().unwrap()
    }

    /// Fires the earliest timer.
    fn fire(&mut self) -> Result<Progress, Stale> {
        let pending = self.execution.pending(&|_| Arc::default()).into_iter();
        let timers = pending.filter_map(|pending| match pending {
            Pending::Timer { ticket, at } => Some((at, ticket)),
            _ => None,
        });
        let (at, ticket) = timers.min().unwrap();
        self.now = at;
        self.wake(Wake::Timer(ticket))
    }

    /// Writes the execution down and reads it again.
    fn reload(&mut self) {
        let mut bytes = Vec::new();
        self.execution.snapshot(&mut bytes);
        let (program, start) = (self.execution.program().clone(), self.execution.start().clone());
        self.execution = Execution::restore(program, start, &bytes).unwrap();
    }

    fn names(&self) -> Vec<(u64, &'static str)> {
        self.events.iter().map(|event| (event.previous, event.kind.name())).collect()
    }
}

#[test]
fn a_wait_is_slept_and_left() {
    let mut bench = Bench::new(
        r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 5, "Next": "P"}, "P": {"Type": "Pass", "End": true}}}"#,
        r#"{"a": 1}"#,
    );
    assert_eq!(bench.wake(Wake::Start), Ok(Progress::Waiting));
    assert_eq!(bench.effects, [Effect::Timer { ticket: Ticket(1), at: 6_000 }]);
    let mut bytes = Vec::new();
    bench.execution.snapshot(&mut bytes);
    assert!(bytes.len() < 40, "{} bytes", bytes.len());
    let (program, start) = (bench.execution.program().clone(), bench.execution.start().clone());
    for length in 0..bytes.len() {
        assert!(Execution::restore(program.clone(), start.clone(), &bytes[..length]).is_err());
    }
    bench.execution = Execution::restore(program, start, &bytes).unwrap();
    assert_eq!(bench.execution.next_timer(), Some(6_000));
    bench.now = 6_000;
    let output = Outcome::Succeeded(r#"{"a": 1}"#.into());
    assert_eq!(bench.wake(Wake::Timer(Ticket(1))), Ok(Progress::Ended(output)));
    assert_eq!(bench.wake(Wake::Timer(Ticket(1))), Err(Stale));
    assert_eq!(
        bench.names(),
        [
            (0, "ExecutionStarted"),
            (0, "WaitStateEntered"),
            (2, "WaitStateExited"),
            (3, "PassStateEntered"),
            (4, "PassStateExited"),
            (5, "ExecutionSucceeded"),
        ]
    );
}

#[test]
fn a_full_history_fails_the_execution() {
    let mut bench = Bench::new(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}}"#,
        "{}",
    );
    let mut progress = bench.wake(Wake::Start);
    while progress == Ok(Progress::More) {
        progress = bench.wake(Wake::Continue);
    }
    assert!(matches!(progress, Ok(Progress::Ended(Outcome::Failed(_)))));
    assert_eq!(bench.events.len(), 25_000);
    assert_eq!(bench.events.last().unwrap().kind.name(), "ExecutionFailed");
}

#[test]
fn a_task_is_answered_once() {
    let mut bench = Bench::new(
        r#"{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:eu-west-1:123456789012:activity:a",
            "TimeoutSeconds": 60, "HeartbeatSeconds": 10, "End": true}}}"#,
        "{}",
    );
    assert_eq!(bench.wake(Wake::Start), Ok(Progress::Waiting));
    let pending = bench.execution.pending(&|ticket| format!("token-{}", ticket.0).into());
    // The heart beats only when a worker has it.
    assert_eq!(pending.len(), 2);
    let Some(Effect::Task(request)) = bench.effects.iter().find(|effect| matches!(effect, Effect::Task(_)))
    else {
        panic!("nothing was scheduled: {:?}", bench.effects);
    };
    assert!(pending.contains(&Pending::Task { request: request.clone(), taken: false, submitted: false }));
    let ticket = request.ticket;
    assert_eq!(bench.wake(Wake::Task(ticket, TaskAnswer::Started(None))), Ok(Progress::Waiting));
    bench.now += 9_000;
    assert_eq!(bench.wake(Wake::Task(ticket, TaskAnswer::Heartbeat)), Ok(Progress::Waiting));
    assert_eq!(bench.execution.next_timer(), Some(20_000));
    let answer = TaskAnswer::Succeeded("3".into());
    assert!(matches!(bench.wake(Wake::Task(ticket, answer.clone())), Ok(Progress::Ended(_))));
    assert_eq!(bench.wake(Wake::Task(ticket, answer)), Err(Stale));
    assert!(matches!(bench.events.last().unwrap().kind, EventKind::ExecutionSucceeded { .. }));
}
