//! Start, describe, history, list, stop, answers.

use crate::world::{MACHINE, World, arn, end, eventually, names, new, open};
use execution_engine::{AnswerRefusal, ChangeRefusal, Kind, ListFilter, ListOf, StartRefusal, Status};
use state_machine::history::Failure;
use state_machine::interpret::TaskAnswer;
use std::sync::Arc;

pub(crate) const TWO: &str =
    r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Succeed"}}}"#;
pub(crate) const SLEEP: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":3600,"End":true}}}"#;
pub(crate) const WORK: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Task","End":true,
    "Resource":"arn:aws:states:us-east-1:123456789012:activity:work"}}}"#;

fn all() -> ListFilter {
    let of = ListOf::Machine(MACHINE.into());
    ListFilter { of, status: None, version_arn: None, alias_arn: None, redriven: None }
}

#[tokio::test]
async fn a_task_of_an_activity_that_is_not_there_ends_its_execution() {
    let world = Arc::new(World::default());
    let engine = open(None, &world);
    let gone = WORK.replace(":work\"", ":gone\"");
    assert_ne!(gone, WORK);
    engine.start(new(&gone, Kind::Standard, "gone", "{}")).await.unwrap();
    let ended = end(&engine, &arn("gone")).await;
    assert_eq!((ended.status, ended.failure.error.as_deref()), (Status::Failed, Some("States.Runtime")));
    let told = names(&engine, &arn("gone")).await;
    assert_eq!(told, ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]);
    assert!(world.dispatched.lock().unwrap().is_empty());
    engine.close();
}

#[tokio::test]
async fn an_execution_runs_and_can_be_seen() {
    for folder in [None, Some(tempfile::tempdir().unwrap())] {
        let world = Arc::new(World::default());
        let engine = open(folder.as_ref().map(|folder| folder.path()), &world);
        let started = engine.start(new(TWO, Kind::Standard, "one", "{\"a\":1}")).await.unwrap();
        let execution = end(&engine, &arn("one")).await;
        assert_eq!((execution.status, execution.output.as_deref()), (Status::Succeeded, Some("{\"a\":1}")));
        assert_eq!(execution.start.at, started);
        let expected = [
            "ExecutionStarted",
            "PassStateEntered",
            "PassStateExited",
            "SucceedStateEntered",
            "SucceedStateExited",
            "ExecutionSucceeded",
        ];
        assert_eq!(names(&engine, &arn("one")).await, expected);
        let last = engine.history(&arn("one"), true, None, 2).await.unwrap().unwrap();
        assert_eq!((last.events[0].id, last.events[1].id, last.more), (6, 5, true));
        let rest = engine.history(&arn("one"), true, Some(5), 10).await.unwrap().unwrap();
        assert_eq!((rest.events[0].id, rest.events.len(), rest.more), (4, 4, false));
        assert_eq!(engine.describe(&arn("other")).await.unwrap().map(|e| e.status), None);
        assert!(engine.history(&arn("other"), false, None, 5).await.unwrap().is_none());
        eventually(|| async { (world.ended.lock().unwrap().len() == 1).then_some(()) }).await;
        assert_eq!(engine.definition(&execution.revision).unwrap().as_deref(), Some(TWO));
    }
}

#[tokio::test]
async fn names_are_used_once() {
    let engine = open(None, &Arc::new(World::default()));
    let at = engine.start(new(SLEEP, Kind::Standard, "one", "{}")).await.unwrap();
    assert_eq!(engine.start(new(SLEEP, Kind::Standard, "one", "{}")).await, Err(StartRefusal::Same(at)));
    assert_eq!(engine.start(new(SLEEP, Kind::Standard, "one", "[]")).await, Err(StartRefusal::Exists));
    engine.stop(&arn("one"), Failure::new("E", "C")).await.unwrap();
    assert_eq!(engine.start(new(SLEEP, Kind::Standard, "one", "{}")).await, Err(StartRefusal::Exists));
    let execution = end(&engine, &arn("one")).await;
    assert_eq!((execution.status, execution.failure), (Status::Aborted, Failure::new("E", "C")));
    let refused = engine.stop(&arn("one"), Failure::default()).await;
    assert_eq!(refused, Err(ChangeRefusal::Status(Status::Aborted)));
    assert_eq!(engine.stop(&arn("no"), Failure::default()).await, Err(ChangeRefusal::NotFound));
}

#[tokio::test]
async fn tasks_are_dispatched_once_and_answered_once() {
    let world = Arc::new(World::default());
    let engine = open(None, &world);
    engine.start(new(WORK, Kind::Standard, "one", "{}")).await.unwrap();
    let task = world.task(&arn("one")).await;
    assert!(!task.again && !task.taken && task.execution.name == "one".into());
    let token = task.task.token;
    engine.answer(&token, TaskAnswer::Started(Some("me".into()))).await.unwrap();
    engine.answer(&token, TaskAnswer::Succeeded("5".into())).await.unwrap();
    let late = engine.answer(&token, TaskAnswer::Succeeded("6".into())).await;
    assert_eq!(late, Err(AnswerRefusal::Over));
    assert_eq!(engine.answer("AAAA", TaskAnswer::Heartbeat).await, Err(AnswerRefusal::InvalidToken));
    assert_eq!(end(&engine, &arn("one")).await.output.as_deref(), Some("5"));
    assert!(names(&engine, &arn("one")).await.contains(&"ActivityStarted"));
    assert!(world.dispatched.lock().unwrap().is_empty());
}

#[tokio::test]
async fn lists_hold_open_and_closed_ones_newest_first() {
    let engine = open(None, &Arc::new(World::default()));
    for number in 0..25 {
        let definition = if number % 5 == 0 { SLEEP } else { TWO };
        engine.start(new(definition, Kind::Standard, &format!("n{number:02}"), "{}")).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = engine.list(all(), after, 4).await.unwrap();
        seen.extend(page.executions);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 25);
    let order = |a: &execution_engine::Execution, b: &execution_engine::Execution| {
        (b.start.at, &a.start.arn) <= (a.start.at, &b.start.arn)
    };
    assert!(seen.is_sorted_by(order));
    let running = ListFilter { status: Some(Status::Running), ..all() };
    assert_eq!(engine.list(running, None, 100).await.unwrap().executions.len(), 5);
    let of = ListOf::Machine("arn:other".into());
    assert!(engine.list(ListFilter { of, ..all() }, None, 9).await.unwrap().executions.is_empty());
}

#[tokio::test]
async fn express_executions_answer_and_leave_nothing() {
    let world = Arc::new(World::default());
    let engine = open(None, &world);
    let execution = engine.start_sync(new(TWO, Kind::Express, "one", "7")).await.unwrap();
    assert_eq!((execution.status, execution.output.as_deref()), (Status::Succeeded, Some("7")));
    engine.start(new(TWO, Kind::Express, "two", "7")).await.unwrap();
    eventually(|| async { (world.ended.lock().unwrap().len() == 2).then_some(()) }).await;
    assert!(engine.describe(&arn("one")).await.unwrap().is_none());
    assert!(engine.list(all(), None, 9).await.unwrap().executions.is_empty());
    let told: usize = world.told.lock().unwrap().iter().map(|(_, events)| events.len()).sum();
    assert_eq!(told, 12, "every event of both");
}

#[tokio::test]
async fn a_definition_that_does_not_compile_starts_nothing() {
    let engine = open(None, &Arc::new(World::default()));
    let refused = engine.start(new("{}", Kind::Standard, "one", "{}")).await;
    assert!(matches!(refused, Err(StartRefusal::Definition(_))), "{refused:?}");
    assert!(engine.describe(&arn("one")).await.unwrap().is_none());
}
