//! What is forgotten: executions of machines that are deleted, those that are old, and those beyond what memory holds.

use crate::basics::{SLEEP, TWO};
use crate::world::{MACHINE, World, arn, end, eventually, names, new, open};
use execution_engine::{Engine, EngineConfig, Kind, ListFilter, ListOf, StartRefusal, Status};
use state_machine::history::Failure;
use std::sync::Arc;
use std::time::Duration;

const MAP: &str = r#"{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"Label":"l","ItemProcessor":{
    "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
    "StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}"#;

async fn forget(engine: &Engine) {
    eventually(|| async { engine.forget_machine(MACHINE).await.unwrap().then_some(()) }).await;
}

fn all() -> ListFilter {
    let of = ListOf::Machine(MACHINE.into());
    ListFilter { of, status: None, version_arn: None, alias_arn: None, redriven: None }
}

#[tokio::test]
async fn names_of_a_deleted_machine_are_free_also_after_a_restart() {
    for folder in [None, Some(tempfile::tempdir().unwrap())] {
        let path = folder.as_ref().map(|folder| folder.path());
        let engine = open(path, &Arc::new(World::default()));
        engine.start(new(SLEEP, Kind::Standard, "sleep", "{}")).await.unwrap();
        engine.start(new(MAP, Kind::Standard, "map", "[1,2]")).await.unwrap();
        for number in 0..1_100 {
            engine.start(new(TWO, Kind::Standard, &format!("n{number}"), "{}")).await.unwrap();
        }
        assert!(!engine.forget_machine(MACHINE).await.unwrap(), "one of them is open");
        assert!(engine.describe(&arn("map")).await.unwrap().is_some());
        end(&engine, &arn("map")).await;
        let run = engine.map_runs(&arn("map")).await.unwrap().remove(0).arn;
        let children = ListFilter { of: ListOf::MapRun(run.clone()), ..all() };
        assert_eq!(engine.list(children.clone(), None, 9).await.unwrap().executions.len(), 2);
        engine.stop(&arn("sleep"), Failure::default()).await.unwrap();
        forget(&engine).await;

        assert!(engine.list(all(), None, 9).await.unwrap().executions.is_empty());
        assert!(engine.describe(&arn("n7")).await.unwrap().is_none());
        assert!(engine.history(&arn("sleep"), false, None, 9).await.unwrap().is_none());
        assert!(engine.map_run(&run).await.unwrap().is_none());
        assert!(engine.list(children, None, 9).await.unwrap().executions.is_empty());

        let mut engine = engine;
        if path.is_some() {
            // What the log still holds of them is not archived again.
            engine.close();
            engine = open(path, &Arc::new(World::default()));
            assert!(engine.list(all(), None, 9).await.unwrap().executions.is_empty());
        }
        engine.start(new(TWO, Kind::Standard, "sleep", "[1]")).await.unwrap();
        let again = end(&engine, &arn("sleep")).await;
        assert_eq!((again.status, again.output.as_deref()), (Status::Succeeded, Some("[1]")));
        assert_eq!(names(&engine, &arn("sleep")).await.len(), 6);
        let taken = engine.start(new(TWO, Kind::Standard, "sleep", "[1]")).await;
        assert_eq!(taken, Err(StartRefusal::Exists));
        engine.close();
    }
}

#[tokio::test]
async fn map_runs_go_with_their_executions_when_their_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    engine.start(new(MAP, Kind::Standard, "map", "[1,2]")).await.unwrap();
    end(&engine, &arn("map")).await;
    let run = engine.map_runs(&arn("map")).await.unwrap().remove(0).arn;
    engine.close();
    let mut config = EngineConfig::new(Some(folder.path().to_owned()), [7; 32]);
    config.retention = Duration::ZERO;
    let engine = Engine::open(config, world).unwrap();
    eventually(|| async { engine.describe(&arn("map")).await.unwrap().is_none().then_some(()) }).await;
    assert_eq!(engine.map_run(&run).await.unwrap(), None);
    assert!(engine.map_runs(&arn("map")).await.unwrap().is_empty());
    engine.close();
}

#[tokio::test]
async fn an_old_end_of_an_execution_that_goes_on_is_not_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(Some(folder.path()), &Arc::new(World::default()));
    // Long enough for a part of its own in the archive.
    let input = format!("\"{}\"", "x".repeat(100_000));
    engine.start(new(SLEEP, Kind::Standard, "sleep", &input)).await.unwrap();
    engine.start(new(TWO, Kind::Standard, "two", "{}")).await.unwrap();
    engine.stop(&arn("sleep"), Failure::default()).await.unwrap();
    engine.redrive(&arn("sleep")).await.unwrap();
    engine.close();
    let mut config = EngineConfig::new(Some(folder.path().to_owned()), [7; 32]);
    config.retention = Duration::ZERO;
    let engine = Engine::open(config, Arc::new(World::default())).unwrap();
    eventually(|| async { engine.describe(&arn("two")).await.unwrap().is_none().then_some(()) }).await;
    let told = names(&engine, &arn("sleep")).await;
    assert_eq!(told[..4], ["ExecutionStarted", "WaitStateEntered", "ExecutionAborted", "ExecutionRedriven"]);
    engine.close();
}

#[tokio::test]
async fn memory_of_forgotten_map_runs_is_free_for_new_executions() {
    let mut config = EngineConfig::new(None, [7; 32]);
    (config.shards, config.memory_limit) = (1, 40_000);
    let engine = Engine::open(config, Arc::new(World::default())).unwrap();
    for number in 0..150 {
        let name = format!("map{number}");
        engine.start(new(MAP, Kind::Standard, &name, "[1]")).await.unwrap();
        // The oldest may be gone; the last one is always there.
        assert_eq!(end(&engine, &arn(&name)).await.status, Status::Succeeded, "{name}");
    }
    eventually(|| async { engine.describe(&arn("map0")).await.unwrap().is_none().then_some(()) }).await;
    let runs = engine.map_runs(&arn("map149")).await.unwrap();
    assert_eq!(runs.len(), 1);
    engine.close();
}
