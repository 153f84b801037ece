//! What is there after the engine was closed and opened again.

use crate::basics::{SLEEP, TWO, WORK};
use crate::world::{World, arn, end, names, new, open};
use execution_engine::{Kind, StartRefusal, Status};
use state_machine::history::Failure;
use state_machine::interpret::TaskAnswer;
use std::sync::Arc;

#[tokio::test]
async fn executions_go_on_where_they_stood() {
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    engine.start(new(WORK, Kind::Standard, "work", "{}")).await.unwrap();
    let at = engine.start(new(SLEEP, Kind::Standard, "sleep", "{}")).await.unwrap();
    engine.start(new(TWO, Kind::Standard, "two", "{}")).await.unwrap();
    end(&engine, &arn("two")).await;
    let token = world.task(&arn("work")).await.task.token;
    engine.answer(&token, TaskAnswer::Started(None)).await.unwrap();
    engine.close();

    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    assert_eq!(engine.start(new(SLEEP, Kind::Standard, "sleep", "{}")).await, Err(StartRefusal::Same(at)));
    assert_eq!(engine.start(new(TWO, Kind::Standard, "two", "{}")).await, Err(StartRefusal::Exists));
    let task = world.task(&arn("work")).await;
    assert!(task.again && task.taken, "its outcome may be unknown");
    assert_eq!(task.task.token, token, "a token holds across restarts");
    engine.answer(&token, TaskAnswer::Succeeded("5".into())).await.unwrap();
    assert_eq!(end(&engine, &arn("work")).await.output.as_deref(), Some("5"));
    assert_eq!(names(&engine, &arn("two")).await.len(), 6);
    engine.stop(&arn("sleep"), Failure::default()).await.unwrap();
    assert_eq!(end(&engine, &arn("sleep")).await.status, Status::Aborted);
    engine.close();

    let engine = open(Some(folder.path()), &Arc::new(World::default()));
    for (name, events) in [("work", 7), ("two", 6), ("sleep", 3)] {
        assert_eq!(names(&engine, &arn(name)).await.len(), events, "{name}");
    }
}
