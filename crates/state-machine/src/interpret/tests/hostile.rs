//! What nobody means well.

use super::*;
use proptest::prelude::*;

/// Machines nested as deep as the reader takes them are compiled and run.
#[test]
fn depth_costs_no_stack() {
    let mut definition = r#"{"StartAt": "L", "States": {"L": {"Type": "Pass", "End": true}}}"#.to_owned();
    // Four levels of JSON each.
    for depth in 0..120 {
        definition = format!(
            r#"{{"StartAt": "S{depth}", "States": {{"S{depth}": {{"Type": "Parallel", "End": true, "Branches": [{definition}]}}}}}}"#
        );
    }
    let mut bench = Bench::new(&definition, "1");
    let mut progress = bench.wake(Wake::Start);
    while progress == Ok(Progress::More) {
        progress = bench.wake(Wake::Continue);
    }
    let output = format!("{}1{}", "[".repeat(120), "]".repeat(120));
    assert_eq!(progress, Ok(Progress::Ended(Outcome::Succeeded(output.into()))));
}

/// Turns end by their budget, so that a loop of states holds up nobody.
#[test]
fn budgets_are_kept() {
    let mut bench = Bench::new(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}}"#,
        "{}",
    );
    assert_eq!(bench.wake(Wake::Start), Ok(Progress::More));
    assert!(bench.events.len() < 1_010, "{} events in a turn of 1,000", bench.events.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes that are no snapshot are refused or give an execution that can be run; nothing panics.
    #[test]
    fn broken_snapshots_do_no_harm(at in 0_usize..200, byte in any::<u8>(), cut in 0_usize..200) {
        let mut bench = Bench::new(
            r#"{"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
                {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": true}}},
                {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage",
                    "TimeoutSeconds": 5, "Assign": {"x": 1}, "End": true}}}]}}}"#,
            r#"{"a": [1, 2, 3]}"#,
        );
        bench.wake(Wake::Start).unwrap();
        let mut bytes = Vec::new();
        bench.execution.snapshot(&mut bytes);
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        bytes.truncate(bytes.len().saturating_sub(cut / 20));
        let (program, start) = (bench.execution.program().clone(), bench.execution.start().clone());
        if let Ok(execution) = Execution::restore(program, start, &bytes) {
            bench.execution = execution;
            for ticket in 1..5 {
                let _ = bench.wake(Wake::Timer(Ticket(ticket)));
                let _ = bench.wake(Wake::Task(Ticket(ticket), TaskAnswer::Succeeded("1".into())));
            }
            let _ = bench.wake(Wake::Continue);
        }
    }
}
