//! The world around the simulated engine.

use crate::aside::{Aside, Job};
use crate::clock::Clock;
use crate::shard::mix;
use crate::{Dispatch, Execution, ItemSource, Outside, Status};
use parking_lot::Mutex;
use state_machine::Millis;
use state_machine::guard::Watch;
use state_machine::history::Event;
use state_machine::interpret::{MapRunRequest, Start, Ticket};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Hands of the clocks.
#[derive(Default)]
pub(super) struct Hands {
    pub(super) steady: u64,
    pub(super) wall: Millis,
}

/// Remembers what it was told.
#[derive(Default)]
pub(super) struct World {
    pub(super) hands: Mutex<Hands>,
    pub(super) told: Mutex<Told>,
    /// Lots that decide which evaluations are too long.
    pub(super) lots: AtomicU64,
    /// Slow turns that are not run yet.
    pub(super) jobs: Mutex<Vec<Job>>,
}

/// What was told.
#[derive(Default)]
pub(super) struct Told {
    /// Tasks that wait for an answer, by key.
    pub(super) tasks: BTreeMap<Arc<str>, Dispatch>,
    /// Keys that were dispatched as new.
    pub(super) fresh: BTreeSet<Arc<str>>,
    /// Keys whose final answer was acknowledged.
    pub(super) answered: BTreeSet<Arc<str>>,
    pub(super) dispatched: u64,
    /// Items of Map Runs, by the ARN of the child, whose worker failed once.
    pub(super) failed: BTreeSet<Arc<str>>,
    /// How often Express executions ended, by name.
    pub(super) express: BTreeMap<Arc<str>, u64>,
    /// Promises that were broken.
    pub(super) broken: Vec<String>,
}

impl Clock for World {
    fn steady(&self) -> Duration {
        Duration::from_millis(self.hands.lock().steady)
    }
    fn wall(&self) -> Millis {
        self.hands.lock().wall
    }
}

/// Time stands while a turn runs; which evaluation is too long is drawn.
impl Watch for World {
    fn steady(&self) -> Duration {
        Duration::ZERO
    }
    fn cpu(&self) -> Duration {
        Duration::ZERO
    }
    fn strikes(&self) -> bool {
        mix(self.lots.fetch_add(1, Ordering::Relaxed)).is_multiple_of(3)
    }
}

impl Aside for World {
    fn work(&self, job: Job) {
        self.jobs.lock().push(job);
    }
}

impl Outside for World {
    fn now(&self) -> Millis {
        self.hands.lock().wall
    }

    fn activity_exists(&self, arn: &str) -> bool {
        arn.ends_with(":work")
    }

    fn dispatch(&self, dispatch: Dispatch) {
        let mut told = self.told.lock();
        told.dispatched += 1;
        let key = dispatch.key.clone();
        if told.answered.contains(&key) {
            told.broken
                .push(format!("{key} of {} was answered and is dispatched again", dispatch.execution.name));
        }
        if !dispatch.again && !told.fresh.insert(key.clone()) {
            told.broken.push(format!("{key} of {} is dispatched twice as new", dispatch.execution.name));
        }
        told.tasks.insert(key, dispatch);
    }

    fn cancel(&self, execution_arn: &str, ticket: Ticket) {
        let mut told = self.told.lock();
        told.tasks.retain(|_, task| *task.execution.arn != *execution_arn || task.task.ticket != ticket);
    }

    fn map_run_items(&self, _request: &MapRunRequest) -> Option<ItemSource> {
        None
    }
    fn events(&self, _execution: &Start, _revision: &str, _redrives: u32, _events: &[Event]) {}
    fn ended(&self, execution: &Execution) {
        // Children of Map Runs are judged by their runs.
        if !execution.start.express || execution.start.map_run.is_some() {
            return;
        }
        let mut told = self.told.lock();
        // When the time of day is set forward by an hour while an expression runs aside, its five minutes are over.
        let late = execution.status == Status::TimedOut && execution.start.name.contains("bomb");
        if execution.status != Status::Succeeded && !late {
            let what = format!("{} ended as {:?}", execution.start.name, execution.status);
            told.broken.push(what);
        }
        *told.express.entry(execution.start.name.clone()).or_default() += 1;
    }
}
