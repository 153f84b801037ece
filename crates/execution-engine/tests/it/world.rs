//! The cloud around the engine under test.

use execution_engine::{
    Dispatch, Engine, EngineConfig, Execution, ItemSource, Kind, NewExecution, Outside, Revision, Status,
};
use state_machine::Millis;
use state_machine::history::Event;
use state_machine::interpret::{MapRunRequest, Start, Ticket};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

pub(crate) const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:hello";
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/states";

/// Remembers what it was told.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) dispatched: Mutex<Vec<Dispatch>>,
    pub(crate) cancelled: Mutex<Vec<(String, Ticket)>>,
    pub(crate) ended: Mutex<Vec<Execution>>,
    pub(crate) told: Mutex<Vec<(String, Vec<Event>)>>,
}

impl Outside for World {
    fn now(&self) -> Millis {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        i64::try_from(now.as_millis()).unwrap()
    }
    fn activity_exists(&self, arn: &str) -> bool {
        !arn.ends_with(":gone")
    }
    fn dispatch(&self, dispatch: Dispatch) {
        self.dispatched.lock().unwrap().push(dispatch);
    }
    fn cancel(&self, execution_arn: &str, ticket: Ticket) {
        self.cancelled.lock().unwrap().push((execution_arn.to_owned(), ticket));
    }
    fn map_run_items(&self, _request: &MapRunRequest) -> Option<ItemSource> {
        None
    }
    fn events(&self, execution: &Start, _revision: &str, _redrives: u32, events: &[Event]) {
        self.told.lock().unwrap().push((execution.arn.to_string(), events.to_vec()));
    }
    fn ended(&self, execution: &Execution) {
        self.ended.lock().unwrap().push(execution.clone());
    }
}

impl World {
    /// The next task for this execution, when it comes.
    pub(crate) async fn task(&self, arn: &str) -> Dispatch {
        eventually(|| async {
            let mut dispatched = self.dispatched.lock().unwrap();
            let at = dispatched.iter().position(|dispatch| *dispatch.execution.arn == *arn)?;
            Some(dispatched.remove(at))
        })
        .await
    }
}

pub(crate) fn open(folder: Option<&Path>, world: &Arc<World>) -> Engine {
    let mut config = EngineConfig::new(folder.map(Path::to_owned), [7; 32]);
    config.shards = 2;
    Engine::open(config, world.clone()).unwrap()
}

pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:states:us-east-1:123456789012:execution:hello:{name}")
}

pub(crate) fn new(definition: &str, kind: Kind, name: &str, input: &str) -> NewExecution {
    let id = format!("revision-{kind:?}-{}", definition.len());
    NewExecution {
        revision: Arc::new(Revision { id: id.into(), definition: definition.into(), kind, logged: false }),
        start: Start {
            arn: arn(name).into(),
            name: name.into(),
            role_arn: ROLE.into(),
            at: 0,
            machine_arn: MACHINE.into(),
            machine_name: "hello".into(),
            alias_arn: None,
            version_arn: None,
            input: input.into(),
            map_run: None,
            processor: None,
            express: kind == Kind::Express,
        },
        trace_header: None,
    }
}

/// Asks until there is an answer; the limit is for machines that are busy with other things.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    for _ in 0..12_000 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not happen within a minute");
}

/// The end of an execution, when it comes.
pub(crate) async fn end(engine: &Engine, arn: &str) -> Execution {
    eventually(|| async {
        let execution = engine.describe(arn).await.unwrap()?;
        (execution.status != Status::Running).then_some(execution)
    })
    .await
}

pub(crate) async fn names(engine: &Engine, arn: &str) -> Vec<&'static str> {
    let page = engine.history(arn, false, None, 1000).await.unwrap().unwrap();
    assert!(page.events.iter().zip(1..).all(|(event, id)| event.id == id), "{:?}", page.events);
    page.events.iter().map(|event| event.kind.name()).collect()
}
