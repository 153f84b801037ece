//! RedriveExecution: an execution that ended otherwise than well goes on where it stopped.
//!
//! Developer guide, "Restarting state machine executions with redrive": states that succeeded are not run again; of a
//! Parallel or an inline Map only what failed or was stopped; counts of retries and time-outs begin anew.

use super::execution::{MAX_EVENTS, Run};
use super::line::{LineIndex, Phase, Purpose};
use super::{Effect, Outcome};
use crate::history::{EventKind, Failure, StateKind};

/// How often a Map Run can be redriven (developer guide, "Redriving Map Runs": 1,000, beyond which it fails with
/// `States.Runtime`).
const MOST_REDRIVES: u32 = 1_000;

impl Run<'_, '_> {
    /// Whether it ended, otherwise than well, and has a state to go on from.
    pub(super) fn can_be_redriven(&self) -> bool {
        let execution = &self.execution;
        let ended = matches!(&execution.outcome, Some(outcome) if !matches!(outcome, Outcome::Succeeded(_)));
        // For the event of the redrive and one more.
        let room = execution.last_event < MAX_EVENTS - 1;
        ended && room && !execution.start.express && !execution.lines.is_empty()
    }

    pub(super) fn redrive(&mut self) {
        self.execution.outcome = None;
        self.execution.redrives += 1;
        let count = self.execution.redrives;
        self.emit(0, EventKind::ExecutionRedriven { count });
        self.set_deadline();
        let (mut open, mut worn) = (vec![0], None);
        while let Some(index) = open.pop() {
            if self.is_worn_out(index) {
                worn = Some(index);
            } else {
                self.revive(index, &mut open);
            }
        }
        // When the others are revived, so that they end with it.
        if let Some(index) = worn {
            self.line(index).halted = false;
            let cause = format!("The Map Run cannot be redriven more than {MOST_REDRIVES} times.");
            self.fail(index, Failure::new("States.Runtime", cause));
        }
    }

    fn is_worn_out(&mut self, index: LineIndex) -> bool {
        matches!(&self.line(index).phase, Phase::MapRun(run) if run.redrives >= MOST_REDRIVES)
    }

    fn revive(&mut self, index: LineIndex, open: &mut Vec<LineIndex>) {
        let kind = self.program.state(self.line(index).state).kind();
        let line = self.line(index);
        line.halted = false;
        line.retries.clear();
        match &line.phase {
            // Some branches or iterations are not done: only those go on.
            Phase::Join(join) if !join.live.is_empty() => {
                open.extend(join.live.iter().rev().map(|(_, child)| *child));
                return;
            }
            Phase::MapRun(_) => return self.redrive_map_run(index),
            Phase::Enter => {}
            // A Fail state is entered again; the others go on with their work.
            _ if kind == StateKind::Fail => line.phase = Phase::Enter,
            _ => line.phase = Phase::Attempt,
        }
        self.execution.ready.push_back(index);
    }

    /// The same run goes on: children that did well are not run again.
    fn redrive_map_run(&mut self, index: LineIndex) {
        let Some((request, redrives)) = self.redriven_request(index) else {
            self.line(index).phase = Phase::Attempt;
            self.execution.ready.push_back(index);
            return;
        };
        let arn = request.arn.clone();
        let started = self.follow(index, EventKind::MapRunRedriven { arn, count: redrives });
        let ticket = self.wait_for(index, Purpose::MapRun);
        if let Phase::MapRun(run) = &mut self.line(index).phase {
            run.ticket = ticket;
            run.started = started;
            run.redrives = redrives;
        }
        self.turn.effects.push(Effect::MapRun(Box::new(super::MapRunRequest { ticket, ..request })));
    }

    /// The request of a run as it was made, from what the Map state still holds.
    fn redriven_request(&mut self, index: LineIndex) -> Option<(super::MapRunRequest, u32)> {
        let state = self.program.state(self.line(index).state);
        let crate::program::Body::Map(map) = &state.body else { return None };
        let distributed = map.distributed.as_ref()?;
        let Phase::MapRun(run) = &self.line(index).phase else { return None };
        let (arn, redrives) = (run.arn.clone(), run.redrives + 1);
        let input = self.effective_input(index, state).ok()?.value;
        let sources = super::evaluate::Sources::of(&input);
        let items = match distributed.reader {
            Some(_) => None,
            None => Some(crate::Value::Array(self.items(index, map, &input).ok()?)),
        };
        let tolerated = self.tolerated(index, distributed, &sources).ok()?;
        let request = self.map_run(index, map, distributed, &sources).ok()?;
        Some((super::MapRunRequest { arn, redrives, items, tolerated, ..request }, redrives))
    }
}
