//! A run begins, is changed, is looked at.

use super::{Items, Key, Run, info};
use crate::record;
use crate::shard::{Reply, Shard};
use crate::{ChangeRefusal, ItemSource, Kind, MapRun, MapRunStatus, MapRunUpdate, Revision};
use state_machine::history::Failure;
use state_machine::interpret::{MapRunAnswer, MapRunRequest, Outcome, Start, Ticket, Wake};
use state_machine::map_run::Selection;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::oneshot::Sender;

impl Shard {
    /// Writes the request of a run into the batch of the turn that makes it.
    pub(in crate::shard) fn put_run(&mut self, parent: u64, began: i64, request: &MapRunRequest) {
        let mut bytes = Vec::new();
        record::put_run(&mut bytes, parent, began, request);
        self.writer.push(&bytes);
    }

    /// A run begins: its parent's turn is durable.
    pub(in crate::shard) fn begin_run(&mut self, place: u32, start: &Arc<Start>, request: MapRunRequest) {
        let mut known = HashMap::new();
        if request.redrives > 0 {
            match self.around.archive.successes(&request.arn) {
                Ok(outputs) => {
                    known.extend(
                        outputs.into_iter().map(|(index, output)| (index, Outcome::Succeeded(output))),
                    );
                }
                Err(error) => {
                    tracing::error!(%error, "results of a redriven Map Run are lost; all items run again");
                }
            }
        }
        let began = self.clock.last();
        self.set_up(place, start, request, began, known);
    }

    /// A run goes on after a restart.
    pub(in crate::shard) fn resume_run(&mut self, place: u32, start: &Arc<Start>, ticket: Ticket) {
        let key = (self.slots.get(place).number, ticket);
        if let Some(found) = self.runs.recovered.remove(&key) {
            self.set_up(place, start, found.request, found.began, found.ends);
        } else {
            // Its request is written with the turn that made it, so this is damage.
            let failure = Failure::new("States.Runtime", "The request of the Map Run is lost.");
            self.wake(place, Wake::MapRun(ticket, MapRunAnswer::Failed(failure)), Reply::None);
        }
    }

    fn set_up(
        &mut self,
        place: u32,
        start: &Arc<Start>,
        request: MapRunRequest,
        began: i64,
        known: HashMap<u64, Outcome>,
    ) {
        let number = self.slots.get(place).number;
        let key = (number, request.ticket);
        let fail = |shard: &mut Shard, failure: Failure| {
            shard.wake(place, Wake::MapRun(key.1, MapRunAnswer::Failed(failure)), Reply::None);
        };
        let items = match self.items(&request) {
            Ok(items) => items,
            Err(failure) => return fail(self, failure),
        };
        let hot = match self.heat(place) {
            Ok(hot) => hot,
            Err(error) => return tracing::error!(error, "a Map Run cannot begin"),
        };
        let program = hot.execution.program().clone();
        let express = start.express;
        let revision = hot.revision.clone();
        self.keep_hot(place, hot);
        let pin = self.pins.get(self.slots.get(place).pin).map(|pinned| pinned.pin.clone());
        let (id, logged) = match (revision, pin) {
            (Some(revision), _) => (revision, true),
            (None, Some(pin)) => (pin.revision.clone(), pin.logged),
            (None, None) => return,
        };
        // Children of an Express execution cannot be safer than it is itself.
        let kind = if request.express || express { Kind::Express } else { Kind::Standard };
        // The definition is in the archive since the parent's start; its program is at hand.
        let revision = Arc::new(Revision { id, definition: "".into(), kind, logged });
        let mut run = Run {
            place,
            parent: start.clone(),
            selection: Selection::new(program.clone(), &request),
            program,
            revision,
            info: info(&request, start, began),
            items,
            next_item: 0,
            next_child: 0,
            sizes: Vec::new(),
            outputs: Vec::new(),
            known,
            running: BTreeSet::new(),
            left_over: None,
            exhausted: false,
            request: Arc::new(request),
        };
        if let (Items::Here(items), None) = (&run.items, &run.request.batch) {
            let total = items.len() as u64;
            (run.info.items.total, run.info.items.pending) = (total, total);
            (run.info.executions.total, run.info.executions.pending) = (total, total);
        }
        self.runs.active.insert(key, run);
        self.runs.ready.insert(key);
    }

    fn items(&self, request: &MapRunRequest) -> Result<Items, Failure> {
        match &request.items {
            Some(state_machine::Value::Array(items)) => Ok(Items::Here(items.clone())),
            Some(_) => Err(Failure::new("States.Runtime", "The items of a Map state are not an array.")),
            None => {
                let items = self.around.outside.map_run_items(request);
                let items = items.ok_or_else(|| {
                    Failure::new(
                        "States.ItemReaderFailed",
                        "There is no store from which the items could be read.",
                    )
                })?;
                let most =
                    request.max_items.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
                let items: ItemSource = Box::new(items.take(most));
                Ok(Items::There(items.peekable()))
            }
        }
    }

    /// UpdateMapRun; answered when it is durable.
    pub(in crate::shard) fn update_map_run(
        &mut self,
        arn: &str,
        update: MapRunUpdate,
        reply: Sender<Result<(), ChangeRefusal>>,
    ) {
        let found = self.runs.active.iter_mut().find(|(_, run)| *run.info.arn == *arn);
        let Some((&key, run)) = found else {
            drop(reply.send(Err(ChangeRefusal::NotFound)));
            return;
        };
        if let Some(reason) = &self.stalled {
            drop(reply.send(Err(ChangeRefusal::Unavailable(reason.clone()))));
            return;
        }
        let mut request = (*run.request).clone();
        request.max_concurrency = update.max_concurrency.unwrap_or(request.max_concurrency);
        request.tolerated.0 = update.tolerated_percentage.unwrap_or(request.tolerated.0);
        request.tolerated.1 = update.tolerated_count.unwrap_or(request.tolerated.1);
        run.info.max_concurrency = request.max_concurrency;
        (run.info.tolerated_percentage, run.info.tolerated_count) = request.tolerated;
        let (began, request) = (run.info.started, Arc::new(request));
        run.request = request.clone();
        self.runs.ready.insert(key);
        if self.slots.get(run_place(&self.runs.active, key)).phase == crate::shard::Phase::Open {
            self.put_run(key.0, began, &request);
        }
        self.changed.push(reply);
    }

    /// A run of this shard.
    pub(in crate::shard) fn map_run(&self, arn: &str) -> Option<MapRun> {
        self.runs.active.values().find(|run| *run.info.arn == *arn).map(|run| run.info.clone())
    }

    /// The runs of an execution.
    pub(in crate::shard) fn map_runs(&self, execution: &str) -> Vec<MapRun> {
        let runs = self.runs.active.values().filter(|run| *run.info.execution_arn == *execution);
        runs.map(|run| run.info.clone()).collect()
    }

    /// A ticket is not wanted any more; true if it was that of a run, which is then aborted.
    pub(in crate::shard) fn cancel_run(&mut self, number: u64, ticket: Ticket) -> bool {
        let Some(run) = self.runs.active.remove(&(number, ticket)) else { return false };
        self.runs.ready.remove(&(number, ticket));
        self.close_run(run, MapRunStatus::Aborted);
        true
    }
}

fn run_place(runs: &std::collections::BTreeMap<Key, Run>, key: Key) -> u32 {
    runs.get(&key).map_or(u32::MAX, |run| run.place)
}
