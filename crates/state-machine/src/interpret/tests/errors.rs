//! Retry, Catch, time-outs, limits.

use super::*;
use crate::history::Failure;

const ACTIVITY: &str = "arn:aws:states:eu-west-1:123456789012:activity:a";

fn task(fields: &str) -> Bench {
    Bench::new(
        &format!(
            r#"{{"StartAt": "T", "States": {{
                "T": {{"Type": "Task", "Resource": "{ACTIVITY}", {fields}, "End": true}},
                "Caught": {{"Type": "Pass", "End": true}}}}}}"#
        ),
        "{}",
    )
}

fn failed(bench: &mut Bench, error: &str) -> Result<Progress, Stale> {
    let ticket = bench.task();
    bench.wake(Wake::Task(ticket, TaskAnswer::Failed(Failure::new(error, "because"))))
}

#[test]
fn each_retrier_counts_for_itself_and_backs_off() {
    let mut bench = task(
        r#""Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 3, "MaxDelaySeconds": 10},
                     {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]"#,
    );
    bench.wake(Wake::Start).unwrap();
    for delay in [2_000, 6_000, 10_000] {
        assert_eq!(failed(&mut bench, "A"), Ok(Progress::Waiting));
        assert_eq!(bench.execution.next_timer(), Some(bench.now + delay));
        bench.reload();
        assert_eq!(bench.fire(), Ok(Progress::Waiting));
    }
    // The other retrier still has its attempt.
    assert_eq!(failed(&mut bench, "B"), Ok(Progress::Waiting));
    bench.fire().unwrap();
    assert!(matches!(failed(&mut bench, "A"), Ok(Progress::Ended(Outcome::Failed(_)))));
}

#[test]
fn names_of_errors_cover_what_the_language_says() {
    let covers = |name: &str, error: &str| super::super::failure::covers(&[name.into()], error);
    assert!(covers("States.ALL", "Anything") && covers("States.ALL", "States.Timeout"));
    assert!(!covers("States.ALL", "States.Runtime"));
    assert!(covers("States.TaskFailed", "Mine") && !covers("States.TaskFailed", "States.Timeout"));
    assert!(covers("States.Timeout", "States.HeartbeatTimeout"));
    assert!(!covers("Mine", "Yours"));
}

#[test]
fn a_late_answer_is_stale_and_changes_nothing() {
    let mut bench = task(
        r#""TimeoutSeconds": 5, "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Caught", "ResultPath": "$.why"}]"#,
    );
    bench.wake(Wake::Start).unwrap();
    let ticket = bench.task();
    bench.wake(Wake::Task(ticket, TaskAnswer::Started(Some("w".into())))).unwrap();
    assert!(matches!(bench.fire(), Ok(Progress::Ended(Outcome::Succeeded(_)))));
    let events = bench.events.len();
    assert_eq!(bench.wake(Wake::Task(ticket, TaskAnswer::Succeeded("1".into()))), Err(Stale));
    assert_eq!(bench.events.len(), events);
    let names: Vec<_> = bench.names().into_iter().map(|(_, name)| name).collect();
    assert!(names.contains(&"ActivityTimedOut"), "{names:?}");
    let Some(EventKind::ExecutionSucceeded { output }) = bench.events.last().map(|event| &event.kind) else {
        panic!("no success: {names:?}");
    };
    assert_eq!(&**output, r#"{"why":{"Error":"States.Timeout","Cause":""}}"#);
}

#[test]
fn a_missing_heartbeat_times_out() {
    let mut bench = task(r#""TimeoutSeconds": 60, "HeartbeatSeconds": 2"#);
    bench.wake(Wake::Start).unwrap();
    bench.now += 30_000;
    bench.wake(Wake::Task(bench.task(), TaskAnswer::Started(None))).unwrap();
    assert_eq!(bench.execution.next_timer(), Some(bench.now + 2_000));
    let Ok(Progress::Ended(Outcome::Failed(failure))) = bench.fire() else { panic!("it goes on") };
    assert_eq!(failure.error.as_deref(), Some("States.HeartbeatTimeout"));
    assert!(bench.effects.contains(&Effect::Cancel(bench.task())));
}

#[test]
fn a_result_beyond_the_limit_is_a_failure() {
    let mut bench = task(r#""Comment": """#);
    bench.wake(Wake::Start).unwrap();
    let ticket = bench.task();
    let long = format!("\"{}\"", "x".repeat(MAX_PAYLOAD));
    let progress = bench.wake(Wake::Task(ticket, TaskAnswer::Succeeded(long.into())));
    let Ok(Progress::Ended(Outcome::Failed(failure))) = progress else { panic!("{progress:?}") };
    assert_eq!(failure.error.as_deref(), Some("States.DataLimitExceeded"));
}

#[test]
fn every_way_to_fail_has_its_event() {
    let lambda = "arn:aws:lambda:eu-west-1:123456789012:function:f";
    let service = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
    type Answer = fn(Failure) -> TaskAnswer;
    let cases: [(&str, Answer, &str); 9] = [
        (ACTIVITY, TaskAnswer::ScheduleFailed, "ActivityScheduleFailed"),
        (ACTIVITY, TaskAnswer::Failed, "ActivityFailed"),
        (lambda, TaskAnswer::ScheduleFailed, "LambdaFunctionScheduleFailed"),
        (lambda, TaskAnswer::StartFailed, "LambdaFunctionStartFailed"),
        (lambda, TaskAnswer::Failed, "LambdaFunctionFailed"),
        (service, TaskAnswer::StartFailed, "TaskStartFailed"),
        (service, TaskAnswer::SubmitFailed, "TaskSubmitFailed"),
        (service, TaskAnswer::Failed, "TaskFailed"),
        (service, |_| TaskAnswer::Submitted("{}".into()), "TaskSubmitted"),
    ];
    for (resource, answer, event) in cases {
        let definition = format!(
            r#"{{"StartAt": "T", "States": {{"T": {{"Type": "Task", "Resource": "{resource}", "End": true}}}}}}"#
        );
        let mut bench = Bench::new(&definition, "{}");
        bench.wake(Wake::Start).unwrap();
        bench.wake(Wake::Task(bench.task(), answer(Failure::new("E", "c")))).unwrap();
        assert!(bench.names().iter().any(|(_, name)| *name == event), "{event}: {:?}", bench.names());
    }
}

#[test]
fn a_task_of_an_activity_that_is_not_there_ends_the_execution() {
    let mut bench = Bench::new(
        r#"{"StartAt": "T", "States": {"T": {"Type": "Task", "End": true,
            "Resource": "arn:aws:states:eu-west-1:123456789012:activity:gone",
            "Retry": [{"ErrorEquals": ["States.ALL"]}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]}, "Caught": {"Type": "Succeed"}}}"#,
        "{}",
    );
    let progress = bench.wake(Wake::Start);
    let Ok(Progress::Ended(Outcome::Failed(failure))) = progress else { panic!("{progress:?}") };
    assert_eq!(failure.error.as_deref(), Some("States.Runtime"));
    let cause = "An error occurred while executing the state 'T' (entered at the event id #2). \
                 The activity arn:aws:states:eu-west-1:123456789012:activity:gone does not exist.";
    assert_eq!(failure.cause.as_deref(), Some(cause));
    assert!(bench.effects.is_empty());
}

#[test]
fn an_execution_has_its_time() {
    let mut bench = Bench::new(
        r#"{"StartAt": "W", "TimeoutSeconds": 5, "States": {"W": {"Type": "Wait", "Seconds": 60, "End": true}}}"#,
        "{}",
    );
    bench.wake(Wake::Start).unwrap();
    assert!(matches!(bench.fire(), Ok(Progress::Ended(Outcome::TimedOut(_)))));
    assert_eq!(bench.now, 6_000);
    assert_eq!(bench.names().last(), Some(&(0, "ExecutionTimedOut")));
}
