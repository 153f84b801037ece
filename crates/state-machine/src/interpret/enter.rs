//! Into a state, and what it does.

use super::execution::Run;
use super::line::{Data, LineIndex, Phase, Purpose};
use crate::history::{EventKind, Failure};
use crate::program::Body;

impl Run<'_, '_> {
    /// Takes a ready line one state further.
    pub(super) fn step(&mut self, index: LineIndex) {
        if matches!(self.line(index).phase, Phase::Enter) {
            self.enter(index);
        }
        self.work(index);
    }

    fn enter(&mut self, index: LineIndex) {
        let now = self.turn.now;
        let state = self.program.state(self.line(index).state);
        let line = self.line(index);
        let (before, input) = (line.previous, line.input.text.clone());
        let id = self
            .follow(index, EventKind::StateEntered { kind: state.kind(), name: state.name.clone(), input });
        let line = self.line(index);
        line.before = before;
        line.entered = (id, now);
        line.retries.clear();
        line.phase = Phase::Attempt;
    }

    fn work(&mut self, index: LineIndex) {
        let state = self.program.state(self.line(index).state);
        let input = self.line(index).input.clone();
        match &state.body {
            Body::Pass(result) => {
                let output = result.as_ref().map_or(input, |result| Data::new(result.clone()));
                self.leave(index, output);
            }
            Body::Succeed => self.leave(index, input),
            Body::Fail { error, cause } => {
                self.fail(index, Failure { error: error.clone(), cause: cause.clone() });
            }
            Body::Wait(seconds) => self.sleep(index, *seconds),
            Body::Task(task) => self.schedule(index, task, input),
        }
    }

    fn sleep(&mut self, index: LineIndex, seconds: i64) {
        let (ticket, _) = self.timer_after(index, Purpose::Delay, seconds);
        self.line(index).phase = Phase::Sleep(ticket);
    }

    /// A Wait state is over.
    pub(super) fn awake(&mut self, index: LineIndex) {
        let input = self.line(index).input.clone();
        self.leave(index, input);
    }
}
