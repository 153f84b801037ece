//! Map Runs: the children of a distributed Map.
//!
//! A run belongs to its parent's shard. Its request is written with the parent's turn, the end of every child in a record
//! of its own: after a restart only children without such a record are asked for again. Their names follow from the run
//! and their place, so that asking twice starts nobody twice.
//!
//! A redrive of the parent goes on with the same run and the same children (developer guide, "Redriving Map Runs"): those
//! that did well stay as they are, the other Standard ones are redriven under their names, Express ones begin anew, and
//! items nobody came to get their children now. A child is asked for in one way only, by a start that says which attempt
//! of the run asks: its shard finds out whether it is new, or to be redriven, or has answered this attempt before a crash.

mod after_restart;
mod begin;
mod children;
mod end;
mod pump;
mod redriven;

use crate::archive::Left;
use crate::message::{Begin, ChildEnd};
use crate::{ItemSource, MapRun, MapRunStatus, Revision};
pub(super) use after_restart::Ends;
use children::Children;
pub(crate) use pump::{child_arn, child_name};
use state_machine::Millis;
use state_machine::interpret::{MapRunRequest, Start, Ticket};
use state_machine::map_run::Selection;
use state_machine::program::Program;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
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
    selection: Arc<Selection>,
    info: MapRun,
    /// Begin of this attempt.
    began: Millis,
    items: Items,
    /// Items handed out.
    next_item: u64,
    /// The next child to come to.
    next_child: u64,
    children: Children,
    /// Ends of children in this attempt that are known before they are come to (restart).
    known: HashMap<u64, Left>,
    /// Children that were open after a restart, as far as the run has not come to them.
    open: BTreeSet<u64>,
    /// An item that did not fit into the batch before.
    left_over: Option<state_machine::Value>,
    /// Items as the selector makes them, that no child has got yet.
    made: VecDeque<state_machine::Value>,
    /// The item, and its place, that is being made aside: its selector is slow.
    asked: Option<(usize, state_machine::Value)>,
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
    /// Runs that wait for room for their children.
    held: BTreeSet<Key>,
    /// What the log told of runs, until their parents are taken up.
    recovered: HashMap<Key, Recovered>,
    /// Runs that were over when the process before ended, and may be missing in the archive.
    over: Vec<after_restart::Over>,
    /// Ends of children that are not in the log yet: again with the next batch if this one fails.
    unwritten: Vec<ChildEnd>,
    /// Ended runs that the archive has not taken yet.
    unkept: Vec<(MapRun, Vec<Left>)>,
    /// Children of other shards' runs that ended before and are to go on.
    to_redrive: Vec<Begin>,
}

/// A run as the log tells it.
pub(super) struct Recovered {
    execution_arn: Arc<str>,
    began: Millis,
    request: MapRunRequest,
    /// Of this attempt, by the child's place.
    ends: HashMap<u64, Left>,
}

impl Runs {
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
    /// Most children at once.
    fn limit(&self) -> u64 {
        match self.info.max_concurrency {
            0 => MOST_CHILDREN,
            limit => limit.min(MOST_CHILDREN),
        }
    }

    /// More failed than may fail. Without limits nothing may.
    fn failed_too_often(&self) -> bool {
        let items = &self.children.items;
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

    /// What DescribeMapRun tells.
    fn told(&self) -> MapRun {
        MapRun { items: self.children.items, executions: self.children.executions, ..self.info.clone() }
    }
}

/// Children at once where the state sets no limit (Step Functions: 10,000).
const MOST_CHILDREN: u64 = 10_000;

/// A run's limits, before it has children. `began`: the run, or its redrive.
fn info(request: &MapRunRequest, execution_arn: &Arc<str>, began: Millis) -> MapRun {
    // …:mapRun:<machine>/<label>:<id>
    let machine = request.arn.rsplit_once(':').map_or(&*request.arn, |(machine, _)| machine);
    MapRun {
        arn: request.arn.clone(),
        execution_arn: execution_arn.clone(),
        machine_arn: machine.replacen(":mapRun:", ":stateMachine:", 1).into(),
        status: MapRunStatus::Running,
        started: began,
        stopped: None,
        max_concurrency: request.max_concurrency,
        tolerated_percentage: request.tolerated.0,
        tolerated_count: request.tolerated.1,
        items: crate::Counts::default(),
        executions: crate::Counts::default(),
        redrives: (request.redrives, (request.redrives > 0).then_some(began)),
        express: request.express,
    }
}
