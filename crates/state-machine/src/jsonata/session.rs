//! One field's evaluation.

use super::convert::{self, Refused};
use super::rewrite::Uses;
use super::{DEEPEST, LONGEST_SEQUENCE, Outcome, TIME_GUARD, functions, wording};
use crate::Value;
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
            timeout_ms: Some(TIME_GUARD),
            cancel: None,
            max_stack_depth: Some(DEEPEST),
            max_sequence_length: Some(LONGEST_SEQUENCE),
        };
        let mut evaluator = Evaluator::with_options(context, options);
        if uses.own_functions {
            let random = self.random.get_or_insert_with(|| Rc::new(Cell::new((scope.draw)())));
            if let Err(error) = functions::register(&mut evaluator, scope.now, random) {
                return failed(&error, uses);
            }
        }
        // The crate is young: should it ever panic, one execution fails and its shard goes on.
        let evaluated = catch_unwind(AssertUnwindSafe(|| evaluator.evaluate(tree, root)));
        let Ok(evaluated) = evaluated else { return plain("the evaluator failed") };
        match evaluated {
            Ok(value) => match convert::from_jsonata(&value, 0) {
                Ok(Some(value)) => Outcome::Value(value),
                Ok(None) => Outcome::Undefined,
                Err(Refused::TooDeep) => plain("the result is nested too deeply"),
                Err(Refused::NotFinite) => coded("D1001: Number out of range: the result is not finite"),
            },
            Err(error) => failed(&error, uses),
        }
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

fn failed(error: &EvaluatorError, uses: &Uses) -> Outcome {
    match error.code() {
        // The guards of time and depth, in the words of JSONata's own.
        Some("D1012") => plain("Expression evaluation timeout: Check for infinite loop"),
        Some("D1011" | "U1001") => plain(
            "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive.",
        ),
        Some(_) => coded(&wording::worded(error.message(), uses)),
        None => plain(error.message()),
    }
}
