//! More starts than the engine can take.

use crate::basics::WORK;
use crate::world::{arn, eventually, new};
use execution_engine::{Dispatch, Engine, EngineConfig, Execution, ItemSource, Kind, Outside, StartRefusal};
use state_machine::Millis;
use state_machine::history::Event;
use state_machine::interpret::{MapRunRequest, Start, Ticket};
use std::collections::HashSet;
use std::future::poll_fn;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::Poll;
use std::time::Duration;

/// Starts that one inbox takes: its share of 50,000 messages.
const INBOX: usize = 40_000;

/// Holds the shard at its dispatches, so that the test knows what waits where.
#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    opened: Condvar,
}

#[derive(Default)]
struct State {
    arrived: HashSet<String>,
    /// So many dispatches may pass.
    room: usize,
    passed: usize,
}

impl Gate {
    fn let_pass(&self, more: usize) {
        let mut state = self.state.lock().unwrap();
        state.room = state.room.saturating_add(more);
        self.opened.notify_all();
    }

    fn arrived(&self) -> usize {
        self.state.lock().unwrap().arrived.len()
    }

    async fn until_arrived(&self, count: usize) {
        eventually(|| async { (self.arrived() >= count).then_some(()) }).await;
    }
}

impl Outside for Gate {
    fn now(&self) -> Millis {
        1_795_000_000_000
    }
    fn dispatch(&self, dispatch: Dispatch) {
        let mut state = self.state.lock().unwrap();
        state.arrived.insert(dispatch.execution.name.to_string());
        // A test that failed does not hold the engine for ever.
        let shut = |state: &mut State| state.passed >= state.room;
        let (mut state, waited) =
            self.opened.wait_timeout_while(state, Duration::from_secs(120), shut).unwrap();
        state.passed += 1;
        if waited.timed_out() {
            state.room = usize::MAX;
        }
    }
    fn cancel(&self, _execution_arn: &str, _ticket: Ticket) {}
    fn map_run_items(&self, _request: &MapRunRequest) -> Option<ItemSource> {
        None
    }
    fn events(&self, _execution: &Start, _revision: &str, _redrives: u32, _events: &[Event]) {}
    fn ended(&self, _execution: &Execution) {}
}

fn open(folder: &Path, gate: &Arc<Gate>) -> Engine {
    let mut config = EngineConfig::new(Some(folder.to_owned()), [7; 32]);
    config.shards = 1;
    Engine::open(config, gate.clone()).unwrap()
}

type Asked<'a> = Pin<Box<dyn Future<Output = Result<Millis, StartRefusal>> + 'a>>;

/// Asks for many starts without waiting for answers; those that were not refused at once.
async fn burst(engine: &Engine, names: std::ops::Range<usize>) -> Vec<(String, Asked<'_>)> {
    let mut taken = Vec::new();
    for number in names {
        let name = format!("n{number}");
        let mut asked: Asked<'_> = Box::pin(engine.start(new(WORK, Kind::Standard, &name, "{}")));
        match poll_fn(|context| Poll::Ready(asked.as_mut().poll(context))).await {
            Poll::Pending => taken.push((name, asked)),
            Poll::Ready(answer) => assert!(matches!(answer, Err(StartRefusal::Overloaded(_))), "{answer:?}"),
        }
    }
    taken
}

#[tokio::test]
async fn a_burst_is_taken_or_refused_and_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let gate = Arc::new(Gate::default());
    let engine = open(folder.path(), &gate);
    let mut taken = burst(&engine, 0..1).await;
    gate.until_arrived(1).await;
    let first = burst(&engine, 1..50_000).await;
    assert_eq!(first.len(), INBOX, "what the inbox holds while the shard is held");
    gate.let_pass(1);
    gate.until_arrived(2).await;
    // The shard has emptied its inbox, and works on the first of it.
    let second = burst(&engine, 50_000..100_000).await;
    assert_eq!(second.len(), INBOX);
    // More than one round: before it has worked off what it has, it takes nothing more in.
    gate.let_pass(10_000);
    gate.until_arrived(10_002).await;
    assert_eq!(burst(&engine, 100_000..200_000).await.len(), 0, "what waits is bounded");

    gate.let_pass(usize::MAX);
    taken.extend(first);
    taken.extend(second);
    let mut acknowledged = HashSet::new();
    for (name, asked) in taken {
        asked.await.unwrap();
        acknowledged.insert(name);
    }
    assert_eq!(acknowledged.len(), 2 * INBOX + 1);
    assert!(engine.describe(&arn("n199999")).await.unwrap().is_none(), "what was refused is not there");
    engine.close();

    let gate = Arc::new(Gate::default());
    gate.let_pass(usize::MAX);
    let engine = open(folder.path(), &gate);
    gate.until_arrived(acknowledged.len()).await;
    assert!(gate.state.lock().unwrap().arrived == acknowledged, "all of them go on, and no others");
    engine.close();
}
