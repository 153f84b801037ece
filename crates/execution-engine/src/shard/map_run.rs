//! Map Runs: the children of a distributed Map.

use super::{Reply, Shard};
use crate::log::Position;
use crate::message::{Begin, ChildEnd, ChildPlace};
use crate::{ChangeRefusal, MapRun, MapRunUpdate, StartRefusal};
use state_machine::history::Failure;
use state_machine::interpret::{MapRunAnswer, MapRunRequest, Outcome, Start, Ticket, Wake};
use std::sync::Arc;
use tokio::sync::oneshot::Sender;

/// The Map Runs whose parents are in this shard.
#[derive(Default)]
pub(super) struct Runs {}

/// Ends of children as the log tells them.
#[derive(Default)]
pub(super) struct Ends {}

impl Ends {
    pub(super) fn put(&mut self, _parent: u64, _run: u64, _index: u64, _outcome: Outcome, _at: Position) {}
}

impl Runs {
    pub(super) fn restore(&mut self, _ends: Ends) {}

    pub(super) fn in_segment(&self, _segment: u32) -> u64 {
        0
    }

    pub(super) fn of(&self, _number: u64) -> bool {
        false
    }
}

impl Shard {
    pub(super) fn begin_run(
        &mut self,
        place: u32,
        _start: &Arc<Start>,
        request: MapRunRequest,
        _again: bool,
    ) {
        let failure = Failure::new("States.Runtime", "Distributed Map states cannot be run by this engine.");
        self.wake(place, Wake::MapRun(request.ticket, MapRunAnswer::Failed(failure)), Reply::None);
    }

    pub(super) fn cancel_run(&mut self, _number: u64, _ticket: Ticket) -> bool {
        false
    }

    pub(super) fn child_ended(&mut self, _end: ChildEnd) {}

    pub(super) fn child_refused(&mut self, _place: ChildPlace, _begin: Box<Begin>, _refusal: StartRefusal) {}

    pub(super) fn update_map_run(
        &mut self,
        _arn: &str,
        _update: MapRunUpdate,
        reply: Sender<Result<(), ChangeRefusal>>,
    ) {
        drop(reply.send(Err(ChangeRefusal::NotFound)));
    }

    pub(super) fn map_run(&self, _arn: &str) -> Option<MapRun> {
        None
    }

    pub(super) fn map_runs(&self, _execution: &str) -> Vec<MapRun> {
        Vec::new()
    }

    pub(super) fn undo_runs(&mut self) {}
}
