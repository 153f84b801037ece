//! One field's evaluation.

use super::convert::{self, Refused};
use super::meter::Meter;
use super::rewrite::Uses;
use super::{DEEPEST, Outcome, functions, wording};
use crate::Value;
use crate::guard::{Evaluation, Guard};
use crate::template::Scope;
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions};
use jsonata_core::value::JValue;
use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

/// What the expressions of one field share: the converted roots and variables, and the source of their random numbers.
#[derive(Default)]
pub struct Session {
    input: Option<JValue>,
    result: Option<JValue>,
    error_output: Option<JValue>,
    context: Option<JValue>,
    variables: HashMap<Arc<str>, Option<JValue>>,
    random: Option<Rc<Cell<u64>>>,
}

impl Session {
    /// Evaluates a tree. `root` is the input document: nothing, but for the cases of JSONata's own makers.
    pub(super) fn evaluate(
        &mut self,
        tree: &AstNode,
        uses: &Uses,
        scope: &mut Scope<'_>,
        root: &JValue,
    ) -> Outcome {
        let guard = scope.surroundings.guard();
        if uses.is_heavy && guard.is_some_and(Guard::trip) {
            return timed_out();
        }
        let Some(mut evaluation) = Evaluation::begin(guard) else { return timed_out() };
        let meter = Meter::new(guard.is_some_and(Guard::is_quick));
        if uses.own_functions && self.random.is_none() {
            self.random = Some(Rc::new(Cell::new((scope.draw)())));
        }
        let random = self.random.as_ref().map(|random| random.get());
        loop {
            let outcome = self.attempt(tree, uses, scope, root, &evaluation, &meter);
            meter.release();
            let evaluated = match outcome {
                Ok(outcome) => return outcome,
                Err(error) => error,
            };
            let code = evaluated.code();
            if code == Some("D1012") && evaluation.is_early() {
                // From the same beginning.
                if let (Some(state), Some(random)) = (&self.random, random) {
                    state.set(random);
                }
                meter.reset();
                continue;
            }
            if matches!(code, Some("D1012" | "D2015")) || meter.is_exceeded() {
                guard.map(Guard::trip);
            }
            return failed(&evaluated, uses);
        }
    }

    /// Evaluates it once; an error of the evaluator is the caller's to judge.
    fn attempt(
        &mut self,
        tree: &AstNode,
        uses: &Uses,
        scope: &Scope<'_>,
        root: &JValue,
        evaluation: &Evaluation<'_>,
        meter: &Meter,
    ) -> Result<Outcome, EvaluatorError> {
        let mut context = Context::new();
        if uses.states {
            context.bind("states".into(), self.states(uses, scope));
        }
        for name in &uses.variables {
            let value = self.variables.entry(name.clone()).or_insert_with(|| {
                scope.surroundings.variable(name).map(|value| convert::into_jsonata(&value))
            });
            match value {
                Some(value) => context.bind(name.to_string(), value.clone()),
                // Else JSONata's own function of that name would be found.
                None if functions::is_own(name) => context.bind(name.to_string(), JValue::Undefined),
                None => (),
            }
        }
        let options = EvaluatorOptions {
            timeout_ms: evaluation.wall(),
            cancel: evaluation.cancel(),
            max_stack_depth: Some(DEEPEST),
            max_sequence_length: Some(meter.longest_sequence()),
        };
        let mut evaluator = Evaluator::with_options(context, options);
        if let (true, Some(random)) = (uses.own_functions, &self.random) {
            functions::register(&mut evaluator, scope.now, random, meter)?;
        }
        // The crate is young: should it ever panic, one execution fails and its shard goes on.
        let evaluated = catch_unwind(AssertUnwindSafe(|| evaluator.evaluate(tree, root)));
        let Ok(evaluated) = evaluated else { return Ok(plain("the evaluator failed")) };
        Ok(match convert::from_jsonata(&evaluated?, 0) {
            Ok(Some(value)) => Outcome::Value(value),
            Ok(None) => Outcome::Undefined,
            Err(Refused::TooDeep) => plain("the result is nested too deeply"),
            Err(Refused::NotFinite) => coded("D1001: Number out of range: the result is not finite"),
        })
    }

    /// `$states` with the members the expression reads.
    fn states(&mut self, uses: &Uses, scope: &Scope<'_>) -> JValue {
        let mut members = Vec::with_capacity(4);
        if uses.input {
            members.push(("input", converted(&mut self.input, scope.input)));
        }
        if let Some(result) = scope.result.filter(|_| uses.result) {
            members.push(("result", converted(&mut self.result, result)));
        }
        if let Some(output) = scope.error_output.filter(|_| uses.error_output) {
            members.push(("errorOutput", converted(&mut self.error_output, output)));
        }
        if uses.context {
            let context = &mut self.context;
            let context = context.get_or_insert_with(|| convert::into_jsonata(&scope.surroundings.context()));
            members.push(("context", context.clone()));
        }
        JValue::object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

fn converted(kept: &mut Option<JValue>, value: &Value) -> JValue {
    kept.get_or_insert_with(|| convert::into_jsonata(value)).clone()
}

fn plain(message: &str) -> Outcome {
    Outcome::Failed { message: message.into(), coded: false }
}

fn coded(message: &str) -> Outcome {
    Outcome::Failed { message: message.into(), coded: true }
}

fn timed_out() -> Outcome {
    plain("Expression evaluation timeout: Check for infinite loop")
}

fn failed(error: &EvaluatorError, uses: &Uses) -> Outcome {
    match error.code() {
        // The guards of time and depth, in the words of JSONata's own.
        Some("D1012") => timed_out(),
        Some("D1011" | "U1001") => plain(
            "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive.",
        ),
        Some(_) => coded(&wording::worded(error.message(), uses)),
        None => plain(error.message()),
    }
}
