//! What is there after the engine was closed and opened again.

use crate::basics::{SLEEP, TWO, WORK};
use crate::world::{ROLE, World, arn, end, eventually, names, new, open};
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

#[tokio::test]
async fn asynchronous_express_executions_begin_anew_until_they_have_ended() {
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    engine.start(new(WORK, Kind::Express, "work", "{\"a\":1}")).await.unwrap();
    engine.start(new(TWO, Kind::Express, "two", "{}")).await.unwrap();
    eventually(|| async { (world.ended.lock().unwrap().len() == 1).then_some(()) }).await;
    let before = world.task(&arn("work")).await;
    engine.close();

    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    let task = world.task(&arn("work")).await;
    assert_eq!((&task.execution.input, &task.execution.role_arn), (&before.execution.input, &ROLE.into()));
    assert!(task.execution.express && !task.again, "it is scheduled by a new run");
    engine.answer(&task.task.token, TaskAnswer::Succeeded("5".into())).await.unwrap();
    let ended = eventually(|| async { world.ended.lock().unwrap().first().cloned() }).await;
    assert_eq!((&*ended.start.name, ended.output.as_deref()), ("work", Some("5")));
    engine.close();

    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    // A later execution of each shard stands for everything that the shards had to do before it.
    for name in 0..16 {
        engine.start_sync(new(TWO, Kind::Express, &format!("n{name}"), "{}")).await.unwrap();
    }
    assert!(world.dispatched.lock().unwrap().is_empty(), "what has ended does not run again");
    assert_eq!(world.ended.lock().unwrap().len(), 16);
    engine.close();
}

const DRAWN: &str = r#"{"QueryLanguage":"JSONata","StartAt":"D","States":{
    "D":{"Type":"Pass","Assign":{"drawn":"{% [$uuid(),$random(),$now(),$millis()] %}"},"Next":"J"},
    "J":{"Type":"Pass","QueryLanguage":"JSONPath","Next":"T","Parameters":{
        "uuid.$":"States.UUID()","random.$":"States.MathRandom(1,1000000)","at.$":"$$.State.EnteredTime"}},
    "T":{"Type":"Task","Resource":"arn:aws:states:us-east-1:123456789012:activity:work","End":true,
        "Output":"{% {'drawn':$drawn,'input':$states.input} %}"}}}"#;

#[tokio::test]
async fn what_was_drawn_is_not_drawn_again() {
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(World::default());
    let engine = open(Some(folder.path()), &world);
    engine.start(new(DRAWN, Kind::Standard, "drawn", "{}")).await.unwrap();
    let token = world.task(&arn("drawn")).await.task.token;
    let page = engine.history(&arn("drawn"), false, None, 1000).await.unwrap().unwrap();
    engine.close();

    // Its turns are run once more from the log: with other numbers it would not be what its history says.
    let engine = open(Some(folder.path()), &Arc::new(World::default()));
    engine.answer(&token, TaskAnswer::Succeeded("1".into())).await.unwrap();
    let ended = end(&engine, &arn("drawn")).await;
    assert_eq!(ended.status, Status::Succeeded, "{:?}", ended.failure);
    let now = engine.history(&arn("drawn"), false, None, 1000).await.unwrap().unwrap();
    assert!(now.events.starts_with(&page.events));
    let told = format!("{:?}", page.events);
    let output = state_machine::text::parse_value(&ended.output.unwrap()).unwrap().to_string();
    let words: Vec<&str> = output.split('"').filter(|word| word.len() == 36).collect();
    assert_eq!(words.len(), 2, "two UUIDs in {output}");
    assert!(words.iter().all(|uuid| told.contains(uuid)), "those that were seen before");
    engine.close();
}
