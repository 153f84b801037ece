//! Into a state, and what it does.

use super::evaluate::{Problem, Sources};
use super::execution::Run;
use super::line::{Data, LineIndex, Phase};
use crate::history::{EventKind, Failure};
use crate::program::{Body, State, Text};
use crate::template::Language;
use crate::value::Value;
use std::sync::Arc;

impl Run<'_, '_> {
    /// Takes a ready line one state further.
    pub(super) fn step(&mut self, index: LineIndex) {
        if matches!(self.line(index).phase, Phase::Enter) {
            self.enter(index);
        }
        if let Err(problem) = self.work(index) {
            self.trouble(index, problem);
        }
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

    fn work(&mut self, index: LineIndex) -> Result<(), Problem> {
        let state = self.program.state(self.line(index).state);
        match &state.body {
            Body::Pass(result) => self.pass(index, state, result.as_ref()),
            Body::Succeed => {
                let input = self.effective_input(index, state)?;
                self.leave(index, input, false)
            }
            Body::Fail { error, cause } => self.give_up(index, error.as_ref(), cause.as_ref()),
            Body::Wait(delay) => self.sleep(index, state, delay),
            Body::Choice(ways) => self.choose(index, state, ways),
            Body::Task(task) => self.schedule(index, state, task),
            Body::Parallel(_) | Body::Map(_) if self.execution.inspection.is_some() => {
                self.mocked(index, state)
            }
            Body::Parallel(branches) => self.fork(index, state, branches),
            Body::Map(map) => self.map(index, state, map),
        }
    }

    /// The input behind `InputPath`.
    pub(super) fn effective_input(&mut self, index: LineIndex, state: &State) -> Result<Data, Problem> {
        let input = self.line(index).input.clone();
        let input = match state.flow.input {
            crate::program::Select::All => input,
            ref select => self.select(index, select, input.value).map(Data::new)?,
        };
        self.inspect(|seen| seen.after_input_path = Some(input.text.clone()));
        Ok(input)
    }

    /// The input behind `InputPath` and `Parameters` or `Arguments`.
    pub(super) fn arguments(
        &mut self,
        index: LineIndex,
        state: &State,
        token: Option<Arc<str>>,
    ) -> Result<Data, Problem> {
        let input = self.effective_input(index, state)?;
        let arguments = match &state.flow.parameters {
            None => input,
            Some(template) => {
                let sources = Sources { input: input.value, token, ..Sources::default() };
                self.evaluate(index, template, &sources).map(Data::new)?
            }
        };
        self.inspect(|seen| seen.after_parameters = Some(arguments.text.clone()));
        Ok(arguments)
    }

    fn pass(&mut self, index: LineIndex, state: &State, result: Option<&Value>) -> Result<(), Problem> {
        let result = match result {
            // InputPath and Parameters are not looked at then (recordings of TestState).
            Some(result) if state.language == Language::JsonPath => {
                let result = Data::new(result.clone());
                self.inspect(|seen| seen.result = Some(result.text.clone()));
                result
            }
            _ => self.arguments(index, state, None)?,
        };
        self.leave(index, result, true)
    }

    fn give_up(
        &mut self,
        index: LineIndex,
        error: Option<&Text>,
        cause: Option<&Text>,
    ) -> Result<(), Problem> {
        let Data { value: input, text } = self.line(index).input.clone();
        self.inspect(|seen| seen.after_input_path = Some(text));
        let error = error.map(|text| self.text(index, text, "Error", &input)).transpose()?;
        let cause = cause.map(|text| self.text(index, text, "Cause", &input)).transpose()?;
        self.fail(index, Failure { error, cause }.cut());
        Ok(())
    }
}
