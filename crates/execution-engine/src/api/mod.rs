//! What goes in and out of the engine. See `Engine` for the calls.

mod list;
mod map_run;
mod refusal;

pub use list::*;
pub use map_run::*;
pub use refusal::*;

use state_machine::Millis;
use state_machine::history::{Event, Failure, Payload};
use state_machine::interpret::{MapRunRequest, TaskRequest, Ticket};
use std::path::PathBuf;
use std::sync::Arc;

/// Settings.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Folder of log and closed executions; `None` keeps all in memory (ephemeral clouds).
    pub directory: Option<PathBuf>,
    /// Number of shards; 0: one per core. A folder keeps the number it was made with.
    pub shards: usize,
    /// Most executions open at once per account and region (AWS: 1,000,000).
    pub max_open: usize,
    /// Key of the task tokens.
    pub token_key: [u8; 32],
    /// How long closed executions can be seen (AWS: 90 days).
    pub retention: std::time::Duration,
    /// Bytes of closed executions kept when there is no directory; the oldest go.
    pub memory_limit: usize,
    /// Bytes of Express executions in memory, by their size as snapshots, beyond which none is begun.
    pub express_bytes: usize,
}

/// Standard or Express.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    /// Durable; every effect once.
    Standard,
    /// In memory, but for the start of an asynchronous one, which runs again from its beginning after a crash: at least
    /// once. At most once when synchronous. Its events go to [`Outside::events`] only.
    Express,
}

impl EngineConfig {
    /// What a cloud uses: one shard per core, a million open executions, closed ones for 90 days (in memory within
    /// 256 MiB), Express ones within 256 MiB.
    pub fn new(directory: Option<PathBuf>, token_key: [u8; 32]) -> EngineConfig {
        EngineConfig {
            directory,
            shards: 0,
            max_open: 1_000_000,
            token_key,
            retention: std::time::Duration::from_secs(90 * 24 * 3600),
            memory_limit: 256 << 20,
            express_bytes: 256 << 20,
        }
    }
}

/// A compiled definition as executions pin it. The engine keeps the text of every revision that an open execution needs.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Unique in the whole cloud: a revision id of a state machine (a new one with every update).
    pub id: Arc<str>,
    /// Text of the definition.
    pub definition: Arc<str>,
    /// Standard or Express.
    pub kind: Kind,
    /// Where events of executions are told to [`Outside::events`] (logging configuration other than OFF).
    pub logged: bool,
}

/// A new execution.
#[derive(Clone, Debug)]
pub struct NewExecution {
    /// What it runs.
    pub revision: Arc<Revision>,
    /// Who it is; `start.at` is set by the engine.
    pub start: state_machine::interpret::Start,
    /// X-Ray header, kept and shown.
    pub trace_header: Option<Arc<str>>,
}

/// States of an execution (`ExecutionStatus`). PENDING_REDRIVE is a child's of a Map Run whose redrive has not come to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "the names of the API reference")]
pub enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
    PendingRedrive,
}

/// What DescribeExecution and ListExecutions tell.
#[derive(Clone, Debug)]
pub struct Execution {
    /// Who.
    pub start: state_machine::interpret::Start,
    /// Revision it runs.
    pub revision: Arc<str>,
    /// State.
    pub status: Status,
    /// End.
    pub stopped: Option<Millis>,
    /// Output of a successful one.
    pub output: Option<Payload>,
    /// Error and cause of another.
    pub failure: Failure,
    /// How often it was redriven, and when last.
    pub redrives: (u32, Option<Millis>),
    /// X-Ray header.
    pub trace_header: Option<Arc<str>>,
    /// For a child of a distributed Map.
    pub child: Option<MapRunChild>,
    /// Number of events of its history; known when it has ended.
    pub events: Option<u64>,
}

/// A redrive is possible this long after the end of an execution, in milliseconds (Step Functions API reference,
/// `RedriveExecution`: 14 days).
pub const REDRIVE_PERIOD: Millis = 14 * 24 * 3600 * 1000;

impl Execution {
    /// Whether its history has room for a redrive: the event of the redrive and one more (API reference,
    /// `RedriveExecution`: fewer than 24,999 events).
    pub fn has_room(&self) -> bool {
        self.events.is_none_or(|events| events < state_machine::interpret::MAX_EVENTS - 1)
    }
}

/// A task to be done, durable as scheduled.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// The execution.
    pub execution: state_machine::interpret::Start,
    /// The task.
    pub task: TaskRequest,
    /// Idempotency key: the same for the same attempt, also after a restart.
    pub key: Arc<str>,
    /// True when the engine was restarted since it was first dispatched: its outcome may be unknown.
    pub again: bool,
    /// True when somebody had taken it before the restart (`TaskAnswer::Started` or `Submitted` was recorded).
    pub taken: bool,
    /// True when its job was accepted before the restart (`TaskAnswer::Submitted` was recorded): what is missing is the
    /// end of the job.
    pub submitted: bool,
}

/// What the engine asks of the cloud around it. Called from shard threads: nothing here may block.
pub trait Outside: Send + Sync {
    /// Time.
    fn now(&self) -> Millis;
    /// Whether an activity exists. A task of one that does not fails its execution before it is scheduled.
    fn activity_exists(&self, _arn: &str) -> bool {
        true
    }
    /// Have a task done; its answer comes by `Engine::answer`.
    fn dispatch(&self, dispatch: Dispatch);
    /// A task is no longer wanted (timed out, aborted).
    fn cancel(&self, execution_arn: &str, ticket: Ticket);
    /// A distributed Map begins; the engine's own map runs read items and write results through this seam.
    fn map_run_items(&self, request: &MapRunRequest) -> Option<ItemSource>;
    /// Where the results of a Map Run with a result writer go; the result of the Map state as JSON text comes back.
    /// Without a store the run fails.
    fn map_run_results(
        &self,
        _request: &MapRunRequest,
        _results: &mut dyn Iterator<Item = &Payload>,
    ) -> Result<Payload, Failure> {
        Err(Failure::new(
            "States.ResultWriterFailed",
            "There is no store to which the results could be written.",
        ))
    }
    /// Durable events of an execution whose revision is logged, or which is Express; how often it was redriven.
    fn events(
        &self,
        execution: &state_machine::interpret::Start,
        revision: &str,
        redrives: u32,
        events: &[Event],
    );
    /// An execution ended (after its events).
    fn ended(&self, execution: &Execution);
}

/// Items of a distributed Map that are not in its input: objects of a store. Filled when S3 exists.
pub type ItemSource = Box<dyn Iterator<Item = Result<state_machine::Value, Failure>> + Send>;

/// Names a task: shard, execution and ticket, sealed.
pub type TaskToken = Arc<str>;
