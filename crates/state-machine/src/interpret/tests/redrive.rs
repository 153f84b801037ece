//! Stopping and redriving.

use super::*;
use crate::history::Failure;

fn names_behind(bench: &Bench, from: usize) -> Vec<&'static str> {
    bench.events[from..].iter().map(|event| event.kind.name()).collect()
}

const A_MAP_RUN: &str = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "I",
    "States": {"I": {"Type": "Pass", "End": true}}}}}}"#;

#[test]
fn a_stopped_execution_answers_nothing_more() {
    let mut bench =
        Bench::new(r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": true}}}"#, "{}");
    bench.wake(Wake::Start).unwrap();
    let stopped = bench.wake(Wake::Stop(Failure::new("Mine", "enough")));
    assert_eq!(stopped, Ok(Progress::Ended(Outcome::Aborted(Failure::new("Mine", "enough")))));
    for wake in [Wake::Timer(Ticket(1)), Wake::Continue, Wake::Start, Wake::Stop(Failure::default())] {
        assert_eq!(bench.wake(wake), Err(Stale));
    }
}

#[test]
fn a_redriven_execution_goes_on_where_it_failed() {
    let mut bench = Bench::new(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "T"},
            "T": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true}}}"#,
        "{}",
    );
    bench.wake(Wake::Start).unwrap();
    assert_eq!(bench.wake(Wake::Redrive), Err(Stale));
    let first = bench.task();
    bench.wake(Wake::Task(first, TaskAnswer::Failed(Failure::new("E", "c")))).unwrap();
    let before = bench.events.len();
    bench.reload();
    assert_eq!(bench.wake(Wake::Redrive), Ok(Progress::Waiting));
    assert_eq!(names_behind(&bench, before), ["ExecutionRedriven", "TaskScheduled"]);
    assert_eq!(bench.execution.redrives(), 1);
    let second = bench.task();
    assert_ne!(first, second);
    assert_eq!(bench.wake(Wake::Task(first, TaskAnswer::Heartbeat)), Err(Stale));
    let done = bench.wake(Wake::Task(second, TaskAnswer::Succeeded("1".into())));
    assert_eq!(done, Ok(Progress::Ended(Outcome::Succeeded("1".into()))));
    assert_eq!(bench.wake(Wake::Redrive), Err(Stale));
}

#[test]
fn only_what_failed_of_a_map_runs_again() {
    let mut bench = Bench::new(
        r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "MaxConcurrency": 1, "End": true, "ItemProcessor": {"StartAt": "T",
            "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true}}}}}}"#,
        "[1, 2, 3]",
    );
    bench.wake(Wake::Start).unwrap();
    let answer = |bench: &mut Bench, answer| bench.wake(Wake::Task(bench.task(), answer));
    answer(&mut bench, TaskAnswer::Succeeded("10".into())).unwrap();
    answer(&mut bench, TaskAnswer::Failed(Failure::new("E", "c"))).unwrap();
    let before = bench.events.len();
    bench.reload();
    bench.wake(Wake::Redrive).unwrap();
    answer(&mut bench, TaskAnswer::Succeeded("20".into())).unwrap();
    let done = answer(&mut bench, TaskAnswer::Succeeded("30".into()));
    assert_eq!(done, Ok(Progress::Ended(Outcome::Succeeded("[10,20,30]".into()))));
    let started = names_behind(&bench, before).iter().filter(|name| **name == "MapIterationStarted").count();
    assert_eq!(started, 1, "only the third iteration begins after the redrive");
}

#[test]
fn a_map_run_ends_with_its_execution_and_is_redriven_with_it() {
    let mut bench = Bench::new(A_MAP_RUN, "[1]");
    bench.wake(Wake::Start).unwrap();
    let Some(Effect::MapRun(first)) = bench.effects.pop() else { panic!("no run") };
    let before = bench.events.len();
    bench.wake(Wake::Stop(Failure::default())).unwrap();
    assert_eq!(names_behind(&bench, before), ["MapRunAborted", "ExecutionAborted"]);
    assert_eq!(bench.effects, [Effect::Cancel(first.ticket)]);
    bench.reload();
    bench.wake(Wake::Redrive).unwrap();
    let Some(Effect::MapRun(second)) = bench.effects.pop() else { panic!("no run") };
    assert_eq!((&second.arn, second.redrives, &second.items), (&first.arn, 1, &first.items));
    let done = bench.wake(Wake::MapRun(second.ticket, MapRunAnswer::Succeeded("[1]".into())));
    assert_eq!(done, Ok(Progress::Ended(Outcome::Succeeded("[1]".into()))));
    assert!(names_behind(&bench, before).contains(&"MapRunRedriven"));
}

#[test]
fn a_map_run_is_redriven_a_thousand_times_at_most() {
    let mut bench = Bench::new(A_MAP_RUN, "[1]");
    bench.wake(Wake::Start).unwrap();
    for redrives in 0..=1_000 {
        let Some(Effect::MapRun(run)) = bench.effects.pop() else { panic!("no run") };
        assert_eq!(run.redrives, redrives);
        let failed = MapRunAnswer::Failed(Failure::new("E", "c"));
        bench.wake(Wake::MapRun(run.ticket, failed)).unwrap();
        bench.effects.clear();
        let before = bench.events.len();
        let progress = bench.wake(Wake::Redrive);
        if redrives == 1_000 {
            let Ok(Progress::Ended(Outcome::Failed(failure))) = progress else { panic!("{progress:?}") };
            assert_eq!(failure.error.as_deref(), Some("States.Runtime"));
            assert_eq!(
                names_behind(&bench, before),
                ["ExecutionRedriven", "MapStateFailed", "ExecutionFailed"]
            );
        }
    }
    assert_eq!(bench.effects, []);
}
