//! Every type of event of the service model is made by some execution.

use super::*;
use crate::history::Failure;
use serde_json::Value as Json;
use std::collections::BTreeSet;

const MODEL: &str = include_str!("../../../../../models/stepfunctions.json");
const ACTIVITY: &str = "arn:aws:states:eu-west-1:123456789012:activity:a";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f";
const SERVICE: &str = "arn:aws:states:::sqs:sendMessage";
const JOB: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";

/// An execution that had its first turn.
fn begun(definition: &str, input: &str) -> Bench {
    let mut bench = Bench::new(definition, input);
    bench.wake(Wake::Start).unwrap();
    bench
}

/// One of one task.
fn task(resource: &str) -> Bench {
    let state = format!(r#"{{"Type": "Task", "Resource": "{resource}", "TimeoutSeconds": 9, "End": true}}"#);
    begun(&single(&state), "{}")
}

/// Answers the task that was asked for last.
fn answer(bench: &mut Bench, answer: TaskAnswer) -> Progress {
    bench.wake(Wake::Task(bench.task(), answer)).unwrap()
}

/// Answers the Map Run that was asked for last.
fn answer_run(bench: &mut Bench, answer: MapRunAnswer) -> Progress {
    let asked = bench.effects.iter().rev().find_map(|effect| match effect {
        Effect::MapRun(request) => Some(request.ticket),
        _ => None,
    });
    bench.wake(Wake::MapRun(asked.unwrap(), answer)).unwrap()
}

fn single(state: &str) -> String {
    format!(r#"{{"StartAt": "S", "States": {{"S": {state}}}}}"#)
}

fn failure() -> Failure {
    Failure::new("Mine", "enough")
}

fn failed(progress: &Progress) -> bool {
    matches!(progress, Progress::Ended(Outcome::Failed(_)))
}

fn succeeded(progress: &Progress) -> bool {
    matches!(progress, Progress::Ended(Outcome::Succeeded(_)))
}

/// Choice, Pass, Wait, Succeed, Fail; an expression that cannot be worked out; and the end of the execution's time.
fn plain_states() -> Vec<Bench> {
    let path = r#"{"StartAt": "C", "TimeoutSeconds": 60, "States": {
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.fail", "BooleanEquals": true, "Next": "F"}], "Default": "P"},
        "F": {"Type": "Fail", "Error": "E"},
        "P": {"Type": "Pass", "Next": "W"},
        "W": {"Type": "Wait", "Seconds": 30, "Next": "S"},
        "S": {"Type": "Succeed"}}}"#;
    let mut well = begun(path, r#"{"fail": false}"#);
    assert!(succeeded(&well.fire().unwrap()));
    let badly = begun(path, r#"{"fail": true}"#);
    let mut slow = begun(&path.replace("30", "90"), r#"{"fail": false}"#);
    assert!(matches!(slow.fire().unwrap(), Progress::Ended(Outcome::TimedOut(_))));
    let expression =
        r#"{"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.no %}", "End": true}"#;
    vec![well, badly, slow, begun(&single(expression), "{}")]
}

/// Each kind of resource with each answer it can have, and with none.
fn tasks() -> Vec<Bench> {
    let ends = [
        TaskAnswer::ScheduleFailed(failure()),
        TaskAnswer::StartFailed(failure()),
        TaskAnswer::SubmitFailed(failure()),
        TaskAnswer::Failed(failure()),
    ];
    let mut stories = Vec::new();
    for resource in [ACTIVITY, FUNCTION, SERVICE, JOB] {
        for end in &ends {
            let mut story = task(resource);
            assert!(failed(&answer(&mut story, end.clone())), "{resource} {end:?}");
            stories.push(story);
        }
        let mut late = task(resource);
        assert!(failed(&late.fire().unwrap()), "{resource}");
        let mut done = task(resource);
        answer(&mut done, TaskAnswer::Started(None));
        if resource == JOB {
            answer(&mut done, TaskAnswer::Submitted("{}".into()));
        }
        assert!(succeeded(&answer(&mut done, TaskAnswer::Succeeded("1".into()))), "{resource}");
        stories.extend([late, done]);
    }
    stories
}

/// Branches that do well, and a failing one beside each kind of state that can be interrupted.
fn branches() -> Vec<Bench> {
    let wait = r#"{"Type": "Wait", "Seconds": 60, "End": true}"#;
    let task = format!(r#"{{"Type": "Task", "Resource": "{ACTIVITY}", "End": true}}"#);
    let parallel = |branches: &[String]| {
        single(&format!(r#"{{"Type": "Parallel", "End": true, "Branches": [{}]}}"#, branches.join(",")))
    };
    let well = begun(&parallel(&[single(r#"{"Type": "Pass", "End": true}"#)]), "{}");
    let waits = single(wait);
    let inner = parallel(std::slice::from_ref(&waits));
    let map = single(&format!(r#"{{"Type": "Map", "End": true, "ItemProcessor": {waits}}}"#));
    let mut badly = begun(&parallel(&[waits, inner, map, single(&task)]), "[1]");
    assert!(failed(&answer(&mut badly, TaskAnswer::Failed(failure()))));
    vec![well, badly]
}

/// Maps in the execution itself, and Map Runs: each end of them.
fn maps() -> Vec<Bench> {
    let inline = |state: &str| {
        single(&format!(r#"{{"Type": "Map", "End": true, "ItemProcessor": {}}}"#, single(state)))
    };
    let well = begun(&inline(r#"{"Type": "Pass", "End": true}"#), "[1]");
    let badly = begun(&inline(r#"{"Type": "Fail"}"#), "[1]");
    let distributed = single(
        r#"{"Type": "Map", "End": true, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}}"#,
    );
    let mut runs = vec![well, badly];
    let answers = [MapRunAnswer::Failed(failure()), MapRunAnswer::Aborted];
    for answer in answers {
        let mut run = begun(&distributed, "[1]");
        assert!(failed(&answer_run(&mut run, answer)));
        runs.push(run);
    }
    // Stopped with its execution, gone on with it.
    let mut redriven = begun(&distributed, "[1]");
    let stopped = redriven.wake(Wake::Stop(failure())).unwrap();
    assert!(matches!(stopped, Progress::Ended(Outcome::Aborted(_))));
    assert_eq!(redriven.wake(Wake::Redrive).unwrap(), Progress::Waiting);
    let answer = MapRunAnswer::Succeeded("[1]".into());
    assert!(succeeded(&answer_run(&mut redriven, answer)));
    runs.push(redriven);
    runs
}

#[test]
fn every_type_of_event_is_made_by_some_execution() {
    let model: Json = serde_json::from_str(MODEL).unwrap();
    let types = model["shapes"]["HistoryEventType"]["enum"].as_array().unwrap();
    let expected: BTreeSet<&str> = types.iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(expected.len(), 62);
    let mut made = BTreeSet::new();
    for story in [plain_states(), tasks(), branches(), maps()].into_iter().flatten() {
        // Whatever was answered: ids without gaps, and each event comes from an earlier one.
        for (event, id) in story.events.iter().zip(1..) {
            assert_eq!(event.id, id);
            assert!(event.previous < id, "{event:?}");
            made.insert(event.kind.name());
        }
        assert!(story.events.last().unwrap().kind.ends(), "{:?}", story.events);
    }
    assert_eq!(made, expected, "made by executions, and told by the model");
}
