//! Fields of a state that are worked out when it runs, and how that fails.

use super::execution::Run;
use super::line::LineIndex;
use super::surroundings::View;
use crate::history::{EventKind, Failure};
use crate::path::{Path, PathFailure, Roots};
use crate::program::{Amount, Select, Text};
use crate::template::{EvaluationFailure, Scope, Template};
use crate::value::{Number, Value};
use std::sync::Arc;

/// What an expression reads from.
#[derive(Clone, Default)]
pub(super) struct Sources<'s> {
    /// `$`, or `$states.input`.
    pub(super) input: Value,
    /// `$states.result`.
    pub(super) result: Option<&'s Value>,
    /// `$states.errorOutput`.
    pub(super) error: Option<&'s Value>,
    /// `$$.Task.Token`.
    pub(super) token: Option<Arc<str>>,
    /// `$$.Map.Item`, while items are selected.
    pub(super) item: Option<(usize, &'s Value)>,
}

impl Sources<'_> {
    /// Only an input.
    pub(super) fn of(input: &Value) -> Sources<'static> {
        Sources { input: input.clone(), ..Sources::default() }
    }
}

/// Why a state could not be run as it is written.
#[derive(Debug)]
pub(super) enum Problem {
    /// `States.Runtime`: no retrier or catcher of the state helps. What is wrong, in AWS's words.
    Runtime(String),
    /// An expression failed: it has its own event, and can be caught.
    Query {
        cause: String,
        location: Option<Arc<str>>,
        /// The expression had a value, but one that does not fit: the state counts as entered by then.
        late: bool,
    },
    /// Another error, whose cause begins with AWS's opening words.
    Error(Arc<str>, String),
    /// Another error, as it stands.
    Plain(Failure),
}

impl From<EvaluationFailure> for Problem {
    fn from(failure: EvaluationFailure) -> Problem {
        match &*failure.error {
            "States.Runtime" => Problem::Runtime(failure.cause),
            "States.QueryEvaluationError" => {
                Problem::Query { cause: failure.cause, location: Some(failure.location), late: false }
            }
            _ => Problem::Error(failure.error, failure.cause),
        }
    }
}

/// A number that was found, and where.
pub(super) struct Found<'p> {
    value: Value,
    /// Its path, where it has one.
    path: Option<&'p Path>,
    field: &'static str,
}

impl Run<'_, '_> {
    /// Works a template out.
    pub(super) fn evaluate(
        &mut self,
        index: LineIndex,
        template: &Template,
        sources: &Sources<'_>,
    ) -> Result<Value, Problem> {
        if let Some(constant) = template.constant() {
            return Ok(constant.clone());
        }
        self.may_evaluate(index)?;
        let view = View {
            program: self.program,
            execution: self.execution,
            line: index,
            token: sources.token.clone(),
            item: sources.item,
            guard: self.turn.guard,
        };
        let mut scope = Scope {
            input: &sources.input,
            result: sources.result,
            error_output: sources.error,
            surroundings: &view,
            now: self.turn.now,
            draw: self.turn.draw,
        };
        let outcome = template.evaluate(&mut scope);
        self.evaluated(index);
        Ok(outcome?)
    }

    /// Fails where a quick guard would only find out again that a state is slow.
    fn may_evaluate(&mut self, index: LineIndex) -> Result<(), Problem> {
        let guard = self.turn.guard;
        let known = guard.is_quick() && self.program.is_slow(self.line_state(index));
        if known && guard.trip() { Err(Problem::Plain(Failure::default())) } else { Ok(()) }
    }

    fn evaluated(&mut self, index: LineIndex) {
        if self.turn.guard.tripped() {
            self.program.mark(self.line_state(index), true);
        }
    }

    /// Reads a path.
    pub(super) fn read(
        &mut self,
        index: LineIndex,
        path: &Path,
        sources: &Sources<'_>,
    ) -> Result<Value, PathFailure> {
        let view = View {
            program: self.program,
            execution: self.execution,
            line: index,
            token: sources.token.clone(),
            item: sources.item,
            guard: self.turn.guard,
        };
        let outcome = path.read(&Roots { input: &sources.input, surroundings: &view });
        self.evaluated(index);
        outcome
    }

    /// `InputPath` and `OutputPath`.
    pub(super) fn select(
        &mut self,
        index: LineIndex,
        select: &Select,
        value: Value,
    ) -> Result<Value, Problem> {
        match select {
            Select::All => Ok(value),
            Select::Nothing => Ok(Value::Object(Arc::default())),
            Select::At(path) => self
                .read(index, path, &Sources { input: value, ..Sources::default() })
                .map_err(|failure| Problem::Runtime(failure.invalid_path())),
        }
    }

    /// A text of a Fail state or a time-stamp. `field` is the name of the field without `Path`.
    pub(super) fn text(
        &mut self,
        index: LineIndex,
        text: &Text,
        field: &str,
        input: &Value,
    ) -> Result<Arc<str>, Problem> {
        let sources = Sources::of(input);
        let value = match text {
            Text::Fixed(text) => return Ok(text.clone()),
            Text::Found(path) => self
                .read(index, path, &sources)
                .map_err(|failure| Problem::Runtime(failure.not_found(&format!("{field}Path"))))?,
            Text::Called(call) => match self.evaluate(index, call, &sources)? {
                Value::Object(members) => members.values().next().cloned().unwrap_or_default(),
                _ => Value::Null,
            },
            Text::Made(template) => {
                let value = self.evaluate(index, template, &sources)?;
                match value {
                    Value::String(_) => value,
                    other => return Err(template.wrong_type("string", &other).into()),
                }
            }
        };
        match value {
            Value::String(text) => Ok(text),
            other => {
                let cause =
                    format!("The {field}Path field refers to value \"{other}\" which is not a string");
                Err(Problem::Runtime(cause))
            }
        }
    }

    /// A number of a state. `field` is the name of the field without `Path`.
    pub(super) fn amount<'p>(
        &mut self,
        index: LineIndex,
        amount: &'p Amount,
        field: &'static str,
        sources: &Sources<'_>,
    ) -> Result<Found<'p>, Problem> {
        match amount {
            Amount::Fixed(value) => Ok(Found { value: (*value).into(), path: None, field }),
            Amount::Found(path) => {
                let value = self
                    .read(index, path, sources)
                    .map_err(|failure| Problem::Runtime(failure.invalid_path()))?;
                Ok(Found { value, path: Some(path), field })
            }
            Amount::Made(template) => match self.evaluate(index, template, sources)? {
                value @ Value::Number(_) => Ok(Found { value, path: None, field }),
                other => Err(template.wrong_type("number", &other).into()),
            },
        }
    }

    /// Whole seconds of `TimeoutSeconds` or `HeartbeatSeconds`.
    pub(super) fn seconds(
        &mut self,
        index: LineIndex,
        amount: Option<&Amount>,
        field: &'static str,
        sources: &Sources<'_>,
    ) -> Result<Option<i64>, Problem> {
        let Some(amount) = amount else { return Ok(None) };
        self.amount(index, amount, field, sources)?.integer().map(Some)
    }

    /// A state could not be run as it is written.
    pub(super) fn trouble(&mut self, index: LineIndex, problem: Problem) {
        let state = self.program.state(self.line(index).state);
        // A test of a single state has no events to speak of.
        let opening = match self.execution.inspection {
            Some(_) => String::new(),
            None => format!(
                "An error occurred while executing the state '{}' (entered at the event id #{}). ",
                state.name,
                self.line(index).entered.0
            ),
        };
        match problem {
            Problem::Runtime(cause) => {
                self.fail_for_good(index, Failure::new("States.Runtime", format!("{opening}{cause}")));
            }
            Problem::Query { cause, location, late } => {
                let failure = Failure::new("States.QueryEvaluationError", format!("{opening}{cause}"));
                let line = self.line(index);
                if !late && line.previous == line.entered.0 {
                    line.previous = line.before;
                }
                let kind = EventKind::EvaluationFailed {
                    failure: failure.clone(),
                    location,
                    state: state.name.clone(),
                };
                self.follow(index, kind);
                self.fail(index, failure);
            }
            Problem::Error(error, cause) => {
                self.fail(index, Failure::new(error, format!("{opening}{cause}")));
            }
            Problem::Plain(failure) => self.fail(index, failure),
        }
    }
}

impl Found<'_> {
    /// It as a whole number. Texts that hold one will do, as they do for AWS.
    pub(super) fn integer(&self) -> Result<i64, Problem> {
        let found = match &self.value {
            Value::Number(Number::Int(value)) => Some(*value),
            Value::Number(number) => whole(number.as_f64()),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        found.ok_or_else(|| self.invalid("integer"))
    }

    /// It as any number.
    pub(super) fn float(&self) -> Result<f64, Problem> {
        let found = match &self.value {
            Value::Number(number) => Some(number.as_f64()),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        found.ok_or_else(|| self.invalid("float"))
    }

    /// AWS's words for a value of another kind.
    fn invalid(&self, kind: &str) -> Problem {
        let Found { value, path, field } = self;
        let value = plain(value);
        Problem::Runtime(match path {
            Some(path) => {
                let source = path.source();
                format!(
                    "The {field}Path field refers to value \"{value}\" which is not a valid {kind}: {source}"
                )
            }
            None => format!("The {field} field has value \"{value}\" which is not a valid {kind}"),
        })
    }
}

/// A text without its quotes; everything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        other => other.to_string(),
    }
}

/// A double that is a whole number.
pub(super) fn whole(value: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "asked before: it is whole and within 2^53")]
    (value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0).then_some(value as i64)
}
