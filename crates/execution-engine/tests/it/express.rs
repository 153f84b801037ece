//! How much Express executions may hold in memory.

use crate::basics::{TWO, WORK};
use crate::world::{World, arn, end, eventually, new};
use execution_engine::{Engine, EngineConfig, Kind, StartRefusal, Status};
use state_machine::interpret::TaskAnswer;
use std::sync::Arc;

/// Room for some ten small ones.
const ROOM: usize = 45_000;

fn open(world: &Arc<World>) -> Engine {
    let mut config = EngineConfig::new(None, [7; 32]);
    (config.shards, config.express_bytes) = (1, ROOM);
    Engine::open(config, world.clone()).unwrap()
}

#[tokio::test]
async fn beyond_their_memory_none_is_begun_until_one_has_ended() {
    let world = Arc::new(World::default());
    let engine = open(&world);
    let mut begun = 0;
    let refused = loop {
        match engine.start(new(WORK, Kind::Express, &format!("n{begun}"), "{}")).await {
            Ok(_) => begun += 1,
            Err(refused) => break refused,
        }
        eventually(|| async { (world.dispatched.lock().unwrap().len() == begun).then_some(()) }).await;
    };
    assert!(matches!(refused, StartRefusal::Overloaded(_)), "{refused:?}");
    assert!((5..=12).contains(&begun), "{begun}");
    let sync = engine.start_sync(new(TWO, Kind::Express, "sync", "{}")).await;
    assert!(matches!(sync, Err(StartRefusal::Overloaded(_))), "{sync:?}");
    // Standard executions have their own room.
    engine.start(new(TWO, Kind::Standard, "standard", "{}")).await.unwrap();
    let token = world.dispatched.lock().unwrap()[0].task.token.clone();
    engine.answer(&token, TaskAnswer::Succeeded("1".into())).await.unwrap();
    let sync = engine.start_sync(new(TWO, Kind::Express, "sync", "{}")).await.unwrap();
    assert_eq!(sync.status, Status::Succeeded);
}

const GROW: &str = r#"{"StartAt":"A","States":{
    "A":{"Type":"Task","Next":"B","Resource":"arn:aws:states:us-east-1:123456789012:activity:work"},
    "B":{"Type":"Task","End":true,"Resource":"arn:aws:states:us-east-1:123456789012:activity:work"}}}"#;

#[tokio::test]
async fn one_that_grows_far_beyond_the_room_is_stopped() {
    let world = Arc::new(World::default());
    let engine = open(&world);
    engine.start(new(GROW, Kind::Express, "small", "{}")).await.unwrap();
    engine.start(new(GROW, Kind::Express, "large", "{}")).await.unwrap();
    let tasks = eventually(|| async {
        let tasks = world.dispatched.lock().unwrap();
        (tasks.len() == 2).then(|| tasks.clone())
    })
    .await;
    let large = tasks.iter().find(|task| *task.execution.name == *"large").unwrap();
    let output = format!("\"{}\"", "x".repeat(2 * ROOM));
    engine.answer(&large.task.token, TaskAnswer::Succeeded(output.into())).await.unwrap();
    let ended = eventually(|| async { world.ended.lock().unwrap().first().cloned() }).await;
    assert_eq!((&*ended.start.name, ended.status), ("large", Status::Aborted));
    assert!(ended.failure.cause.unwrap().contains("memory for Express executions is full"));
    assert_eq!(world.ended.lock().unwrap().len(), 1, "the small one goes on");
    engine.start(new(GROW, Kind::Express, "next", "{}")).await.unwrap();
}

const MAP: &str = r#"{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"Label":"l","ItemProcessor":{
    "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},
    "StartAt":"W","States":{"W":{"Type":"Task","End":true,
        "Resource":"arn:aws:states:us-east-1:123456789012:activity:work"}}}}}}"#;

#[tokio::test]
async fn children_of_a_map_run_wait_for_room() {
    let world = Arc::new(World::default());
    let engine = open(&world);
    let items: Vec<u32> = (0..100).collect();
    engine.start(new(MAP, Kind::Standard, "map", &format!("{items:?}"))).await.unwrap();
    let mut answered = 0;
    while answered < items.len() {
        let task = eventually(|| async {
            let mut tasks = world.dispatched.lock().unwrap();
            assert!(tasks.len() <= 12, "{} run at once", tasks.len());
            (!tasks.is_empty()).then(|| tasks.remove(0))
        })
        .await;
        let output = task.task.input.to_string();
        engine.answer(&task.task.token, TaskAnswer::Succeeded(output.into())).await.unwrap();
        answered += 1;
    }
    let ended = end(&engine, &arn("map")).await;
    let output: String = format!("{items:?}").replace(' ', "");
    assert_eq!((ended.status, ended.output.as_deref()), (Status::Succeeded, Some(&*output)));
}
