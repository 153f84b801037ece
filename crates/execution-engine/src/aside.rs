//! Turns whose evaluations take long, on threads of their own.
//!
//! A shard tries a turn with small bounds first; one that passes them is thrown away and comes here, with a copy of its
//! execution ([`crate::shard`], `aside`). Every shard has one such thread, made when it is first needed: it takes what the
//! shards leave of the processors, and one execution's bombs wait for each other, not the others for them.

use crate::Outside;
use crate::inbox::Inbox;
use crate::message::Message;
use crate::shard::{Activities, Draws, Given, Turned, run_turn};
use crate::token::{TaskName, Tokens};
use parking_lot::Mutex;
use state_machine::guard::{Cancel, Guard, QUICK, Watch};
use state_machine::interpret::{Execution, Stale, Ticket, Wake};
use state_machine::map_run::Selection;
use state_machine::{Millis, Value};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// What is done aside.
pub(crate) enum Job {
    Turn(Box<TurnJob>),
    Item(Box<ItemJob>),
}

/// An item of a Map Run, for its selector.
pub(crate) struct ItemJob {
    pub(crate) shard: u16,
    /// Number of the parent and ticket of the run.
    pub(crate) key: (u64, Ticket),
    pub(crate) selection: Arc<Selection>,
    pub(crate) index: usize,
    pub(crate) item: Value,
    /// The time the selector reads.
    pub(crate) began: Millis,
    pub(crate) seed: u64,
}

/// A turn to be run aside.
pub(crate) struct TurnJob {
    pub(crate) shard: u16,
    pub(crate) slot: u32,
    pub(crate) number: u64,
    /// Hash of the execution, as it stands in its tokens.
    pub(crate) hash: u64,
    pub(crate) tokens: Tokens,
    pub(crate) outside: Arc<dyn Outside>,
    /// As it is in the log.
    pub(crate) execution: Execution,
    pub(crate) wake: Wake,
    pub(crate) now: Millis,
    pub(crate) seed: u64,
    pub(crate) budget: usize,
    pub(crate) cancel: Cancel,
}

/// A turn that was run aside.
pub(crate) struct Worked {
    pub(crate) slot: u32,
    pub(crate) number: u64,
    pub(crate) wake: Wake,
    pub(crate) now: Millis,
    /// After the turn.
    pub(crate) execution: Execution,
    pub(crate) turned: Result<Turned, Stale>,
    /// It counts for nothing.
    pub(crate) is_cancelled: bool,
}

/// Where jobs are done. A shard has one turn here at a time, and one item of each run.
pub(crate) trait Aside: Send + Sync {
    /// Takes a job; its result comes as [`Message::Worked`] or [`Message::Selected`].
    fn work(&self, job: Job);
}

impl Job {
    /// The shard that waits for it.
    pub(crate) fn shard(&self) -> u16 {
        match self {
            Job::Turn(job) => job.shard,
            Job::Item(job) => job.shard,
        }
    }

    /// Does it; what is told to the shard.
    pub(crate) fn run(self, watch: &dyn Watch) -> Message {
        match self {
            Job::Turn(job) => Message::Worked(Box::new(job.run(watch))),
            Job::Item(job) => {
                let ItemJob { key, selection, index, item, began, seed, .. } = *job;
                let (cancel, mut draws) = (Cancel::default(), Draws::new(seed));
                let guard = Guard::full(watch, &cancel);
                let input = selection.input_within(index, &item, began, &mut || draws.next(), &guard);
                Message::Selected { key, index, input }
            }
        }
    }
}

impl TurnJob {
    /// Runs it, every evaluation with its whole time.
    pub(crate) fn run(self, watch: &dyn Watch) -> Worked {
        let TurnJob {
            shard,
            slot,
            number,
            hash,
            tokens,
            outside,
            mut execution,
            wake,
            now,
            seed,
            budget,
            cancel,
        } = self;
        let state = execution.next_state();
        let token = |ticket| tokens.seal(TaskName { shard, hash, number, ticket });
        let guard = Guard::full(watch, &cancel);
        let given = Given { now, token: &token, budget };
        let activities = &mut Activities::asked(&*outside);
        let turned =
            run_turn(&mut execution, wake.clone(), &given, &mut Draws::new(seed), activities, &guard);
        // A state that was taken for slow by mistake, for the machine stood, is tried in the shard the next time.
        if let Some(state) =
            state.filter(|_| !cancel.is_cancelled() && guard.longest() < Duration::from_millis(QUICK))
        {
            execution.program().mark(state, false);
        }
        Worked { slot, number, wake, now, execution, turned, is_cancelled: cancel.is_cancelled() }
    }
}

/// Threads, one for each shard.
pub(crate) struct Threads {
    lanes: Vec<Mutex<Option<Lane>>>,
    inboxes: Vec<Arc<Inbox<Message>>>,
    watch: Arc<dyn Watch + Send + Sync>,
}

struct Lane {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
}

/// How much less than a shard such a thread gets of a processor that both want (nice(2)).
const NICE: i32 = 5;

impl Threads {
    pub(crate) fn new(inboxes: &[Arc<Inbox<Message>>], watch: Arc<dyn Watch + Send + Sync>) -> Threads {
        let lanes = inboxes.iter().map(|_| Mutex::new(None)).collect();
        Threads { lanes, inboxes: inboxes.to_vec(), watch }
    }

    fn lane(&self, shard: u16) -> std::io::Result<Lane> {
        let (jobs, taken) = channel::<Job>();
        let (inbox, watch) = (self.inboxes[usize::from(shard)].clone(), self.watch.clone());
        let run = move || {
            if let Err(error) = rustix::process::nice(NICE) {
                tracing::debug!(%error, "slow expressions run at the priority of all others");
            }
            while let Ok(job) = taken.recv() {
                // Of what is left when the engine closes nobody would learn the result.
                if !inbox.is_closed() {
                    inbox.force(job.run(&*watch));
                }
            }
        };
        let thread = std::thread::Builder::new().name(format!("expressions-{shard}")).spawn(run)?;
        Ok(Lane { jobs, thread })
    }

    /// Ends them when they have done what they are at.
    pub(crate) fn close(&self) -> Vec<JoinHandle<()>> {
        self.lanes.iter().filter_map(|lane| lane.lock().take()).map(|lane| lane.thread).collect()
    }
}

impl Aside for Threads {
    fn work(&self, job: Job) {
        let shard = job.shard();
        let mut lane = self.lanes[usize::from(shard)].lock();
        if lane.is_none() {
            match self.lane(shard) {
                Ok(made) => *lane = Some(made),
                Err(error) => {
                    tracing::warn!(%error, "no thread for slow expressions: they hold up their shard");
                }
            }
        }
        let left = match &*lane {
            Some(lane) => lane.jobs.send(job).err().map(|left| left.0),
            None => Some(job),
        };
        if let Some(job) = left {
            self.inboxes[usize::from(shard)].force(job.run(&*self.watch));
        }
    }
}
