//! Loads for the execution engine in this process.

use execution_engine::{
    Dispatch, Engine, EngineConfig, Execution, ItemSource, Kind, NewExecution, Outside, Revision,
    StartRefusal,
};
use state_machine::history::{Event, Failure, Payload};
use state_machine::interpret::{MapRunRequest, Start, Ticket};
use state_machine::{Millis, Value};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

/// The world around it: counts what ends, and hands out items.
#[derive(Default)]
pub(super) struct World {
    pub(super) ended: AtomicU64,
    /// Times by which ends came late, in milliseconds, where `due` is not 0.
    pub(super) late: Mutex<Vec<f64>>,
    /// Executions wake at their input's number of milliseconds since 1970.
    pub(super) timed: bool,
    pub(super) items: u64,
    pub(super) results: AtomicU64,
}

impl Outside for World {
    fn now(&self) -> Millis {
        now()
    }
    fn dispatch(&self, _dispatch: Dispatch) {}
    fn cancel(&self, _execution_arn: &str, _ticket: Ticket) {}
    fn map_run_items(&self, _request: &MapRunRequest) -> Option<ItemSource> {
        Some(Box::new((0..self.items.cast_signed()).map(|number| Ok(Value::from(number)))))
    }
    fn map_run_results(
        &self,
        _request: &MapRunRequest,
        results: &mut dyn Iterator<Item = &Payload>,
    ) -> Result<Payload, Failure> {
        self.results.store(results.count() as u64, Ordering::Relaxed);
        Ok("{}".into())
    }
    fn events(&self, _execution: &Start, _revision: &str, _redrives: u32, _events: &[Event]) {}
    fn ended(&self, execution: &Execution) {
        if self.timed {
            let due = execution.start.name.rsplit('-').next().and_then(|due| due.parse::<i64>().ok());
            if let (Some(due), Ok(mut late)) = (due, self.late.lock()) {
                #[expect(clippy::cast_precision_loss, reason = "some milliseconds")]
                late.push((now() - due) as f64);
            }
        }
        self.ended.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) fn now() -> Millis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Ten Pass states, one behind the other.
pub(super) fn ten_passes() -> String {
    let states: Vec<String> = (0..10)
        .map(|number| match number {
            9 => "\"S9\":{\"Type\":\"Pass\",\"End\":true}".to_owned(),
            _ => format!("\"S{number}\":{{\"Type\":\"Pass\",\"Next\":\"S{}\"}}", number + 1),
        })
        .collect();
    format!("{{\"StartAt\":\"S0\",\"States\":{{{}}}}}", states.join(","))
}

/// A machine and how its executions begin.
pub(super) struct Machine {
    revision: Arc<Revision>,
    role: Arc<str>,
    arn: Arc<str>,
    name: Arc<str>,
}

impl Machine {
    pub(super) fn new(name: &str, definition: &str) -> Machine {
        let revision =
            Revision { id: name.into(), definition: definition.into(), kind: Kind::Standard, logged: false };
        Machine {
            revision: Arc::new(revision),
            role: "arn:aws:iam::000000000000:role/states".into(),
            arn: format!("arn:aws:states:us-east-1:000000000000:stateMachine:{name}").into(),
            name: name.into(),
        }
    }

    pub(super) fn execution(&self, name: &str, input: &Arc<str>) -> NewExecution {
        let start = Start {
            arn: format!("arn:aws:states:us-east-1:000000000000:execution:{}:{name}", self.name).into(),
            name: name.into(),
            role_arn: self.role.clone(),
            at: 0,
            machine_arn: self.arn.clone(),
            machine_name: self.name.clone(),
            alias_arn: None,
            version_arn: None,
            input: input.clone(),
            map_run: None,
            processor: None,
            express: false,
        };
        NewExecution { revision: self.revision.clone(), start, trace_header: None }
    }
}

pub(super) fn open(folder: &Path, world: &Arc<World>) -> anyhow::Result<Engine> {
    let mut config = EngineConfig::new(Some(folder.to_owned()), [1; 32]);
    config.shards = 2;
    config.max_open = 4_000_000;
    Ok(Engine::open(config, world.clone())?)
}

/// Starts executions, `live` at once, until `enough` says so; returns how many were acknowledged.
pub(super) async fn start_many(
    engine: &Engine,
    machine: &Arc<Machine>,
    live: usize,
    name: impl Fn(u64) -> (String, Arc<str>) + Clone + 'static,
    enough: impl Fn(u64) -> bool + Clone + 'static,
) -> anyhow::Result<u64> {
    let next = std::rc::Rc::new(std::cell::Cell::new(0_u64));
    let starters: Vec<_> = (0..live)
        .map(|_| {
            let (engine, machine, next) = (engine.clone(), machine.clone(), next.clone());
            let (name, enough) = (name.clone(), enough.clone());
            tokio::task::spawn_local(async move {
                let mut done = 0;
                loop {
                    let number = next.get();
                    if enough(number) {
                        return Ok::<u64, StartRefusal>(done);
                    }
                    next.set(number + 1);
                    let (name, input) = name(number);
                    loop {
                        match engine.start(machine.execution(&name, &input)).await {
                            Ok(_) => break,
                            // Back-pressure: the archive or the disk is behind.
                            Err(StartRefusal::Overloaded(_)) => {
                                tokio::time::sleep(Duration::from_millis(5)).await;
                            }
                            Err(refusal) => return Err(refusal),
                        }
                    }
                    done += 1;
                }
            })
        })
        .collect();
    let mut done = 0;
    for starter in starters {
        done += starter.await??;
    }
    Ok(done)
}

/// Waits for a condition; an error after a minute or two.
pub(super) async fn wait_for(what: &str, holds: impl Fn() -> bool) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !holds() {
        anyhow::ensure!(begun.elapsed() < Duration::from_secs(120), "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// Half of the times that a small write and its sync take on the disk under `folder`, in milliseconds.
pub(super) fn sync_median(folder: &Path) -> anyhow::Result<f64> {
    use std::io::Write as _;
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::new();
    for _ in 0..100 {
        let begun = Instant::now();
        file.write_all(&[7; 512])?;
        file.sync_data()?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok(times[50])
}

/// Bytes of a log that were written: files are longer, being preallocated.
pub(super) fn log_bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for shard in std::fs::read_dir(folder)? {
        let shard = shard?;
        if !shard.file_name().to_string_lossy().starts_with("shard-") {
            continue;
        }
        for file in std::fs::read_dir(shard.path())? {
            let bytes = std::fs::read(file?.path())?;
            let rest = bytes.iter().rev().take_while(|byte| **byte == 0).count();
            sum += (bytes.len() - rest) as u64;
        }
    }
    Ok(sum)
}
