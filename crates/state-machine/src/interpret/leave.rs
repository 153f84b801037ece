//! Out of a state: its exit, and what follows.

use super::Outcome;
use super::execution::Run;
use super::line::{Data, LineIndex, Phase};
use crate::history::EventKind;
use crate::program::StateIndex;

impl Run<'_, '_> {
    /// Leaves a state that did what it should.
    pub(super) fn leave(&mut self, index: LineIndex, output: Data) {
        let next = self.program.state(self.line(index).state).next;
        self.exit(index, output, next);
    }

    /// Writes the exit and goes on to the next state, or to the end of the line.
    pub(super) fn exit(&mut self, index: LineIndex, output: Data, next: Option<StateIndex>) {
        let state = self.program.state(self.line(index).state);
        let kind = EventKind::StateExited {
            kind: state.kind(),
            name: state.name.clone(),
            output: output.text.clone(),
            assigned: None,
        };
        self.follow(index, kind);
        match next {
            Some(next) => {
                let line = self.line(index);
                line.state = next;
                line.input = output;
                line.phase = Phase::Enter;
                self.execution.ready.push_back(index);
            }
            None => self.finish(index, output),
        }
    }

    /// A line came to its end.
    fn finish(&mut self, index: LineIndex, output: Data) {
        self.follow(index, EventKind::ExecutionSucceeded { output: output.text.clone() });
        self.end(Outcome::Succeeded(output.text));
    }
}
