//! What a restart finds: runs in the log, runs whose end the archive may miss, children whose runs are over.

use super::children::{Children, Stand};
use super::{Key, Left, Recovered, Runs, info};
use crate::archive::Ended;
use crate::engine::{hash, shard_of};
use crate::message::{ChildEnd, ChildPlace, Message};
use crate::record::RunPart;
use crate::shard::Shard;
use crate::{MapRun, MapRunStatus};
use state_machine::Millis;
use state_machine::interpret::Ticket;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Runs while the log is read.
#[derive(Default)]
pub(in crate::shard) struct Ends {
    runs: HashMap<Key, Recovered>,
    over: Vec<Over>,
}

/// A run that ended with its parent; the archive knows it, unless a crash came between.
pub(super) struct Over {
    run: MapRun,
    /// Children to come, where that is known.
    single: Option<u64>,
    ends: BTreeMap<u64, Left>,
}

impl Ends {
    pub(in crate::shard) fn run(&mut self, part: RunPart) {
        let RunPart { parent, execution_arn, began, request } = part;
        let key = (parent, request.ticket);
        if let Some(known) = self.runs.get_mut(&key) {
            // Its limits were changed.
            known.request = request;
        } else {
            let found = Recovered { execution_arn, began, request, ends: HashMap::new() };
            self.runs.insert(key, found);
        }
    }

    pub(in crate::shard) fn put(&mut self, end: &ChildEnd) {
        let (ChildPlace { parent, ticket, index, items, .. }, times) = (end.place, end.times);
        if let Some(run) = self.runs.get_mut(&(parent, Ticket(ticket))) {
            let (ended, terminal) = (Ended::of(&end.outcome), end.terminal);
            run.ends.insert(index, Left { items, ended, terminal, times });
        }
    }

    /// An execution needs its runs no more.
    pub(in crate::shard) fn ended(&mut self, parent: u64, at: Millis) {
        let gone = self.runs.extract_if(|(number, _), _| *number == parent);
        self.over.extend(gone.map(|(_, run)| run.over(at)));
    }
}

impl Recovered {
    fn over(self, at: Millis) -> Over {
        let single = match (&self.request.items, &self.request.batch) {
            (Some(state_machine::Value::Array(items)), None) => Some(items.len() as u64),
            _ => None,
        };
        // The outputs of many runs are too much to hold; Standard children are asked for theirs.
        let standard = !self.request.express;
        let slim = |left: Left| match left.ended {
            Ended::Succeeded(_) if standard => Left { ended: Ended::Succeeded(None), ..left },
            _ => left,
        };
        let run = info(&self.request, &self.execution_arn, self.began);
        Over {
            run: MapRun { status: MapRunStatus::Aborted, stopped: Some(at), ..run },
            single,
            ends: self.ends.into_iter().map(|(index, left)| (index, slim(left))).collect(),
        }
    }
}

impl Over {
    /// The run as its abort would have left it. `before`: what the attempt before left.
    fn aborted(self, before: Vec<Left>) -> (MapRun, Vec<Left>) {
        let mut children = Children::new(self.single, super::end::KEPT);
        children.go_on(before);
        for (index, left) in self.ends {
            // Those between that did not end were running. Of batches nobody knows their items: the rest is left to a
            // redrive, which makes the same batches again and finds their children.
            while children.len() < index && self.single.is_some() {
                let stopped = self.run.stopped.unwrap_or_default();
                let times = (self.run.started, stopped);
                children.push(1, Stand::Ended(Ended::Aborted, false), times);
            }
            let stand = Stand::Ended(left.ended, left.terminal);
            match children.len().cmp(&index) {
                Ordering::Greater => children.put(index, stand, left.times),
                Ordering::Equal => children.push(left.items, stand, left.times),
                Ordering::Less => break,
            }
        }
        children.close();
        let (items, executions) = (children.items, children.executions);
        (MapRun { items, executions, ..self.run }, children.left(usize::MAX))
    }
}

impl Runs {
    pub(in crate::shard) fn restore(&mut self, ends: Ends) {
        (self.recovered, self.over) = (ends.runs, ends.over);
    }
}

impl Shard {
    /// All executions are taken up, but for those `failed`: what the log still tells of runs is over.
    pub(in crate::shard) fn settle_runs(&mut self, failed: &HashSet<u64>) {
        let now = self.clock.last();
        let over = self.runs.recovered.extract_if(|(parent, _), _| !failed.contains(parent));
        let mut over: Vec<Over> = over.map(|(_, run)| run.over(now)).collect();
        over.append(&mut self.runs.over);
        // Attempts of one run in their order.
        over.sort_by_key(|over| over.run.redrives);
        for mut over in over {
            let arn = over.run.arn.clone();
            let kept = match self.around.archive.map_run(&arn) {
                // It was archived at its end, or redriven since.
                Ok(Some(kept)) if kept.redrives.0 >= over.run.redrives.0 => continue,
                Ok(kept) => kept,
                Err(error) => {
                    tracing::error!(%error, run = &*arn, "a Map Run cannot be looked up");
                    continue;
                }
            };
            if let Some(kept) = kept {
                over.run.started = kept.started;
            }
            match self.around.archive.left(&arn) {
                Ok(before) => {
                    let (run, left) = over.aborted(before);
                    self.keep_run(run, left);
                }
                Err(error) => tracing::error!(%error, run = &*arn, "a Map Run cannot be looked up"),
            }
        }
    }

    /// Tells runs which of their children are open: one that is over stops them.
    pub(in crate::shard) fn report_child(&mut self, slot: u32) -> Result<(), String> {
        let pin = self.pins.get(self.slots.get(slot).pin).map(|pinned| pinned.pin.clone());
        let Some(pin) = pin.filter(|pin| pin.map_run.is_some()) else { return Ok(()) };
        let (_, opening) = self.opening(self.slots.get(slot), &pin).map_err(|error| error.to_string())?;
        if let Some(place) = opening.child
            && let Some(inbox) = self.around.inboxes.get(usize::from(place.shard))
        {
            inbox.force(Message::ChildOpen { place, arn: pin.start(&opening).arn });
        }
        Ok(())
    }

    /// A child of a run of this shard is open after a restart.
    pub(in crate::shard) fn child_open(&mut self, place: &ChildPlace, arn: Arc<str>) {
        let key = (place.parent, Ticket(place.ticket));
        if let Some(run) = self.runs.active.get_mut(&key) {
            if !run.children.runs(place.index) {
                run.open.insert(place.index);
            }
        } else if !self.runs.recovered.contains_key(&key) {
            let shard = shard_of(hash(&arn), self.around.inboxes.len());
            self.around.inboxes[shard].force(Message::StopChild { arn });
        }
    }
}
