//! Events of executions as log lines (developer guide, "Using CloudWatch Logs to log execution history").

use crate::history::show;
use crate::task::write_value;
use contracts::seams::{LogLine, LogSink};
use parking_lot::RwLock;
use records::stepfunctions::Revision;
use state_machine::history::{Event, EventKind, StateKind};
use state_machine::interpret::Start;
use state_machine::{Map, Value};
use state_store::typed::{Scope, Store};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// Batches that may wait for the disk, and the bytes of their lines; what comes on top is dropped, and that is told.
const WAITING: usize = 10_000;
const WAITING_BYTES: usize = 64 << 20;
/// Revisions whose logging is remembered.
const REMEMBERED: usize = 1_000;

/// What is logged of a revision.
struct Plan {
    level: Level,
    data: bool,
    group: String,
}

/// Log levels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    All,
    Error,
    Fatal,
}

impl Level {
    /// Whether an event is logged at this level (developer guide, "Log levels for Step Functions execution events").
    fn admits(self, kind: &EventKind) -> bool {
        use EventKind as E;
        let fatal = matches!(kind, E::ExecutionFailed(_) | E::ExecutionTimedOut(_) | E::ExecutionAborted(_));
        match self {
            Level::All => true,
            Level::Fatal => fatal,
            Level::Error => {
                let name = kind.name();
                fatal
                    || matches!(kind, E::StateEntered { kind: StateKind::Fail, .. })
                    || ["Failed", "TimedOut", "Aborted"].iter().any(|end| name.ends_with(end))
            }
        }
    }
}

/// Lines on their way to a log group.
struct Batch {
    scope: Scope,
    group: String,
    stream: String,
    lines: Vec<LogLine>,
    /// Of its lines.
    bytes: usize,
}

/// Takes events from the engine's threads, where nothing may block.
pub(crate) struct Log {
    store: Store,
    plans: RwLock<HashMap<Arc<str>, Option<Arc<Plan>>>>,
    /// Until it is closed.
    batches: RwLock<Option<mpsc::Sender<Batch>>>,
    /// Bytes that wait.
    bytes: Arc<AtomicUsize>,
    /// Lines are being dropped; told once.
    dropping: AtomicBool,
}

/// Writes what [`Log`] took.
pub(crate) struct LogWriter {
    batches: mpsc::Receiver<Batch>,
    bytes: Arc<AtomicUsize>,
}

impl Log {
    /// A log and its writer.
    pub(crate) fn new(store: Store) -> (Log, LogWriter) {
        let (batches, received) = mpsc::channel(WAITING);
        let bytes = Arc::<AtomicUsize>::default();
        let log = Log {
            store,
            plans: RwLock::default(),
            batches: RwLock::new(Some(batches)),
            bytes: bytes.clone(),
            dropping: AtomicBool::new(false),
        };
        (log, LogWriter { batches: received, bytes })
    }

    fn plan(&self, scope: &Scope, revision: &str) -> Option<Arc<Plan>> {
        if let Some(known) = self.plans.read().get(revision) {
            return known.clone();
        }
        let found = self.store.get::<Revision>(scope, revision);
        let plan = found.and_then(|found| {
            let level = match found.logging.level.as_str() {
                "ALL" => Level::All,
                "ERROR" => Level::Error,
                "FATAL" => Level::Fatal,
                _ => return None,
            };
            let arn = found.logging.destinations.first()?;
            let group = arn.split(":log-group:").nth(1)?.trim_end_matches(":*").to_owned();
            Some(Arc::new(Plan { level, data: found.logging.include_execution_data, group }))
        });
        let mut plans = self.plans.write();
        if plans.len() >= REMEMBERED {
            plans.clear();
        }
        plans.insert(revision.into(), plan.clone());
        plan
    }

    /// Takes nothing more; the writer ends when it has written what is there.
    pub(crate) fn close(&self) {
        *self.batches.write() = None;
    }

    /// Notes the events of a turn.
    pub(crate) fn note(&self, execution: &Start, revision: &str, redrives: u32, events: &[Event]) {
        let mut parts = execution.arn.split(':').skip(3);
        let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let scope = Scope::new(account, region);
        let Some(plan) = self.plan(&scope, revision) else { return };
        let admitted = events.iter().filter(|event| plan.level.admits(&event.kind));
        let lines: Vec<LogLine> = admitted
            .map(|event| LogLine { time: event.at, text: line(execution, redrives, event, plan.data) })
            .collect();
        if lines.is_empty() {
            return;
        }
        let stream = format!("states/{}", execution.machine_name);
        let bytes = lines.iter().map(|line| line.text.len()).sum();
        let batch = Batch { scope, group: plan.group.clone(), stream, lines, bytes };
        let batches = self.batches.read();
        let Some(batches) = batches.as_ref() else { return };
        let waiting = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if waiting < WAITING_BYTES && batches.try_send(batch).is_ok() {
            self.dropping.store(false, Ordering::Relaxed);
            return;
        }
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        if !self.dropping.swap(true, Ordering::Relaxed) {
            tracing::warn!(group = plan.group, "log lines of executions are dropped: the disk is too slow");
        }
    }
}

impl LogWriter {
    /// Writes until the log is gone. Blocks.
    pub(crate) fn run(mut self, sink: &dyn LogSink) {
        while let Some(batch) = self.batches.blocking_recv() {
            if let Err(error) = sink.append(&batch.scope, &batch.group, &batch.stream, &batch.lines) {
                tracing::warn!(%error, group = batch.group, "log lines of executions cannot be written");
            }
            self.bytes.fetch_sub(batch.bytes, Ordering::Relaxed);
        }
    }
}

/// One event as the real service logs it: numbers are texts, and without execution data there is no word of data.
fn line(execution: &Start, redrives: u32, event: &Event, data: bool) -> String {
    let mut details = Value::from(Map::new());
    if let Value::Object(members) = write_value(&show(event, data)) {
        for (_, value) in members.iter().filter(|(name, _)| name.ends_with("EventDetails")) {
            let Value::Object(of_event) = value else { continue };
            let kept = of_event.iter().filter(|(member, _)| data || !member.ends_with("Details"));
            details =
                Value::from(kept.map(|(member, value)| (member.clone(), value.clone())).collect::<Map>());
        }
    }
    let text = |text: String| Value::from(text.as_str());
    let members = [
        ("id", text(event.id.to_string())),
        ("type", Value::from(event.kind.name())),
        ("details", details),
        ("previous_event_id", text(event.previous.to_string())),
        ("event_timestamp", text(event.at.to_string())),
        ("execution_arn", Value::String(execution.arn.clone())),
        ("redrive_count", text(redrives.to_string())),
    ];
    let members = members.into_iter().map(|(name, value)| (Arc::from(name), value)).collect::<Map>();
    Value::from(members).to_string()
}
