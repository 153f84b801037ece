//! More starts than the engine can take. The tests here measure the memory of their process, so each has one of its own.

use crate::basics::WORK;
use crate::world::{arn, eventually, new};
use execution_engine::{Dispatch, Engine, EngineConfig, Execution, ItemSource, Kind, Outside, StartRefusal};
use state_machine::Millis;
use state_machine::history::{Event, Failure};
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
/// Bytes of memory that a burst may take, in MiB: twice what an inbox holds (128 MiB), since the shard takes it out to
/// work on it, what waits here for answers, and the executions that were begun. Without a bound it would be gigabytes.
const MEMORY: u64 = 700;

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

/// Whether this is the process for this test; otherwise it was run in one.
fn alone(test: &str) -> bool {
    const MARK: &str = "ALLOD_TEST_ALONE";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    #[expect(clippy::disallowed_methods, reason = "this very test, once more")]
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let done = command.args(["--exact", test]).env(MARK, "1").output().unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && told.contains("1 passed"), "{told}");
    false
}

/// Most memory this process ever had, in MiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix("kB").unwrap().trim().parse::<u64>().unwrap() / 1024
}

/// Asks for many starts without waiting for answers; those that were not refused at once.
async fn burst(
    engine: &Engine,
    names: std::ops::Range<usize>,
    input: impl Fn(usize) -> String,
) -> Vec<(String, Asked<'_>)> {
    let mut taken = Vec::new();
    for number in names {
        let name = format!("n{number}");
        let new = new(WORK, Kind::Standard, &name, &input(number));
        let mut asked: Asked<'_> = Box::pin(engine.start(new));
        match poll_fn(|context| Poll::Ready(asked.as_mut().poll(context))).await {
            Poll::Pending => taken.push((name, asked)),
            Poll::Ready(answer) => assert!(matches!(answer, Err(StartRefusal::Overloaded(_))), "{answer:?}"),
        }
    }
    taken
}

fn small(number: usize) -> String {
    number.to_string()
}

#[tokio::test]
async fn a_million_at_once_are_taken_or_refused_and_nothing_acknowledged_is_lost() {
    if !alone("burst::a_million_at_once_are_taken_or_refused_and_nothing_acknowledged_is_lost") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let gate = Arc::new(Gate::default());
    let engine = open(folder.path(), &gate);
    let before = memory();
    let mut taken = burst(&engine, 0..1, small).await;
    gate.until_arrived(1).await;
    let first = burst(&engine, 1..50_000, small).await;
    assert_eq!(first.len(), INBOX, "what the inbox holds while the shard is held");
    gate.let_pass(1);
    gate.until_arrived(2).await;
    // The shard has emptied its inbox, and works on the first of it.
    let second = burst(&engine, 50_000..100_000, small).await;
    assert_eq!(second.len(), INBOX);
    // More than one round: before it has worked off what it has, it takes nothing more in.
    gate.let_pass(10_000);
    gate.until_arrived(10_002).await;
    assert_eq!(burst(&engine, 100_000..1_000_000, small).await.len(), 0, "what waits is bounded");

    gate.let_pass(usize::MAX);
    taken.extend(first);
    taken.extend(second);
    let mut acknowledged = HashSet::new();
    for (name, asked) in taken {
        asked.await.unwrap();
        acknowledged.insert(name);
    }
    assert_eq!(acknowledged.len(), 2 * INBOX + 1);
    assert!(engine.describe(&arn("n999999")).await.unwrap().is_none(), "what was refused is not there");
    engine.close();

    let gate = Arc::new(Gate::default());
    gate.let_pass(usize::MAX);
    let engine = open(folder.path(), &gate);
    gate.until_arrived(acknowledged.len()).await;
    assert!(gate.state.lock().unwrap().arrived == acknowledged, "all of them go on, and no others");
    engine.close();
    assert!(memory() - before < MEMORY, "{} MiB", memory() - before);
}

#[tokio::test]
async fn large_inputs_fill_an_inbox_by_their_bytes() {
    if !alone("burst::large_inputs_fill_an_inbox_by_their_bytes") {
        return;
    }
    let gate = Arc::new(Gate::default());
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path(), &gate);
    let before = memory();
    let mut taken = burst(&engine, 0..1, small).await;
    gate.until_arrived(1).await;
    let large = |number: usize| format!("\"{}{number}\"", "x".repeat(200_000));
    let waiting = burst(&engine, 1..20_000, large).await;
    // 80 percent of 128 MiB.
    assert!((400..550).contains(&waiting.len()), "{}", waiting.len());
    // What ends something comes through where nothing begins any more.
    let mut stop =
        Box::pin(engine.stop("arn:aws:states:us-east-1:123456789012:execution:hello:n0", Failure::default()));
    assert!(poll_fn(|context| Poll::Ready(stop.as_mut().poll(context))).await.is_pending());
    gate.let_pass(usize::MAX);
    stop.await.unwrap();
    taken.extend(waiting);
    for (_, asked) in taken {
        asked.await.unwrap();
    }
    engine.close();
    assert!(memory() - before < MEMORY, "{} MiB", memory() - before);
}
