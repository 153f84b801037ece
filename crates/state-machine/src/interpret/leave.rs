//! Out of a state: result and output, assignments, and what follows.

use super::Outcome;
use super::evaluate::{Problem, Sources};
use super::execution::{MAX_PAYLOAD, Run};
use super::line::{Data, LineIndex, Phase};
use super::task::too_large;
use crate::history::{Assigned, EventKind, StateKind};
use crate::program::{Placement, Select, State, StateIndex};
use crate::template::{Language, Template};
use crate::value::{Map, Value};
use std::sync::Arc;

/// Bytes all variables of an execution may take together (developer guide, "Passing data with variables": 10 MiB).
const MAX_VARIABLES: usize = 10 * 1024 * 1024;

/// How a state is left.
pub(super) struct Exit<'p> {
    pub(super) output: Data,
    pub(super) next: Option<StateIndex>,
    /// `Assign`, and what it reads.
    pub(super) assigned: Option<(&'p Template, Sources<'p>)>,
}

impl Run<'_, '_> {
    /// Leaves a state with its result. `combine`: it is a state that puts its result into the input by `ResultPath`.
    pub(super) fn leave(&mut self, index: LineIndex, result: Data, combine: bool) -> Result<(), Problem> {
        let state = self.program.state(self.line(index).state);
        let flow = &state.flow;
        let next = state.next;
        let plain = self.execution.inspection.is_none()
            && flow.assign.is_none()
            && flow.output.is_none()
            && flow.selector.is_none()
            && matches!(flow.output_path, Select::All)
            && (!combine || matches!(flow.result, Placement::Replace));
        if plain {
            within_limit(state, &result)?;
            return self.exit(index, Exit { output: result, next, assigned: None });
        }
        match state.language {
            Language::JsonPath => self.leave_by_path(index, state, result, combine),
            Language::Jsonata => {
                let sources = Sources {
                    input: self.line(index).input.value.clone(),
                    // A Pass state calls nothing that could have a result.
                    result: (combine && state.kind() != StateKind::Pass).then_some(&result.value),
                    ..Sources::default()
                };
                let assigned = flow.assign.as_ref().map(|template| (template, sources.clone()));
                self.leave_by_expression(
                    index,
                    state,
                    flow.output.as_ref(),
                    assigned,
                    sources,
                    result.clone(),
                    next,
                )
            }
        }
    }

    fn leave_by_path(
        &mut self,
        index: LineIndex,
        state: &State,
        result: Data,
        combine: bool,
    ) -> Result<(), Problem> {
        let flow = &state.flow;
        let result = match &flow.selector {
            Some(selector) => Data::new(self.evaluate(index, selector, &Sources::of(&result.value))?),
            None => result,
        };
        let raw = self.line(index).input.clone();
        let output = if combine { place(&flow.result, raw, result.clone())? } else { result.clone() };
        if combine {
            self.inspect(|seen| {
                seen.after_result_selector = Some(result.text.clone());
                seen.after_result_path = Some(output.text.clone());
            });
        }
        let output = match &flow.output_path {
            Select::All => output,
            select => Data::new(self.select(index, select, output.value)?),
        };
        within_limit(state, &output)?;
        let assigned = flow.assign.as_ref().map(|template| (template, Sources::of(&result.value)));
        self.exit(index, Exit { output, next: state.next, assigned })
    }

    /// Leaves a JSONata state: `Output` takes the place of what it would give otherwise.
    pub(super) fn leave_by_expression<'p>(
        &mut self,
        index: LineIndex,
        state: &State,
        output: Option<&Template>,
        assigned: Option<(&'p Template, Sources<'p>)>,
        sources: Sources<'_>,
        otherwise: Data,
        next: Option<StateIndex>,
    ) -> Result<(), Problem> {
        let output = match output {
            Some(template) => Data::new(self.evaluate(index, template, &sources)?),
            None => otherwise,
        };
        within_limit(state, &output)?;
        self.exit(index, Exit { output, next, assigned })
    }

    /// Writes the exit and goes on to the next state, or to the end of the line.
    pub(super) fn exit(&mut self, index: LineIndex, exit: Exit<'_>) -> Result<(), Problem> {
        let Exit { output, next, assigned } = exit;
        let assigned = match assigned {
            Some((template, sources)) => Some(self.assign(index, template, &sources)?),
            None => None,
        };
        self.forget_children(index);
        let state = self.program.state(self.line(index).state);
        let kind = EventKind::StateExited {
            kind: state.kind(),
            name: state.name.clone(),
            output: output.text.clone(),
            assigned,
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
        Ok(())
    }

    /// Evaluates `Assign` and gives the line its variables. All values are found before any is set.
    fn assign(
        &mut self,
        index: LineIndex,
        template: &Template,
        sources: &Sources<'_>,
    ) -> Result<Assigned, Problem> {
        let Value::Object(found) = self.evaluate(index, template, sources)? else {
            return Ok(Arc::default());
        };
        let texts: Assigned =
            found.iter().map(|(name, value)| (name.clone(), value.to_string().into())).collect();
        let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
        let name = &self.program.state(self.line(index).state).name;
        if bytes > MAX_PAYLOAD || self.execution.variable_bytes + bytes > MAX_VARIABLES {
            return Err(Problem::Plain(too_large(name)));
        }
        let line = self.line(index);
        let mut variables: Map = line.variables.take().map(Arc::unwrap_or_clone).unwrap_or_default();
        let mut freed = 0;
        for (name, value) in found.iter() {
            if let Some(old) = variables.insert(name.clone(), value.clone()) {
                freed += old.to_string().len();
            }
        }
        line.variables = Some(Arc::new(variables));
        self.execution.variable_bytes = (self.execution.variable_bytes + bytes).saturating_sub(freed);
        Ok(texts)
    }

    /// A line came to its end.
    fn finish(&mut self, index: LineIndex, output: Data) {
        if let Some((parent, place)) = self.line(index).parent {
            return self.joined(parent, place, index, output);
        }
        self.follow(index, EventKind::ExecutionSucceeded { output: output.text.clone() });
        self.end(Outcome::Succeeded(output.text));
    }
}

fn within_limit(state: &State, output: &Data) -> Result<(), Problem> {
    if output.text.len() > MAX_PAYLOAD {
        return Err(Problem::Plain(too_large(&state.name)));
    }
    Ok(())
}

/// `ResultPath`: the input with the result in it.
pub(super) fn place(placement: &Placement, raw: Data, result: Data) -> Result<Data, Problem> {
    match placement {
        Placement::Replace => Ok(result),
        Placement::Discard => Ok(raw),
        Placement::At(path) => match path.write(raw.value, result.value) {
            Ok(value) => Ok(Data::new(value)),
            Err(mismatch) => {
                Err(Problem::Error("States.ResultPathMatchFailure".into(), format!("{mismatch}")))
            }
        },
    }
}
