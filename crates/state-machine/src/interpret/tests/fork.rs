//! Parallel states and Maps.

use super::*;
use crate::history::Failure;

const BRANCHES: &str = r#"{"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
    {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": true}}},
    {"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "I", "States": {
        "I": {"Type": "Task", "Resource": "arn:aws:states:eu-west-1:123456789012:activity:i", "End": true}}}}}},
    {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:eu-west-1:123456789012:activity:a",
        "End": true}}}]}}}"#;

fn tasks(bench: &Bench) -> Vec<(Ticket, String)> {
    let works = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Task(request) => match &request.work {
            Work::Activity(arn) => Some((request.ticket, arn.to_string())),
            _ => None,
        },
        _ => None,
    });
    works.collect()
}

#[test]
fn a_failing_branch_stops_the_others() {
    let mut bench = Bench::new(BRANCHES, "[1, 2]");
    assert_eq!(bench.wake(Wake::Start), Ok(Progress::Waiting));
    bench.reload();
    let (ticket, _) = tasks(&bench).into_iter().find(|(_, arn)| arn.ends_with(":a")).unwrap();
    let progress = bench.wake(Wake::Task(ticket, TaskAnswer::Failed(Failure::new("E", "c"))));
    assert_eq!(progress, Ok(Progress::Ended(Outcome::Failed(Failure::new("E", "c")))));
    let names: Vec<_> = bench.names().into_iter().map(|(_, name)| name).collect();
    let tail = names.iter().position(|name| *name == "ActivityFailed").unwrap();
    assert_eq!(
        names[tail..],
        [
            "ActivityFailed",
            "TaskStateAborted",
            "TaskStateAborted",
            "MapIterationAborted",
            "TaskStateAborted",
            "MapIterationAborted",
            "WaitStateAborted",
            "MapStateAborted",
            "ParallelStateFailed",
            "ExecutionFailed"
        ]
    );
    // Timer and tasks of the others are taken back.
    let cancelled = bench.effects.iter().filter(|effect| matches!(effect, Effect::Cancel(_))).count();
    assert_eq!(cancelled, 3);
    assert!(bench.execution.pending(&|_| Arc::default()).is_empty());
}

#[test]
fn outputs_stand_in_the_order_of_branches() {
    let mut bench = Bench::new(
        r#"{"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 2, "End": true}}},
            {"StartAt": "B", "States": {"B": {"Type": "Pass", "Result": "b", "End": true}}}]}}}"#,
        "\"a\"",
    );
    bench.wake(Wake::Start).unwrap();
    assert_eq!(bench.fire(), Ok(Progress::Ended(Outcome::Succeeded(r#"["a","b"]"#.into()))));
}

#[test]
fn concurrency_is_kept() {
    let map = |most: u32| {
        format!(
            r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", "MaxConcurrency": {most}, "End": true,
                "ItemProcessor": {{"StartAt": "W", "States": {{"W": {{"Type": "Wait", "Seconds": 1, "End": true}}}}}}}}}}}}"#
        )
    };
    let items: Vec<String> = (0..100).map(|item| item.to_string()).collect();
    let input = format!("[{}]", items.join(","));
    for (most, expected) in [(3, 3), (0, 40), (1_000, 40)] {
        let mut bench = Bench::new(&map(most), &input);
        bench.wake(Wake::Start).unwrap();
        let mut rounds = 0;
        loop {
            let waiting = bench.execution.pending(&|_| Arc::default()).len();
            assert!(waiting <= expected, "{waiting} at once with {most}");
            rounds += 1;
            assert!(rounds <= 100, "it does not end");
            if let Progress::Ended(outcome) = bench.fire().unwrap() {
                assert_eq!(outcome, Outcome::Succeeded(input.as_str().into()));
                break;
            }
        }
    }
}

#[test]
fn inner_scopes_read_outer_variables_and_keep_their_own() {
    let mut bench = Bench::new(
        r#"{"StartAt": "Set", "States": {
            "Set": {"Type": "Pass", "Assign": {"x": 1}, "Next": "P"},
            "P": {"Type": "Parallel", "Next": "Get", "Branches": [
                {"StartAt": "In", "States": {
                    "In": {"Type": "Pass", "Assign": {"y.$": "$x"}, "Next": "Out"},
                    "Out": {"Type": "Pass", "Parameters": {"sum.$": "States.MathAdd($x, $y)"}, "End": true}}}]},
            "Get": {"Type": "Pass", "Parameters": {"x.$": "$x", "y.$": "$y"}, "End": true}}}"#,
        "{}",
    );
    let Ok(Progress::Ended(Outcome::Failed(failure))) = bench.wake(Wake::Start) else {
        panic!("y is seen outside")
    };
    assert_eq!(failure.error.as_deref(), Some("States.Runtime"));
    let inside = bench.events.iter().any(
        |event| matches!(&event.kind, EventKind::StateExited { name, output, .. } if &**name == "Out" && &**output == r#"{"sum":2}"#),
    );
    assert!(inside);
}

#[test]
fn a_distributed_map_asks_for_a_run() {
    let mut bench = Bench::new(
        r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "Label": "L", "MaxConcurrency": 7, "ToleratedFailureCount": 2,
            "ItemSelector": {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "n.$": "$.n"}, "ItemsPath": "$.items",
            "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"b": true}},
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "I",
                "States": {"I": {"Type": "Pass", "End": true}}}, "End": true}}}"#,
        r#"{"items": ["a", "b"], "n": 3}"#,
    );
    assert_eq!(bench.wake(Wake::Start), Ok(Progress::Waiting));
    bench.reload();
    let Some(Effect::MapRun(request)) = bench.effects.pop() else { panic!("no run: {:?}", bench.effects) };
    assert!(request.arn.starts_with("arn:aws:states:eu-west-1:123456789012:mapRun:m/L:"), "{}", request.arn);
    assert_eq!((request.max_concurrency, request.tolerated, request.express), (7, (0.0, 2), true));
    let selection = crate::map_run::Selection::new(bench.execution.program().clone(), &request);
    let input = selection.input(1, &"b".into(), 0, &mut || 0).unwrap();
    assert_eq!(input.to_string(), r#"{"v":"b","i":1,"n":3}"#);
    assert_eq!(selection.batch(vec![1.into()]).to_string(), r#"{"BatchInput":{"b":true},"Items":[1]}"#);
    let done = bench.wake(Wake::MapRun(request.ticket, MapRunAnswer::Succeeded("[1]".into())));
    assert_eq!(done, Ok(Progress::Ended(Outcome::Succeeded("[1]".into()))));
    assert_eq!(bench.wake(Wake::MapRun(request.ticket, MapRunAnswer::Aborted)), Err(Stale));
}
