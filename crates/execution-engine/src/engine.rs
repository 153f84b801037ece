//! The engine as its users see it: calls become messages to shards, closed executions are read from the archive.

use crate::archive::Archive;
use crate::inbox::{Inbox, Refused};
use crate::log::Log;
use crate::message::{Begin, Message, StartReply, Trail};
use crate::programs::Programs;
use crate::token::Tokens;
use crate::{
    AnswerRefusal, ChangeRefusal, EngineConfig, EngineError, Execution, HistoryPage, ListCursor, ListFilter,
    ListOf, ListPage, MapRun, MapRunUpdate, NewExecution, Outside, StartRefusal, Status, Unreadable,
    express_list, history, listing, open,
};
use state_machine::Millis;
use state_machine::history::Failure;
use state_machine::interpret::TaskAnswer;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Share of the inbox for calls that begin something; what ends or reads something may have more.
const SHARE_OF_STARTS: usize = 80;
const SHARE_OF_READS: usize = 90;
const WHOLE: usize = 100;

/// Runs executions. Cheap to clone; the last clone that goes closes it.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) shards: Vec<Arc<Inbox<Message>>>,
    pub(crate) logs: Vec<Arc<Log>>,
    pub(crate) archive: Arc<Archive>,
    pub(crate) programs: Arc<Programs>,
    pub(crate) tokens: Tokens,
    pub(crate) archivist: Arc<Inbox<crate::shard::Keep>>,
    pub(crate) threads: parking_lot::Mutex<Vec<JoinHandle<()>>>,
    pub(crate) aside: Arc<crate::aside::Threads>,
    pub(crate) keeper: parking_lot::Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn stop(&self) {
        self.shards.iter().for_each(|inbox| inbox.close());
        let threads = std::mem::take(&mut *self.threads.lock());
        threads.into_iter().for_each(join);
        self.aside.close().into_iter().for_each(join);
        // The shards' last executions are kept, then the keeper goes.
        self.archivist.close();
        self.keeper.lock().take().into_iter().for_each(join);
    }
}

fn join(thread: JoinHandle<()>) {
    // The last clone may go in a callback of the engine's own thread, which cannot wait for itself.
    if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
        tracing::error!("a thread of the execution engine panicked");
    }
}

impl Engine {
    /// Opens the folder of `config` (or begins empty in memory), takes up every open execution where it stood, and
    /// dispatches tasks again whose answer is missing ([`crate::Dispatch::again`]).
    pub fn open(config: EngineConfig, outside: Arc<dyn Outside>) -> Result<Engine, EngineError> {
        Ok(Engine { shared: Arc::new(open::open(&config, outside)?) })
    }

    /// Stops all threads when everything taken so far is durable. Executions go on at the next [`Engine::open`];
    /// asynchronous Express ones begin anew there, synchronous ones are lost.
    pub fn close(self) {
        self.shared.stop();
    }

    /// Starts an execution; answered with its start time when it is durable (for Express: when its start is).
    pub async fn start(&self, new: NewExecution) -> Result<Millis, StartRefusal> {
        let (reply, answer) = oneshot::channel();
        self.begin(new, StartReply::Started(reply))?;
        answer.await.map_err(|_| closed_start())?
    }

    /// Starts an Express execution and waits for its end.
    pub async fn start_sync(&self, new: NewExecution) -> Result<Execution, StartRefusal> {
        let (reply, answer) = oneshot::channel();
        self.begin(new, StartReply::Ended(reply))?;
        answer.await.map_err(|_| closed_start())?
    }

    /// Stops an execution; answered with the time of its end.
    pub async fn stop(&self, arn: &str, failure: Failure) -> Result<Millis, ChangeRefusal> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Stop { arn: arn.into(), failure, reply };
        self.change(self.shard_of(arn), message)?;
        match answer.await.map_err(|_| closed_change())? {
            // Not open: it may have ended long ago.
            Err(ChangeRefusal::NotFound) => Err(self.closed_status(arn)?),
            other => other,
        }
    }

    /// Goes on with an execution that failed, timed out or was aborted; answered with the time of the redrive.
    pub async fn redrive(&self, arn: &str) -> Result<Millis, ChangeRefusal> {
        let (reply, answer) = oneshot::channel();
        self.change(self.shard_of(arn), Message::Redrive { arn: arn.into(), reply })?;
        answer.await.map_err(|_| closed_change())?
    }

    /// Brings the answer of a task; answered when it is durable.
    pub async fn answer(&self, token: &str, answer: TaskAnswer) -> Result<(), AnswerRefusal> {
        self.bring(token, answer, None).await
    }

    /// The same from a caller of `<region>:<account>`: the token of an execution elsewhere is none to it (API reference,
    /// `SendTaskSuccess`: tokens work within the account only).
    pub async fn answer_from(
        &self,
        scope: &str,
        token: &str,
        answer: TaskAnswer,
    ) -> Result<(), AnswerRefusal> {
        self.bring(token, answer, Some(scope.into())).await
    }

    async fn bring(
        &self,
        token: &str,
        answer: TaskAnswer,
        from: Option<Arc<str>>,
    ) -> Result<(), AnswerRefusal> {
        let task = self.shared.tokens.open(token).ok_or(AnswerRefusal::InvalidToken)?;
        let inbox = self.shared.shards.get(usize::from(task.shard)).ok_or(AnswerRefusal::InvalidToken)?;
        let (reply, received) = oneshot::channel();
        inbox.send(Message::Answer { task, answer, from, reply }, WHOLE).map_err(
            |refused| match refused {
                Refused::Full(_) => AnswerRefusal::Overloaded(FULL.to_owned()),
                Refused::Closed(_) => AnswerRefusal::Unavailable(CLOSED.to_owned()),
            },
        )?;
        received.await.map_err(|_| AnswerRefusal::Unavailable(CLOSED.to_owned()))?
    }

    /// The task with this token as it was dispatched, but for [`crate::Dispatch::again`], which is false; `None` when its
    /// answer is not awaited any more. For whoever does not keep dispatches.
    pub async fn task(&self, token: &str) -> Result<Option<crate::Dispatch>, Unreadable> {
        let Some(task) = self.shared.tokens.open(token) else { return Ok(None) };
        if usize::from(task.shard) >= self.shared.shards.len() {
            return Ok(None);
        }
        let (reply, answer) = oneshot::channel();
        self.read(usize::from(task.shard), Message::Task { task, reply })?;
        answer.await.map_err(|_| closed_read())?
    }

    /// One execution; `None`: there is none (Express executions are never shown).
    pub async fn describe(&self, arn: &str) -> Result<Option<Execution>, Unreadable> {
        let (reply, answer) = oneshot::channel();
        self.read(self.shard_of(arn), Message::Describe { arn: arn.into(), reply })?;
        if let Some(execution) = answer.await.map_err(|_| closed_read())? {
            return Ok(Some(execution));
        }
        let Some(closed) = self.shared.archive.execution(arn)? else { return Ok(None) };
        let mut execution = closed.execution;
        if let (Some(run), true) = (&execution.start.map_run, execution.awaits_redrive(0)) {
            let reach = self.redrive_reach(run).await?;
            execution.pend(reach);
        }
        Ok(Some(execution))
    }

    /// How far the redrive of a Map Run has come; `None`: none is under way.
    async fn redrive_reach(&self, run: &Arc<str>) -> Result<Option<u64>, Unreadable> {
        for shard in 0..self.shared.shards.len() {
            let (reply, answer) = oneshot::channel();
            self.read(shard, Message::RedriveReach { arn: run.clone(), reply })?;
            if let Some(reach) = answer.await.map_err(|_| closed_read())? {
                return Ok(Some(reach));
            }
        }
        Ok(None)
    }

    /// A page of executions, newest first: at most `limit`; fewer, or none, while a filter passes over many.
    pub async fn list(
        &self,
        filter: ListFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<ListPage, Unreadable> {
        let reach = match &filter.of {
            ListOf::MapRun(run) => self.redrive_reach(run).await?,
            ListOf::Machine(_) => None,
        };
        let filter = Arc::new(filter);
        let mut answers = Vec::new();
        for shard in 0..self.shared.shards.len() {
            let (reply, answer) = oneshot::channel();
            let (filter, after) = (filter.clone(), after.clone());
            // One more than asked for shows whether there is a next page.
            self.read(shard, Message::List { filter, reach, after, limit: limit + 1, reply })?;
            answers.push(answer);
        }
        let mut open = Vec::new();
        for answer in answers {
            open.push(answer.await.map_err(|_| closed_read())?);
        }
        if let ListOf::MapRun(run) = &filter.of {
            open.extend(self.express_children(run, &filter, after.as_ref(), limit + 1).await?);
        }
        let mut closed = self.shared.archive.list(&filter, reach, after.as_ref(), limit + 1)?;
        if filter.admits_the_past() {
            self.drop_reopened(&mut closed.executions).await?;
        }
        Ok(listing::merge(open, closed, limit))
    }

    /// Children of a Map Run that are Express executions; `None`: it has none.
    async fn express_children(
        &self,
        run: &Arc<str>,
        filter: &Arc<ListFilter>,
        after: Option<&ListCursor>,
        limit: usize,
    ) -> Result<Option<listing::Listed>, Unreadable> {
        for shard in 0..self.shared.shards.len() {
            let (reply, answer) = oneshot::channel();
            let (run, filter, after) = (run.clone(), filter.clone(), after.cloned());
            self.read(shard, Message::ExpressChildren { run, filter, after, limit, reply })?;
            if let Some(found) = answer.await.map_err(|_| closed_read())? {
                return Ok(Some(found));
            }
        }
        let archive = &self.shared.archive;
        let Some(told) = archive.map_run(run)?.filter(|told| told.express) else { return Ok(None) };
        let left = archive.left(run)?;
        Ok(Some(express_list::page(&told, express_list::Row::all(&left), filter, after, limit)))
    }

    /// Of executions that ended, those that were redriven since are not what the archive says of them.
    async fn drop_reopened(&self, closed: &mut Vec<Execution>) -> Result<(), Unreadable> {
        let mut answers = Vec::new();
        for execution in closed.iter().filter(|execution| execution.status != Status::Succeeded) {
            let (reply, answer) = oneshot::channel();
            let arn = execution.start.arn.clone();
            self.read(self.shard_of(&arn), Message::Describe { arn, reply })?;
            answers.push(answer);
        }
        let mut open = std::collections::HashSet::new();
        for answer in answers {
            let found = answer.await.map_err(|_| closed_read())?;
            open.extend(found.map(|execution| execution.start.arn));
        }
        closed.retain(|execution| !open.contains(&execution.start.arn));
        Ok(())
    }

    /// A page of the history of an execution: at most `limit` events after the event `after`, newest first with
    /// `reverse`. `None`: there is no such execution.
    pub async fn history(
        &self,
        arn: &str,
        reverse: bool,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Option<HistoryPage>, Unreadable> {
        let shard = self.shard_of(arn);
        // Between answer and reading, the execution may move (close, be tidied): then once more.
        for attempt in 0.. {
            let (reply, answer) = oneshot::channel();
            self.read(shard, Message::Trail { arn: arn.into(), reply })?;
            let trail: Option<Trail> = answer.await.map_err(|_| closed_read())?;
            let asked = history::Asked { reverse, after, limit };
            let page = match trail {
                Some(trail) => {
                    history::of_open(&self.shared.logs[shard], &self.shared.archive, &trail, asked)
                }
                None => match self.shared.archive.execution(arn)? {
                    Some(closed) => history::of_closed(&self.shared.archive, &closed, asked),
                    None => return Ok(None),
                },
            };
            match page {
                Err(error) if attempt == 3 => return Err(error),
                Err(_) => {}
                Ok(page) => return Ok(Some(page)),
            }
        }
        Ok(None)
    }

    /// Text of the definition that executions of this revision run, as long as one of them can be seen.
    pub fn definition(&self, revision: &str) -> Result<Option<Arc<str>>, Unreadable> {
        Ok(self.shared.archive.definition(revision)?.map(|kept| kept.definition.clone()))
    }

    /// One Map Run.
    pub async fn map_run(&self, arn: &str) -> Result<Option<MapRun>, Unreadable> {
        for shard in 0..self.shared.shards.len() {
            let (reply, answer) = oneshot::channel();
            self.read(shard, Message::MapRun { arn: arn.into(), reply })?;
            if let Some(run) = answer.await.map_err(|_| closed_read())? {
                return Ok(Some(run));
            }
        }
        self.shared.archive.map_run(arn)
    }

    /// The Map Runs of an execution, newest first.
    pub async fn map_runs(&self, execution: &str) -> Result<Vec<MapRun>, Unreadable> {
        let (reply, answer) = oneshot::channel();
        self.read(self.shard_of(execution), Message::MapRunsOf { execution: execution.into(), reply })?;
        let mut runs: Vec<MapRun> = answer.await.map_err(|_| closed_read())?;
        for run in self.shared.archive.map_runs(execution)? {
            if !runs.iter().any(|other| other.arn == run.arn) {
                runs.push(run);
            }
        }
        runs.sort_by(|a, b| (b.started, &b.arn).cmp(&(a.started, &a.arn)));
        Ok(runs)
    }

    /// Changes the limits of a running Map Run.
    pub async fn update_map_run(&self, arn: &str, update: MapRunUpdate) -> Result<(), ChangeRefusal> {
        for shard in 0..self.shared.shards.len() {
            let (reply, answer) = oneshot::channel();
            self.change(shard, Message::UpdateMapRun { arn: arn.into(), update, reply })?;
            match answer.await.map_err(|_| closed_change())? {
                Err(ChangeRefusal::NotFound) => {}
                done => return done,
            }
        }
        Err(ChangeRefusal::NotFound)
    }

    /// Forgets closed executions of a state machine that is deleted, some of them at every call: their names are free for
    /// a machine that is made again under this ARN. True when none is left; false: call again, since more are there, or
    /// some are open or on their way into the archive. Nothing may start executions of this machine meanwhile.
    pub async fn forget_machine(&self, machine_arn: &str) -> Result<bool, Unreadable> {
        let mut answers = Vec::new();
        for shard in 0..self.shared.shards.len() {
            let (reply, answer) = oneshot::channel();
            let forget = Message::Forget { machine: machine_arn.into(), reply };
            self.change(shard, forget).map_err(|refusal| Unreadable(refusal.to_string()))?;
            answers.push(answer);
        }
        for answer in answers {
            match answer.await.map_err(|_| closed_read())? {
                Ok(()) => {}
                Err(ChangeRefusal::Status(_)) => return Ok(false),
                Err(refusal) => return Err(Unreadable(refusal.to_string())),
            }
        }
        self.shared.archive.forget_some(machine_arn)
    }

    fn begin(&self, new: NewExecution, reply: StartReply) -> Result<(), StartRefusal> {
        let program = self.shared.programs.get(&new.revision)?;
        let shard = self.shard_of(&new.start.arn);
        let begin = Box::new(Begin { new, program, reply });
        self.shared.shards[shard].send(Message::Start(begin), SHARE_OF_STARTS).map_err(
            |refused| match refused {
                Refused::Full(_) => StartRefusal::Overloaded(FULL.to_owned()),
                Refused::Closed(_) => closed_start(),
            },
        )
    }

    fn change(&self, shard: usize, message: Message) -> Result<(), ChangeRefusal> {
        self.shared.shards[shard].send(message, WHOLE).map_err(|refused| match refused {
            Refused::Full(_) => ChangeRefusal::Overloaded(FULL.to_owned()),
            Refused::Closed(_) => closed_change(),
        })
    }

    fn read(&self, shard: usize, message: Message) -> Result<(), Unreadable> {
        self.shared.shards[shard]
            .send(message, SHARE_OF_READS)
            .map_err(|refused| Unreadable(why(&refused).to_owned()))
    }

    fn shard_of(&self, arn: &str) -> usize {
        shard_of(hash(arn), self.shared.shards.len())
    }

    fn closed_status(&self, arn: &str) -> Result<ChangeRefusal, ChangeRefusal> {
        let closed =
            self.shared.archive.execution(arn).map_err(|error| ChangeRefusal::Unavailable(error.0))?;
        Ok(closed.map_or(ChangeRefusal::NotFound, |closed| ChangeRefusal::Status(closed.execution.status)))
    }
}

/// The hash by which executions are spread and found: FNV-1a with a final mix. It stands in the log; it never changes.
pub(crate) fn hash(arn: &str) -> u64 {
    hash_of_parts(arn, "")
}

/// The same of an ARN in two parts.
pub(crate) fn hash_of_parts(head: &str, tail: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in head.bytes().chain(tail.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

/// The shard of an execution.
pub(crate) fn shard_of(hash: u64, shards: usize) -> usize {
    // The upper half: the lower one picks places in tables.
    usize::try_from(hash >> 32).unwrap_or(0) % shards.max(1)
}

pub(crate) const FULL: &str = "too much is waiting";
const CLOSED: &str = "the engine was closed";

fn why<T>(refused: &Refused<T>) -> &'static str {
    match refused {
        Refused::Full(_) => FULL,
        Refused::Closed(_) => CLOSED,
    }
}

fn closed_start() -> StartRefusal {
    StartRefusal::Unavailable(CLOSED.to_owned())
}

fn closed_change() -> ChangeRefusal {
    ChangeRefusal::Unavailable(CLOSED.to_owned())
}

fn closed_read() -> Unreadable {
    Unreadable(CLOSED.to_owned())
}
