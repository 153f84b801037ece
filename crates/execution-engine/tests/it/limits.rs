//! Long histories, many executions, folders that do not fit.

use crate::basics::SLEEP;
use crate::world::{World, arn, end, eventually, new, open};
use execution_engine::{ChangeRefusal, Engine, EngineConfig, EngineError, Kind, StartRefusal, Status};
use state_machine::history::{Event, Failure};
use state_machine::interpret::TaskAnswer;
use std::sync::Arc;

const LONG: &str = r#"{"StartAt":"M","States":{"M":{"Type":"Map","Next":"T","ItemProcessor":{
    "StartAt":"P","States":{"P":{"Type":"Pass","Next":"Q"},"Q":{"Type":"Pass","End":true}}}},
    "T":{"Type":"Task","End":true,"Resource":"arn:aws:states:us-east-1:123456789012:activity:work"}}}"#;

async fn pages(engine: &Engine, name: &str, reverse: bool, limit: usize) -> Vec<Event> {
    let (mut events, mut after) = (Vec::new(), None);
    loop {
        let page = engine.history(&arn(name), reverse, after, limit).await.unwrap().unwrap();
        after = page.events.last().map(|event: &Event| event.id);
        events.extend(page.events);
        if !page.more {
            return events;
        }
    }
}

#[tokio::test]
async fn a_long_history_is_the_same_in_pages_of_any_size_and_order() {
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    let items: Vec<String> = (0..700).map(|number| format!("\"{number:050}\"")).collect();
    let input = format!("[{}]", items.join(","));
    engine.start(new(LONG, Kind::Standard, "long", &input)).await.unwrap();
    let task = world.task(&arn("long")).await;
    // Many small turns, so that there are snapshots to go by.
    for _ in 0..300 {
        engine.answer(&task.task.token, TaskAnswer::Heartbeat).await.unwrap();
    }
    let whole = pages(&engine, "long", false, 100_000).await;
    assert!(whole.len() > 4_000 && whole.iter().zip(1..).all(|(event, id)| event.id == id));
    let backwards: Vec<Event> = whole.iter().rev().cloned().collect();
    for limit in [1_000, 333] {
        assert!(pages(&engine, "long", false, limit).await == whole, "{limit} forwards");
        assert!(pages(&engine, "long", true, limit).await == backwards, "{limit} backwards");
    }
    engine.answer(&task.task.token, TaskAnswer::Succeeded("1".into())).await.unwrap();
    end(&engine, &arn("long")).await;
    engine.close();
    let engine = open(Some(folder.path()), &world);
    for limit in [1_000, 333] {
        let now = pages(&engine, "long", false, limit).await;
        assert!(now.starts_with(&whole) && now.len() > whole.len(), "{limit} after its end");
        let last = pages(&engine, "long", true, limit).await;
        assert!(last.iter().rev().eq(now.iter()), "{limit} backwards after its end");
    }
}

const LOOP: &str = r#"{"StartAt":"A","States":{
    "A":{"Type":"Pass","Parameters":{"n.$":"States.MathAdd($.n, 1)","pad.$":"$.pad"},"Next":"B"},
    "B":{"Type":"Choice","Default":"C","Choices":[{"Variable":"$.n","NumericLessThan":60,"Next":"A"}]},
    "C":{"Type":"Succeed"}}}"#;

/// Much data: pages hold fewer events, turns are cut, and the history is whole.
#[tokio::test]
async fn a_history_of_large_data_comes_in_smaller_pages() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(Some(folder.path()), &Arc::new(World::default()));
    let input = format!("{{\"n\":0,\"pad\":\"{}\"}}", "x".repeat(200_000));
    engine.start(new(LOOP, Kind::Standard, "large", &input)).await.unwrap();
    assert_eq!(end(&engine, &arn("large")).await.status, Status::Succeeded);
    for archived in [false, true] {
        if archived {
            eventually(|| async { engine.redrive(&arn("large")).await.err() }).await;
        }
        for reverse in [false, true] {
            let mut events = pages(&engine, "large", reverse, 1_000).await;
            if reverse {
                events.reverse();
            }
            assert_eq!(events.len(), 1 + 60 * 4 + 2 + 1);
            assert!(events.iter().zip(1..).all(|(event, id)| event.id == id));
            let page = engine.history(&arn("large"), reverse, None, 1_000).await.unwrap().unwrap();
            let bytes: usize = page.events.iter().map(|event| event.kind.weight()).sum();
            assert!(page.more && page.events.len() > 4 && bytes <= 8 << 20, "{} {bytes}", page.events.len());
        }
    }
    engine.close();
}

#[tokio::test]
async fn there_is_a_limit_of_open_executions() {
    let mut config = EngineConfig::new(None, [7; 32]);
    (config.shards, config.max_open) = (1, 10);
    let engine = Engine::open(config, Arc::new(World::default())).unwrap();
    for number in 0..10 {
        engine.start(new(SLEEP, Kind::Standard, &format!("n{number}"), "{}")).await.unwrap();
    }
    let refused = engine.start(new(SLEEP, Kind::Standard, "more", "{}")).await;
    assert_eq!(refused, Err(StartRefusal::Limit));
    engine.stop(&arn("n3"), Failure::default()).await.unwrap();
    engine.start(new(SLEEP, Kind::Standard, "more", "{}")).await.unwrap();
}

#[tokio::test]
async fn what_failed_is_redriven_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    engine.start(new(crate::basics::WORK, Kind::Standard, "one", "{}")).await.unwrap();
    assert_eq!(engine.redrive(&arn("one")).await, Err(ChangeRefusal::Status(Status::Running)));
    let token = world.task(&arn("one")).await.task.token;
    engine.answer(&token, TaskAnswer::Failed(Failure::new("E", "C"))).await.unwrap();
    assert_eq!(end(&engine, &arn("one")).await.status, Status::Failed);
    engine.close();

    let engine = open(Some(folder.path()), &world);
    eventually(|| async { engine.redrive(&arn("one")).await.ok() }).await;
    let again = world.task(&arn("one")).await.task.token;
    assert_ne!(token, again, "a token of the life before does not answer");
    assert!(engine.answer(&token, TaskAnswer::Succeeded("1".into())).await.is_err());
    engine.close();

    let engine = open(Some(folder.path()), &world);
    assert_eq!(engine.describe(&arn("one")).await.unwrap().unwrap().redrives.0, 1);
    engine.answer(&again, TaskAnswer::Succeeded("2".into())).await.unwrap();
    let execution = end(&engine, &arn("one")).await;
    assert_eq!((execution.status, execution.redrives.0), (Status::Succeeded, 1));
    let kinds = crate::world::names(&engine, &arn("one")).await;
    assert_eq!(kinds.iter().filter(|name| **name == "ExecutionRedriven").count(), 1, "{kinds:?}");
    eventually(|| async {
        let refused = engine.redrive(&arn("one")).await;
        (refused == Err(ChangeRefusal::Status(Status::Succeeded))).then_some(())
    })
    .await;
    assert_eq!(engine.redrive(&arn("no")).await, Err(ChangeRefusal::NotFound));
}

#[test]
fn a_folder_of_a_newer_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("layout"), "2 what comes then").unwrap();
    let config = EngineConfig::new(Some(folder.path().to_owned()), [7; 32]);
    let refused = Engine::open(config, Arc::new(World::default()));
    assert!(matches!(refused, Err(EngineError::Mismatch(_))));
    assert_eq!(std::fs::read_to_string(folder.path().join("layout")).unwrap(), "2 what comes then");
}
