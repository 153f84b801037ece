//! Every type of event of the service model is made by some execution.

use serde_json::Value as Json;
use state_machine::history::{Event, Failure};
use state_machine::interpret::{
    Effect, Execution, MapRunAnswer, Outcome, Pending, Progress, Stale, Start, TaskAnswer, Ticket, Turn, Wake,
};
use state_machine::program::Program;
use std::collections::BTreeSet;
use std::sync::Arc;

const MODEL: &str = include_str!("../../../../models/stepfunctions.json");
const ACTIVITY: &str = "arn:aws:states:eu-west-1:123456789012:activity:a";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f";
const SERVICE: &str = "arn:aws:states:::sqs:sendMessage";
const JOB: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";

/// One execution at a virtual clock, and all it told.
struct Story {
    execution: Execution,
    events: Vec<Event>,
    effects: Vec<Effect>,
    now: i64,
}

impl Story {
    /// Starts an execution and runs its first turn.
    fn begin(definition: &str, input: &str) -> Story {
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
        let program = Arc::new(Program::compile(definition).unwrap());
        let execution = Execution::new(program, Arc::new(start));
        let mut story = Story { execution, events: Vec::new(), effects: Vec::new(), now: 1_000 };
        story.wake(Wake::Start).unwrap();
        story
    }

    /// An execution of one task.
    fn task(resource: &str) -> Story {
        let state =
            format!(r#"{{"Type": "Task", "Resource": "{resource}", "TimeoutSeconds": 9, "End": true}}"#);
        Story::begin(&single(&state), "{}")
    }

    fn wake(&mut self, wake: Wake) -> Result<Progress, Stale> {
        let mut turn = Turn {
            now: self.now,
            draw: &mut || 0,
            activity: &mut |_| true,
            token: &|ticket| format!("token-{}", ticket.0).into(),
            events: &mut self.events,
            effects: &mut self.effects,
            budget: 1_000,
            guard: &state_machine::guard::Guard::alone(),
        };
        self.execution.turn(wake, &mut turn)
    }

    /// The ticket of what was asked for last and may be answered.
    fn asked(&self) -> Ticket {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Task(request) => Some(request.ticket),
            Effect::MapRun(request) => Some(request.ticket),
            Effect::Timer { .. } | Effect::Cancel(_) => None,
        });
        asked.unwrap()
    }

    /// Answers the task that was asked for last.
    fn answer(&mut self, answer: TaskAnswer) -> Progress {
        self.wake(Wake::Task(self.asked(), answer)).unwrap()
    }

    /// Lets time pass until the next timer is due.
    fn sleep(&mut self) -> Progress {
        let pending = self.execution.pending(&|_| Arc::default()).into_iter();
        let timers = pending.filter_map(|pending| match pending {
            Pending::Timer { ticket, at } => Some((at, ticket)),
            _ => None,
        });
        let (at, ticket) = timers.min().unwrap();
        self.now = at;
        self.wake(Wake::Timer(ticket)).unwrap()
    }
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
fn plain_states() -> Vec<Story> {
    let path = r#"{"StartAt": "C", "TimeoutSeconds": 60, "States": {
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.fail", "BooleanEquals": true, "Next": "F"}], "Default": "P"},
        "F": {"Type": "Fail", "Error": "E"},
        "P": {"Type": "Pass", "Next": "W"},
        "W": {"Type": "Wait", "Seconds": 30, "Next": "S"},
        "S": {"Type": "Succeed"}}}"#;
    let mut well = Story::begin(path, r#"{"fail": false}"#);
    assert!(succeeded(&well.sleep()));
    let badly = Story::begin(path, r#"{"fail": true}"#);
    let mut slow = Story::begin(&path.replace("30", "90"), r#"{"fail": false}"#);
    assert!(matches!(slow.sleep(), Progress::Ended(Outcome::TimedOut(_))));
    let expression =
        r#"{"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.no %}", "End": true}"#;
    vec![well, badly, slow, Story::begin(&single(expression), "{}")]
}

/// Each kind of resource with each answer it can have, and with none.
fn tasks() -> Vec<Story> {
    let ends = [
        TaskAnswer::ScheduleFailed(failure()),
        TaskAnswer::StartFailed(failure()),
        TaskAnswer::SubmitFailed(failure()),
        TaskAnswer::Failed(failure()),
    ];
    let mut stories = Vec::new();
    for resource in [ACTIVITY, FUNCTION, SERVICE, JOB] {
        for end in &ends {
            let mut story = Story::task(resource);
            assert!(failed(&story.answer(end.clone())), "{resource} {end:?}");
            stories.push(story);
        }
        let mut late = Story::task(resource);
        assert!(failed(&late.sleep()), "{resource}");
        let mut done = Story::task(resource);
        done.answer(TaskAnswer::Started(None));
        if resource == JOB {
            done.answer(TaskAnswer::Submitted("{}".into()));
        }
        assert!(succeeded(&done.answer(TaskAnswer::Succeeded("1".into()))), "{resource}");
        stories.extend([late, done]);
    }
    stories
}

/// Branches that do well, and a failing one beside each kind of state that can be interrupted.
fn branches() -> Vec<Story> {
    let wait = r#"{"Type": "Wait", "Seconds": 60, "End": true}"#;
    let task = format!(r#"{{"Type": "Task", "Resource": "{ACTIVITY}", "End": true}}"#);
    let parallel = |branches: &[String]| {
        single(&format!(r#"{{"Type": "Parallel", "End": true, "Branches": [{}]}}"#, branches.join(",")))
    };
    let well = Story::begin(&parallel(&[single(r#"{"Type": "Pass", "End": true}"#)]), "{}");
    let waits = single(wait);
    let inner = parallel(std::slice::from_ref(&waits));
    let map = single(&format!(r#"{{"Type": "Map", "End": true, "ItemProcessor": {waits}}}"#));
    let mut badly = Story::begin(&parallel(&[waits, inner, map, single(&task)]), "[1]");
    assert!(failed(&badly.answer(TaskAnswer::Failed(failure()))));
    vec![well, badly]
}

/// Maps in the execution itself, and Map Runs: each end of them.
fn maps() -> Vec<Story> {
    let inline = |state: &str| {
        single(&format!(r#"{{"Type": "Map", "End": true, "ItemProcessor": {}}}"#, single(state)))
    };
    let well = Story::begin(&inline(r#"{"Type": "Pass", "End": true}"#), "[1]");
    let badly = Story::begin(&inline(r#"{"Type": "Fail"}"#), "[1]");
    let distributed = single(
        r#"{"Type": "Map", "End": true, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}}"#,
    );
    let mut runs = vec![well, badly];
    let answers = [MapRunAnswer::Failed(failure()), MapRunAnswer::Aborted];
    for answer in answers {
        let mut run = Story::begin(&distributed, "[1]");
        assert!(failed(&run.wake(Wake::MapRun(run.asked(), answer)).unwrap()));
        runs.push(run);
    }
    // Stopped with its execution, gone on with it.
    let mut redriven = Story::begin(&distributed, "[1]");
    let stopped = redriven.wake(Wake::Stop(failure())).unwrap();
    assert!(matches!(stopped, Progress::Ended(Outcome::Aborted(_))));
    assert_eq!(redriven.wake(Wake::Redrive).unwrap(), Progress::Waiting);
    let answer = MapRunAnswer::Succeeded("[1]".into());
    assert!(succeeded(&redriven.wake(Wake::MapRun(redriven.asked(), answer)).unwrap()));
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
