//! Map Runs that fail or are stopped and are redriven, machines that are updated meanwhile.

use super::check;
use super::run::{Planned, Simulation, arn, place};
use crate::history::{self, Asked};
use crate::message::Message;
use crate::{ChangeRefusal, ListFilter, ListOf, MapRunStatus, Status};
use state_machine::history::{Event, EventKind, Failure};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

impl Simulation {
    /// Somebody updates a machine: executions to come run another revision, those under way do not.
    pub(super) fn update_one(&mut self) {
        let count = self.updates.len();
        let chosen = usize::try_from(self.random()).unwrap_or(0) % count;
        self.updates[chosen] += 1;
    }

    /// Somebody stops an execution whose history may depend on it.
    pub(super) fn stop_one(&mut self) {
        let chosen = usize::try_from(self.random()).unwrap_or(0) % self.planned.len();
        let (Some(planned), Some(running)) = (self.planned.get(chosen), &mut self.running) else { return };
        if planned.machine.redriven && !planned.machine.steady {
            let (reply, _) = oneshot::channel();
            let failure = Failure::new("Stopped", "on purpose");
            let message = Message::Stop { arn: arn(&planned.name).into(), failure, reply };
            running.waiting[place(&planned.name)].push_back(message);
        }
    }

    /// Somebody redrives what did not do well.
    pub(super) fn redrive_some(&mut self) -> Result<(), String> {
        let (archive, Some(running)) = (&self.archive, &mut self.running) else { return Ok(()) };
        for planned in &mut self.planned {
            if !planned.machine.redriven || planned.redriving.is_some() {
                continue;
            }
            let closed = archive.execution(&arn(&planned.name)).map_err(|error| error.0)?;
            if closed.is_some_and(|closed| closed.execution.status != Status::Succeeded) {
                let (reply, received) = oneshot::channel();
                planned.redriving = Some(received);
                let message = Message::Redrive { arn: arn(&planned.name).into(), reply };
                running.waiting[place(&planned.name)].push_back(message);
            }
        }
        Ok(())
    }

    /// Takes in which redrives were acknowledged.
    pub(super) fn collect_redrives(&mut self) -> Result<(), String> {
        for planned in &mut self.planned {
            let Some(redriving) = &mut planned.redriving else { continue };
            match redriving.try_recv() {
                Err(TryRecvError::Empty) => continue,
                Ok(Ok(_)) => {
                    planned.redriven += 1;
                    self.tally.redriven += 1;
                }
                Ok(Err(ChangeRefusal::NotFound)) => return Err(format!("{} is not found", planned.name)),
                // It runs again already, or the disk refuses.
                Ok(Err(_)) | Err(TryRecvError::Closed) => {}
            }
            planned.redriving = None;
        }
        Ok(())
    }

    /// An execution ran a revision under which it was asked for, no acknowledged redrive is lost, and a Map Run that was
    /// redriven has every item done once.
    pub(super) fn proper(&self, index: usize, events: &[Event]) -> Result<(), String> {
        let planned = &self.planned[index];
        let name = &planned.name;
        let closed = self.archive.execution(&arn(name)).map_err(|error| error.0)?;
        let closed = closed.ok_or_else(|| format!("{name} is not archived"))?;
        let revision = &closed.execution.revision;
        if !planned.revisions.iter().any(|asked| asked.id == *revision) {
            return Err(format!("{name} ran revision {revision}"));
        }
        let kept = self.archive.definition(revision).map_err(|error| error.0)?;
        if !kept.is_some_and(|kept| planned.revisions.iter().any(|asked| asked.definition == kept.definition))
        {
            return Err(format!("the definition of {revision} is lost"));
        }
        let count = |wanted: &str| events.iter().filter(|event| event.kind.name() == wanted).count();
        if count("ExecutionRedriven") < planned.redriven {
            return Err(format!("{name} was redriven {} times, and has {events:?}", planned.redriven));
        }
        if planned.machine.redriven {
            let redrives = count("MapRunRedriven");
            self.run_is_whole(planned, events, redrives)
                .map_err(|what| format!("{name}: {what}: {events:?}"))?;
        }
        Ok(())
    }

    fn run_is_whole(&self, planned: &Planned, events: &[Event], redrives: usize) -> Result<(), String> {
        let runs = events.iter().filter_map(|event| match &event.kind {
            EventKind::MapRunStarted { arn } => Some(arn.clone()),
            _ => None,
        });
        let runs: Vec<Arc<str>> = runs.collect();
        let [run] = &*runs else { return Err(format!("{} Map Runs", runs.len())) };
        let output = match events.last().map(|event| &event.kind) {
            Some(EventKind::ExecutionSucceeded { output, .. }) => output.to_string(),
            other => return Err(format!("it ends with {other:?}")),
        };
        let batched = planned.machine.name == "batched";
        let expected = if batched { "[[1,2],[3,4],[5]]" } else { planned.machine.input };
        if output != expected {
            return Err(format!("the output is {output}"));
        }
        let told = self.archive.map_run(run).map_err(|error| error.0)?.ok_or("the run is not archived")?;
        let items = planned.machine.input.matches(',').count() as u64 + 1;
        let counts =
            crate::Counts { succeeded: items, total: items, results_written: items, ..Default::default() };
        if told.items != counts
            || told.status != MapRunStatus::Succeeded
            || told.redrives.0 as usize != redrives
        {
            return Err(format!("the run is told as {told:?}"));
        }
        if batched { Ok(()) } else { self.children_are_whole(run, items) }
    }

    /// Each item has one child, which did well in the end.
    fn children_are_whole(&self, run: &Arc<str>, items: u64) -> Result<(), String> {
        let of = ListOf::MapRun(run.clone());
        let filter = ListFilter { of, status: None, version_arn: None, alias_arn: None, redriven: None };
        let children = self.archive.list(&filter, None, None, 1_000).map_err(|error| error.0)?;
        let mut inputs = BTreeSet::new();
        for child in &children.executions {
            let arn = &child.start.arn;
            inputs.insert(child.start.input.clone());
            let closed = self.archive.execution(arn).map_err(|error| error.0)?;
            let closed = closed.ok_or_else(|| format!("{arn} is not archived"))?;
            let asked = Asked { reverse: false, after: None, limit: 100_000 };
            let page = history::of_closed(&self.archive, &closed, asked).map_err(|error| error.0)?;
            check::sound("child", &page.events)?;
            let redrives =
                page.events.iter().filter(|event| event.kind.name() == "ExecutionRedriven").count();
            if child.status != Status::Succeeded || child.redrives.0 as usize != redrives {
                return Err(format!("{child:?} has {:?}", page.events));
            }
        }
        if children.executions.len() as u64 != items || inputs.len() as u64 != items {
            return Err(format!("{} children with {inputs:?}", children.executions.len()));
        }
        Ok(())
    }
}
