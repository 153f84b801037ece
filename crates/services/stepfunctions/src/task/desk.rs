//! Has the engine's tasks done: work for activities goes to the board, calls of services run here.

use super::held::{Held, Shelf};
use super::integration::{Attempt, Outcome};
use super::waiting::{self, Waiting};
use crate::activity::{self, Board};
use crate::log::Log;
use crate::service::States;
use crate::{machine, role};
use contracts::{Platform, new_uuid};
use execution_engine::{Dispatch, Execution, ItemSource, Outside};
use records::stepfunctions::StateMachine;
use state_machine::history::{Event, Failure};
use state_machine::interpret::{MapRunRequest, Start, TaskAnswer, Ticket, Work};
use state_store::typed::Scope;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};

/// Calls that run at once; the others wait as what they are: scheduled tasks of executions.
const CALLS: usize = 4096;
/// How long calls may go on when the cloud stops.
const FAREWELL: Duration = Duration::from_millis(if cfg!(test) { 20 } else { 2_000 });
/// Between two attempts to learn a task from an engine that cannot tell it at the moment.
const PAUSE: Duration = Duration::from_millis(50);

/// What the engine asked for.
pub(crate) enum Order {
    /// Have it done.
    Do(Held),
    /// An execution that a cancelled task waited for shall stop.
    Stop(Arc<str>),
    /// An awaited execution ended.
    Ended(Box<Execution>),
    /// A deleted machine has executions that must stop first.
    Delete(Scope, Arc<str>),
}

/// What the engine sees of the cloud. Its calls come from shard threads and never block.
pub(crate) struct Room {
    platform: Platform,
    board: Arc<Board>,
    waiting: Arc<Waiting>,
    log: Log,
    /// Tasks that wait for the desk.
    shelf: Arc<Shelf>,
    orders: mpsc::UnboundedSender<Order>,
}

impl Room {
    /// The room and the desk in it.
    pub(crate) fn new(
        platform: Platform,
        board: Arc<Board>,
        waiting: Arc<Waiting>,
        log: Log,
    ) -> (Room, Desk) {
        let (orders, received) = mpsc::unbounded_channel();
        let shelf = Arc::<Shelf>::default();
        (Room { platform, board, waiting, log, shelf: shelf.clone(), orders }, Desk { shelf, received })
    }

    /// No event comes any more.
    pub(crate) fn close_log(&self) {
        self.log.close();
    }

    /// Puts an order on the desk.
    pub(crate) fn order(&self, order: Order) {
        if self.orders.send(order).is_err() {
            // The cloud stops: after the next start the engine dispatches again.
            tracing::debug!("a task comes too late for this run of the cloud");
        }
    }
}

impl Outside for Room {
    fn now(&self) -> i64 {
        self.platform.clock.now()
    }

    fn activity_exists(&self, arn: &str) -> bool {
        activity::find(&self.platform, arn).is_some()
    }

    fn dispatch(&self, dispatch: Dispatch) {
        match &dispatch.task.work {
            // A worker has it already and will answer by its token.
            Work::Activity(_) if dispatch.again && dispatch.taken => {}
            Work::Activity(arn) => {
                let arn = arn.clone();
                self.board.put(&arn, dispatch);
            }
            _ => self.order(Order::Do(self.shelf.hold(dispatch))),
        }
    }

    fn cancel(&self, execution_arn: &str, ticket: Ticket) {
        self.board.cancel(execution_arn, ticket);
        if let Some(child) = self.waiting.cancel(execution_arn, ticket) {
            self.order(Order::Stop(child));
        }
    }

    fn map_run_items(&self, _: &MapRunRequest) -> Option<ItemSource> {
        // There is no store of objects yet whose items could be read.
        None
    }

    fn events(&self, execution: &Start, revision: &str, redrives: u32, events: &[Event]) {
        self.log.note(execution, revision, redrives, events);
    }

    fn ended(&self, execution: &Execution) {
        if self.waiting.is_awaited(&execution.start.arn) {
            self.order(Order::Ended(Box::new(execution.clone())));
        }
    }
}

/// Where orders arrive.
pub(crate) struct Desk {
    shelf: Arc<Shelf>,
    received: mpsc::UnboundedReceiver<Order>,
}

impl Desk {
    /// Works until told to stop. Calls that run then may end within a moment; the others are given up, and dispatched
    /// again at the next start like those that have not begun.
    pub(crate) async fn run(mut self, service: Arc<States>, mut stopped: watch::Receiver<bool>) {
        let mut calls = JoinSet::new();
        let room = Arc::new(Semaphore::new(CALLS));
        // What a crash interrupted.
        for (scope, found) in service.platform.store.list_all::<StateMachine>() {
            if found.deleting {
                service.order(Order::Delete(scope, found.id.as_str().into()));
            }
        }
        // Whose call a job is, to answer for it if it panics.
        let mut tokens: HashMap<Id, Arc<str>> = HashMap::new();
        let sweeping = service.clone();
        calls.spawn(async move { super::sweep(&sweeping).await });
        let mut place = None;
        loop {
            // Orders wait where they are small: no task of the runtime is made before there is a place for it.
            let order = tokio::select! {
                found = room.clone().acquire_owned(), if place.is_none() => {
                    place = found.ok();
                    continue;
                }
                order = self.received.recv(), if place.is_some() => order,
                _ = stopped.wait_for(|stop| *stop) => break,
                Some(done) = calls.join_next_with_id() => {
                    let token = tokens.remove(&done.as_ref().map_or_else(JoinError::id, |(id, ())| *id));
                    if let Err(error) = done && error.is_panic() {
                        tracing::error!(%error, "a task's call panicked");
                        if let Some(token) = token {
                            let service = service.clone();
                            calls.spawn(async move { service.tell(&token, panicked()).await });
                        }
                    }
                    continue;
                }
            };
            let Some(order) = order else { break };
            let (service, shelf, place) = (service.clone(), self.shelf.clone(), place.take());
            let token = if let Order::Do(held) = &order { Some(held.token().clone()) } else { None };
            let job = calls.spawn(async move {
                let _place = place;
                match order {
                    Order::Do(held) => {
                        let found = learn(&service, &held).await;
                        shelf.let_go(&held);
                        drop(held);
                        if let Some(dispatch) = found {
                            have_done(service, dispatch).await;
                        }
                    }
                    Order::Stop(child) => stop(&service, &child).await,
                    Order::Delete(scope, name) => machine::finish(&service, &scope, &name).await,
                    Order::Ended(execution) => {
                        for waiter in service.waiting.take(&execution.start.arn) {
                            service.tell(&waiter.token, waiting::answer(&execution, waiter.parsed)).await;
                        }
                    }
                }
            });
            if let Some(token) = token {
                tokens.insert(job.id(), token);
            }
        }
        // Between effect and answer is a bad place to be given up.
        let ended = async { while calls.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, ended).await.is_err() {
            tracing::debug!(calls = calls.len(), "calls of tasks are given up");
        }
    }
}

/// The whole task, as soon as the engine can tell it; `None` when nobody waits for it any more.
async fn learn(service: &States, held: &Held) -> Option<Dispatch> {
    loop {
        match held.whole(&service.engine().ok()?).await {
            Ok(found) => return found,
            Err(error) => {
                tracing::debug!(%error, "a task waits for the engine to tell it");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// What a task is told whose call ended in a fault of this program.
fn panicked() -> TaskAnswer {
    let cause = "The call ended in a fault of this cloud; its log says which.";
    TaskAnswer::Failed(Failure::new("States.TaskFailed", cause))
}

/// A child goes with the task that waited for it (developer guide, "Run a job": cancelled with its task).
async fn stop(service: &States, child: &str) {
    if let Ok(engine) = service.engine()
        && let Err(refusal) = engine.stop(child, Failure::default()).await
    {
        tracing::debug!(child, %refusal, "the execution of a cancelled task was not stopped");
    }
}

/// What a task of a function is told until there are functions.
pub(crate) fn no_function(arn: &str) -> Failure {
    let request = new_uuid();
    Failure::new(
        "Lambda.ResourceNotFoundException",
        format!(
            "Function not found: {arn}: this cloud has no Lambda yet (Service: Lambda, Status Code: 404, Request ID: {request})"
        ),
    )
}

async fn have_done(service: Arc<States>, dispatch: Dispatch) {
    let token = dispatch.task.token.clone();
    if !dispatch.taken {
        if let Err(failure) = role::check_task(&service.platform, &dispatch) {
            return service.tell(&token, TaskAnswer::StartFailed(failure)).await;
        }
        service.tell(&token, TaskAnswer::Started(None)).await;
    }
    let (resource_type, action) = match &dispatch.task.work {
        Work::Service { service, action, .. } => (service.clone(), action.clone()),
        Work::Function(arn) => {
            let failure = no_function(arn);
            return service.tell(&token, TaskAnswer::Failed(failure)).await;
        }
        // Goes to the board.
        Work::Activity(_) => return,
    };
    let mut parts = dispatch.execution.arn.split(':').skip(3);
    let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let scope = Scope::new(account, region);
    let Some(integration) = service.integration(&resource_type) else {
        let cause =
            format!("This cloud has no service '{resource_type}' yet; the call {action} was not made.");
        return service.tell(&token, TaskAnswer::Failed(Failure::new("States.TaskFailed", cause))).await;
    };
    let attempt = Attempt { service: service.clone(), scope, target: (resource_type, action), dispatch };
    match integration.run(attempt).await {
        Outcome::Answer(answer) => service.tell(&token, answer).await,
        Outcome::AnswerThen(answer, then) => {
            service.tell(&token, answer).await;
            then.await;
        }
        Outcome::Later => {}
    }
}
