//! The service and its table of operations.

use crate::activity::Board;
use crate::log::{Log, LogWriter};
use crate::task::{Desk, Inside, Integration, Order, Room, SdkCalls, StartExecution, Waiting};
use crate::{activity, alias, execution, faults, limits, machine, tags, task, test_state, validate, version};
use api_stepfunctions::ops;
use aws_schema::{Fault, Shape};
use contracts::audit::AuditSink;
use contracts::seams::{Authorizer, LogSink};
use contracts::{Call, Page, Platform, ServiceTable};
use execution_engine::{AnswerRefusal, Engine, EngineConfig, EngineError};
use parking_lot::{Mutex, RwLock};
use records::Millis;
use state_machine::interpret::TaskAnswer;
use state_store::typed::Scope;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;

/// Step Functions of one cloud.
pub struct States {
    /// Records, clock, page tokens.
    pub(crate) platform: Platform,
    /// Work that waits for workers.
    pub(crate) board: Arc<Board>,
    /// Tasks that wait for executions.
    pub(crate) waiting: Arc<Waiting>,
    /// Redrives that may be asked for again.
    pub(crate) redrives: execution::RedriveTokens,
    /// Runs executions; there once [`States::open`] was called.
    engine: RwLock<Option<Engine>>,
    /// How the engine was opened, to open it anew after a reset.
    opened: OnceLock<(EngineConfig, Arc<Room>)>,
    /// What tasks can call.
    integrations: OnceLock<Vec<Arc<dyn Integration>>>,
    /// The calls among them, for what is to be known of their shapes.
    calls: OnceLock<Arc<SdkCalls>>,
    /// Until it runs.
    desk: Mutex<Option<Desk>>,
    /// Until it runs.
    log_writer: Mutex<Option<(LogWriter, Arc<dyn LogSink>)>>,
}

/// What handlers are given.
pub(crate) type StatesCall = Call<States>;

/// Between two attempts to bring an answer to an engine that takes nothing at the moment.
const PAUSE: Duration = Duration::from_millis(50);

impl States {
    /// On the given platform. Executions begin with [`States::open`].
    pub fn new(platform: Platform) -> Arc<States> {
        Arc::new(States {
            platform,
            board: Arc::default(),
            waiting: Arc::default(),
            redrives: execution::RedriveTokens::default(),
            engine: RwLock::new(None),
            opened: OnceLock::new(),
            integrations: OnceLock::new(),
            calls: OnceLock::new(),
            desk: Mutex::new(None),
            log_writer: Mutex::new(None),
        })
    }

    /// Opens the engine, in a folder or in memory, and takes up what ran before. `token_key` seals task tokens; `tables`
    /// and `authorizer` serve the tasks that call this cloud's services, `audit` sees those calls; `logs` takes what machines log.
    ///
    /// # Errors
    /// [`EngineError`] when the folder cannot be used or is damaged.
    pub fn open(
        &self,
        directory: Option<PathBuf>,
        token_key: [u8; 32],
        tables: Vec<ServiceTable>,
        authorizer: Arc<dyn Authorizer>,
        audit: Option<Arc<dyn AuditSink>>,
        logs: Arc<dyn LogSink>,
    ) -> Result<(), EngineError> {
        let inside = Arc::new(Inside::new(self.platform.clone(), authorizer, audit));
        let calls = Arc::new(SdkCalls::new(tables, inside.clone()));
        let _ = self.calls.set(calls.clone());
        let _ = self.integrations.set(vec![Arc::new(StartExecution(inside)), calls]);
        let (log, writer) = Log::new(self.platform.store.clone());
        *self.log_writer.lock() = Some((writer, logs));
        let (room, desk) = Room::new(self.platform.clone(), self.board.clone(), self.waiting.clone(), log);
        *self.desk.lock() = Some(desk);
        let (config, room) = (EngineConfig::new(directory, token_key), Arc::new(room));
        let engine = Engine::open(config.clone(), room.clone())?;
        *self.engine.write() = Some(engine);
        let _ = self.opened.set((config, room));
        Ok(())
    }

    /// Forgets every execution. Blocks for as long as a disk does.
    ///
    /// # Errors
    /// A sentence when the engine cannot be opened anew; nothing can be started then.
    pub fn reset(&self) -> Result<(), String> {
        let Some((config, room)) = self.opened.get() else { return Ok(()) };
        let Some(engine) = self.engine.write().take() else { return Ok(()) };
        engine.close();
        self.board.clear();
        self.waiting.clear();
        self.redrives.clear();
        if let Some(folder) = &config.directory {
            std::fs::remove_dir_all(folder)
                .map_err(|error| format!("executions cannot be removed: {error}"))?;
        }
        let engine = Engine::open(config.clone(), room.clone()).map_err(|error| error.to_string())?;
        *self.engine.write() = Some(engine);
        Ok(())
    }

    /// Has tasks done until told to stop, and then closes the engine: what was acknowledged is on disk.
    pub async fn run(self: Arc<Self>, stopped: watch::Receiver<bool>) {
        let writer = self.log_writer.lock().take();
        // A thread of its own: the runtime's blocking ones are for work that ends by itself.
        let writer = writer.and_then(|(writer, logs)| {
            let thread = std::thread::Builder::new().name("execution-logs".to_owned());
            thread.spawn(move || writer.run(&*logs)).ok()
        });
        let desk = self.desk.lock().take();
        if let Some(desk) = desk {
            desk.run(self.clone(), stopped).await;
        }
        let engine = self.engine.write().take();
        let room = self.opened.get().map(|(_, room)| room.clone());
        let end = move || {
            if let Some(engine) = engine {
                engine.close();
            }
            // Nothing is logged any more: the writer ends behind the last line.
            if let Some(room) = room {
                room.close_log();
            }
            writer.is_none_or(|writer| writer.join().is_ok())
        };
        if !tokio::task::spawn_blocking(end).await.unwrap_or(false) {
            tracing::error!("the execution engine or its log did not close");
        }
    }

    /// Puts an order on the desk.
    pub(crate) fn order(&self, order: Order) {
        if let Some((_, room)) = self.opened.get() {
            room.order(order);
        }
    }

    /// The engine.
    pub(crate) fn engine(&self) -> Result<Engine, Fault> {
        self.engine.read().clone().ok_or_else(|| Fault::internal("The execution engine is not open."))
    }

    /// What serves tasks of this resource type.
    pub(crate) fn integration(&self, resource_type: &str) -> Option<Arc<dyn Integration>> {
        self.integrations.get()?.iter().find(|one| one.serves(resource_type)).cloned()
    }

    /// Shape of the answer of `aws-sdk:<service>:<action>`.
    pub(crate) fn answer_shape(&self, service: &str, action: &str) -> Option<&'static Shape> {
        self.calls.get()?.answer_shape(service.strip_prefix("aws-sdk:")?, action)
    }

    /// Brings the answer of a task of this cloud's own to the engine, as soon as it takes it.
    pub(crate) async fn tell(&self, token: &str, answer: TaskAnswer) {
        let Ok(engine) = self.engine() else { return };
        loop {
            match engine.answer(token, answer.clone()).await {
                Err(AnswerRefusal::Overloaded(_) | AnswerRefusal::Unavailable(_)) => {
                    tokio::time::sleep(PAUSE).await;
                }
                // Nobody waits for it any more: the task timed out or was aborted.
                Ok(()) | Err(_) => return,
            }
        }
    }

    /// Milliseconds since 1970, by the cloud's clock.
    pub(crate) fn now(&self) -> Millis {
        self.platform.clock.now()
    }

    /// One page of a list sorted by `key`; `InvalidToken` for a token this list did not make.
    pub(crate) fn page<T>(
        &self,
        purpose: &str,
        scope: &Scope,
        items: Vec<T>,
        token: Option<&str>,
        limit: Option<i32>,
        key: impl Fn(&T) -> String,
    ) -> Result<Page<T>, Fault> {
        let purpose = format!("states/{purpose}/{scope}");
        let pages = &self.platform.pages;
        pages
            .page(&purpose, items, token, Some(page_size(limit)), key)
            .map_err(|_| faults::invalid_page_token())
    }
}

/// What a caller asked of a page: 0 means the default too (API reference, `maxResults`).
pub(crate) fn page_size(asked: Option<i32>) -> usize {
    asked.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(limits::PAGE)
}

/// The built operations, for the gateway.
pub fn table(service: &Arc<States>) -> ServiceTable {
    let mut table = ServiceTable::new(&api_stepfunctions::SERVICE);
    contracts::operations!(table, *service, {
        CreateStateMachine => machine::create,
        UpdateStateMachine => machine::update,
        DescribeStateMachine => machine::describe,
        DeleteStateMachine => machine::delete,
        ListStateMachines => machine::list,
        PublishStateMachineVersion => version::publish,
        ListStateMachineVersions => version::list,
        DeleteStateMachineVersion => version::delete,
        CreateStateMachineAlias => alias::create,
        UpdateStateMachineAlias => alias::update,
        DescribeStateMachineAlias => alias::describe,
        DeleteStateMachineAlias => alias::delete,
        ListStateMachineAliases => alias::list,
        CreateActivity => activity::create,
        DescribeActivity => activity::describe,
        DeleteActivity => activity::delete,
        ListActivities => activity::list,
        GetActivityTask => activity::get_task,
        SendTaskSuccess => task::success,
        SendTaskFailure => task::failure,
        SendTaskHeartbeat => task::heartbeat,
        StartExecution => execution::start,
        StartSyncExecution => execution::start_sync,
        DescribeExecution => execution::describe,
        DescribeStateMachineForExecution => execution::describe_machine,
        GetExecutionHistory => execution::history,
        ListExecutions => execution::list,
        StopExecution => execution::stop,
        RedriveExecution => execution::redrive,
        DescribeMapRun => execution::describe_map_run,
        ListMapRuns => execution::list_map_runs,
        UpdateMapRun => execution::update_map_run,
        TestState => test_state::test_state,
        ValidateStateMachineDefinition => validate::validate,
        TagResource => tags::add,
        UntagResource => tags::remove,
        ListTagsForResource => tags::list,
    });
    table
}
