//! Map Runs: the children of a distributed Map.
//!
//! A run belongs to its parent's shard. Its request is written with the parent's turn, the end of every child in a record
//! of its own: after a restart only children without such a record are asked for again. Their names follow from the run
//! and their place, so that asking twice starts nobody twice.

mod begin;
mod end;
mod pump;

use crate::message::ChildPlace;
use crate::{Counts, ItemSource, MapRun, MapRunStatus, Revision};
use state_machine::Millis;
use state_machine::history::Payload;
use state_machine::interpret::{MapRunRequest, Outcome, Start, Ticket};
use state_machine::map_run::Selection;
use state_machine::program::Program;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Number of the parent and ticket of the run.
pub(super) type Key = (u64, Ticket);

/// A run under way.
pub(super) struct Run {
    /// Slot of the parent.
    place: u32,
    parent: Arc<Start>,
    request: Arc<MapRunRequest>,
    program: Arc<Program>,
    /// What children run: the parent's revision under its own kind.
    revision: Arc<Revision>,
    selection: Selection,
    info: MapRun,
    items: Items,
    /// Items handed out.
    next_item: u64,
    /// Children begun or known to have ended.
    next_child: u64,
    /// Items of every child, where children get batches.
    sizes: Vec<u32>,
    /// Outputs of children that did well, by place.
    outputs: Vec<Option<Payload>>,
    /// Ends of children that are known before they are asked for (restart, redrive).
    known: HashMap<u64, Outcome>,
    running: BTreeSet<u64>,
    /// An item that did not fit into the batch before.
    left_over: Option<state_machine::Value>,
    /// No item is left.
    exhausted: bool,
}

/// Where items come from.
enum Items {
    /// From the state's input.
    Here(Arc<Vec<state_machine::Value>>),
    /// From an object.
    There(std::iter::Peekable<ItemSource>),
}

/// The Map Runs whose parents are in this shard.
#[derive(Default)]
pub(super) struct Runs {
    active: BTreeMap<Key, Run>,
    /// Runs that may go on.
    ready: BTreeSet<Key>,
    /// What the log told of runs, until their parents are taken up.
    recovered: HashMap<Key, Recovered>,
    /// Ends of children that are not in the log yet: again with the next batch if this one fails.
    unwritten: Vec<(ChildPlace, Outcome)>,
}

/// A run as the log tells it.
pub(super) struct Recovered {
    pub(super) began: Millis,
    pub(super) request: MapRunRequest,
    pub(super) ends: HashMap<u64, Outcome>,
}

/// Runs while the log is read.
#[derive(Default)]
pub(super) struct Ends {
    runs: HashMap<Key, Recovered>,
}

impl Ends {
    pub(super) fn run(&mut self, parent: u64, began: Millis, request: MapRunRequest) {
        let key = (parent, request.ticket);
        match self.runs.get_mut(&key) {
            // Its limits were changed.
            Some(known) => known.request = request,
            None => drop(self.runs.insert(key, Recovered { began, request, ends: HashMap::new() })),
        }
    }

    pub(super) fn put(&mut self, place: ChildPlace, outcome: Outcome) {
        if let Some(run) = self.runs.get_mut(&(place.parent, Ticket(place.ticket))) {
            run.ends.insert(place.index, outcome);
        }
    }

    /// Drops the runs of an execution that needs them no more.
    pub(super) fn ended(&mut self, parent: u64) {
        self.runs.retain(|(number, _), _| *number != parent);
    }
}

impl Runs {
    pub(super) fn restore(&mut self, ends: Ends) {
        self.recovered = ends.runs;
    }

    /// Whether an execution has runs: its records are then not moved.
    pub(super) fn of(&self, number: u64) -> bool {
        let range = (number, Ticket(0))..=(number, Ticket(u64::MAX));
        self.active.range(range).next().is_some()
            || self.recovered.keys().any(|(parent, _)| *parent == number)
    }

    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }
}

impl Run {
    /// Items of a child.
    fn size(&self, child: u64) -> u64 {
        let size = usize::try_from(child).ok().and_then(|child| self.sizes.get(child));
        size.map_or(1, |size| u64::from(*size))
    }

    /// Most children at once.
    fn limit(&self) -> u64 {
        match self.info.max_concurrency {
            0 => MOST_CHILDREN,
            limit => limit.min(MOST_CHILDREN),
        }
    }

    /// More failed than may fail. Without limits nothing may.
    fn failed_too_often(&self) -> bool {
        let items = &self.info.items;
        let failed = items.failed + items.timed_out + items.aborted;
        let (percentage, count) = (self.info.tolerated_percentage, self.info.tolerated_count);
        if failed == 0 {
            return false;
        }
        if percentage <= 0.0 && count == 0 {
            return true;
        }
        #[expect(clippy::cast_precision_loss, reason = "a share of at most some millions")]
        let share = failed as f64 * 100.0 / items.total.max(1) as f64;
        let whole = self.exhausted || matches!(self.items, Items::Here(_)) && self.request.batch.is_none();
        (count > 0 && failed > count) || (percentage > 0.0 && whole && share > percentage)
    }

    fn count(&mut self, child: u64, change: impl Fn(&mut Counts, u64)) {
        let size = self.size(child);
        change(&mut self.info.items, size);
        change(&mut self.info.executions, 1);
    }
}

/// Children at once where the state sets no limit (Step Functions: 10,000).
const MOST_CHILDREN: u64 = 10_000;

/// A new run's counters and limits.
fn info(request: &MapRunRequest, parent: &Start, began: Millis) -> MapRun {
    let label = request.arn.rsplit_once(':').map_or(&*request.arn, |(head, _)| head);
    let label = label.rsplit_once('/').map_or("", |(_, label)| label);
    MapRun {
        arn: request.arn.clone(),
        execution_arn: parent.arn.clone(),
        machine_arn: format!("{}/{label}", parent.machine_arn).into(),
        status: MapRunStatus::Running,
        started: began,
        stopped: None,
        max_concurrency: request.max_concurrency,
        tolerated_percentage: request.tolerated.0,
        tolerated_count: request.tolerated.1,
        items: Counts::default(),
        executions: Counts::default(),
        redrives: (request.redrives, (request.redrives > 0).then_some(began)),
    }
}
