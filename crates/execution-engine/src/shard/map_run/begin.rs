//! A run begins, is changed, is looked at.

use super::end::KEPT;
use super::{Children, Items, Left, Run, info};
use crate::express_list;
use crate::listing::Listed;
use crate::record;
use crate::shard::{Reply, Shard};
use crate::{
    ChangeRefusal, ItemSource, Kind, ListCursor, ListFilter, MapRun, MapRunStatus, MapRunUpdate, Revision,
    Unreadable,
};
use state_machine::history::Failure;
use state_machine::interpret::{MapRunAnswer, MapRunRequest, Start, Ticket, Wake};
use state_machine::map_run::Selection;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::oneshot::Sender;

impl Shard {
    /// Writes the request of a run into the batch of the turn that makes it.
    pub(in crate::shard) fn put_run(
        &mut self,
        parent: u64,
        execution_arn: &Arc<str>,
        began: i64,
        request: &MapRunRequest,
    ) {
        let mut bytes = Vec::new();
        record::put_run(&mut bytes, parent, execution_arn, began, request);
        self.writer.push(&bytes);
    }

    /// A run begins, or goes on after a redrive: its parent's turn, of the time `began`, is durable.
    pub(in crate::shard) fn begin_run(
        &mut self,
        place: u32,
        start: &Arc<Start>,
        request: MapRunRequest,
        began: i64,
    ) {
        self.set_up(place, start, request, began, HashMap::new());
    }

    /// A run goes on after a restart.
    pub(in crate::shard) fn resume_run(&mut self, place: u32, start: &Arc<Start>, ticket: Ticket) {
        let key = (self.slots.get(place).number, ticket);
        if let Some(found) = self.runs.recovered.remove(&key) {
            self.set_up(place, start, found.request, found.began, found.ends);
        } else {
            // Its request is written with the turn that made it, so this is damage.
            self.fail_early(
                place,
                ticket,
                Failure::new("States.Runtime", "The request of the Map Run is lost."),
            );
        }
    }

    fn fail_early(&mut self, place: u32, ticket: Ticket, failure: Failure) {
        self.wake(place, Wake::MapRun(ticket, MapRunAnswer::Failed(failure)), Reply::None);
    }

    fn set_up(
        &mut self,
        place: u32,
        start: &Arc<Start>,
        request: MapRunRequest,
        began: i64,
        known: HashMap<u64, Left>,
    ) {
        let key = (self.slots.get(place).number, request.ticket);
        let items = match self.items(&request) {
            Ok(items) => items,
            Err(failure) => return self.fail_early(place, key.1, failure),
        };
        let before = match self.before(&request) {
            Ok(before) => before,
            // Without it items that are done would be done again; another redrive may find it.
            Err(error) => {
                tracing::error!(%error, run = &*request.arn, "a Map Run cannot be redriven");
                let cause = format!("The Map Run cannot be redriven at the moment: {error}");
                return self.fail_early(place, key.1, Failure::new("States.Runtime", cause));
            }
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
        let single = match (&items, &request.batch) {
            (Items::Here(items), None) => Some(items.len() as u64),
            _ => None,
        };
        let most = if request.writer.is_none() { KEPT } else { usize::MAX };
        let mut run = Run {
            place,
            parent: start.clone(),
            selection: Arc::new(Selection::new(program.clone(), &request)),
            program,
            revision,
            // Children of an Express execution are Express ones, too.
            info: MapRun { express: request.express || express, ..info(&request, &start.arn, began) },
            began,
            items,
            next_item: 0,
            next_child: 0,
            children: Children::new(single, most),
            known,
            open: BTreeSet::new(),
            left_over: None,
            made: VecDeque::new(),
            asked: None,
            exhausted: false,
            request: Arc::new(request),
        };
        if let Some((info, left)) = before {
            run.info.started = info.started;
            run.children.go_on(left);
        }
        self.runs.active.insert(key, run);
        self.runs.ready.insert(key);
    }

    /// What the attempt before a redrive left.
    fn before(&self, request: &MapRunRequest) -> Result<Option<(MapRun, Vec<Left>)>, Unreadable> {
        if request.redrives == 0 {
            return Ok(None);
        }
        if let Some(found) = self.runs.unkept.iter().rfind(|(run, _)| run.arn == request.arn) {
            return Ok(Some(found.clone()));
        }
        let Some(info) = self.around.archive.map_run(&request.arn)? else { return Ok(None) };
        Ok(Some((info, self.around.archive.left(&request.arn)?)))
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
        let (began, execution_arn, request) = (run.began, run.parent.arn.clone(), Arc::new(request));
        run.request = request.clone();
        let place = run.place;
        self.runs.ready.insert(key);
        if self.slots.entry(place).is_some_and(|slot| slot.phase == crate::shard::Phase::Open) {
            self.put_run(key.0, &execution_arn, began, &request);
        }
        self.changed.push(reply);
    }

    /// A run of this shard.
    pub(in crate::shard) fn map_run(&self, arn: &str) -> Option<MapRun> {
        self.found_run(arn).map(Run::told)
    }

    fn found_run(&self, arn: &str) -> Option<&Run> {
        self.runs.active.values().find(|run| *run.info.arn == *arn)
    }

    /// Express children of a run, for a list.
    pub(in crate::shard) fn express_children(
        &self,
        run: &str,
        filter: &ListFilter,
        after: Option<&ListCursor>,
        limit: usize,
    ) -> Option<Listed> {
        let run = self.found_run(run).filter(|run| run.info.express)?;
        Some(express_list::page(&run.info, run.children.rows(), filter, after, limit))
    }

    /// The first child to which the redrive of a run has not come.
    pub(in crate::shard) fn redrive_reach(&self, arn: &str) -> Option<u64> {
        self.found_run(arn).filter(|run| run.request.redrives > 0).map(|run| run.next_child)
    }

    /// The runs of an execution.
    pub(in crate::shard) fn map_runs(&self, execution: &str) -> Vec<MapRun> {
        let runs = self.runs.active.values().filter(|run| *run.info.execution_arn == *execution);
        runs.map(Run::told).collect()
    }

    /// A ticket is not wanted any more; true if it was that of a run, which is then aborted.
    pub(in crate::shard) fn cancel_run(&mut self, number: u64, ticket: Ticket) -> bool {
        let Some(run) = self.runs.active.remove(&(number, ticket)) else { return false };
        self.runs.ready.remove(&(number, ticket));
        self.close_run(run, MapRunStatus::Aborted);
        true
    }
}
