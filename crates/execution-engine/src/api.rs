//! What goes in and out of the engine. See `Engine` for the calls.

use state_machine::history::{Event, Failure, Payload};
use state_machine::interpret::{MapRunRequest, TaskRequest, Ticket};
use state_machine::Millis;
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
}

/// Standard or Express.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    /// Durable; every effect once.
    Standard,
    /// In memory; at least once when asynchronous, at most once when synchronous. Its events go to
    /// [`Outside::events`] only.
    Express,
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

/// States of an execution (`ExecutionStatus`). PENDING_REDRIVE is a child's of a map run.
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
}

/// Why a start is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartRefusal {
    /// An open execution has this name and the same input: idempotent, this is its start.
    #[error("the same execution is running since {0}")]
    Same(Millis),
    /// The name was used (with other input, or by an execution that ended).
    #[error("an execution with this name exists")]
    Exists,
    /// Too many open executions.
    #[error("too many executions are open")]
    Limit,
    /// The engine takes nothing more at the moment: full inbox (back-pressure) or full disk.
    #[error("the engine is overloaded: {0}")]
    Overloaded(String),
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
}

/// What the engine asks of the cloud around it. Called from shard threads: nothing here may block.
pub trait Outside: Send + Sync {
    /// Time.
    fn now(&self) -> Millis;
    /// Have a task done; its answer comes by `Engine::answer`.
    fn dispatch(&self, dispatch: Dispatch);
    /// A task is no longer wanted (timed out, aborted).
    fn cancel(&self, execution_arn: &str, ticket: Ticket);
    /// A distributed Map begins; the engine's own map runs read items and write results through this seam.
    fn map_run_items(&self, request: &MapRunRequest) -> Option<ItemSource>;
    /// Durable events of an execution whose revision is logged, or which is Express.
    fn events(&self, execution: &state_machine::interpret::Start, revision: &str, events: &[Event]);
    /// An execution ended (after its events).
    fn ended(&self, execution: &Execution);
}

/// Items of a distributed Map that are not in its input: objects of a store. Filled when S3 exists.
pub type ItemSource = Box<dyn Iterator<Item = Result<state_machine::Value, Failure>> + Send>;

/// Names a task: shard, execution and ticket, sealed.
pub type TaskToken = Arc<str>;
