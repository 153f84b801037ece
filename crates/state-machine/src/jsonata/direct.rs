//! The most frequent expressions, read without an evaluator: `$states.input.a.b`, `$variable.c`.
//!
//! A path of names over objects finds in JSONata what it finds anywhere; only an array on the way has rules of its own and
//! goes to the evaluator. Numbers come out as they would from there: as doubles, whole ones without a fraction.

use super::convert::from_double;
use crate::template::Scope;
use crate::{Map, Number, Value};
use jsonata_core::ast::{AstNode, PathStep};
use std::sync::Arc;

/// An expression that only reads.
#[derive(Clone, Debug)]
pub(super) struct Direct {
    root: Root,
    names: Box<[Arc<str>]>,
}

#[derive(Clone, Debug)]
enum Root {
    Input,
    Result,
    ErrorOutput,
    Context,
    Variable(Arc<str>),
}

impl Direct {
    /// Recognises one, in the tree as it was parsed.
    pub(super) fn recognise(tree: &AstNode) -> Option<Direct> {
        let steps = match tree {
            AstNode::Path { steps } => steps.as_slice(),
            AstNode::Variable(name) => return Direct::variable(name, &[]),
            _ => return None,
        };
        let (first, rest) = steps.split_first()?;
        let AstNode::Variable(name) = &first.node else { return None };
        if !is_plain(first) {
            return None;
        }
        let names: Vec<Arc<str>> = rest.iter().map(name_of).collect::<Option<_>>()?;
        if name != "states" {
            return Direct::variable(name, &names);
        }
        let (member, names) = names.split_first()?;
        let root = match &**member {
            "input" => Root::Input,
            "result" => Root::Result,
            "errorOutput" => Root::ErrorOutput,
            "context" => Root::Context,
            _ => return None,
        };
        Some(Direct { root, names: names.into() })
    }

    fn variable(name: &str, names: &[Arc<str>]) -> Option<Direct> {
        // `$` is the context item, `$sum` a function unless a variable has its name.
        let free = !name.is_empty() && name != "states";
        free.then(|| Direct { root: Root::Variable(name.into()), names: names.into() })
    }

    /// What it reads. `None`: that is for the evaluator to say. `Some(None)`: nothing is there.
    #[expect(clippy::option_option, reason = "not known, known to be nothing, known")]
    pub(super) fn read(&self, scope: &Scope<'_>) -> Option<Option<Value>> {
        let owned;
        let mut at = match &self.root {
            Root::Input => scope.input,
            Root::Result => match scope.result {
                Some(result) => result,
                None => return Some(None),
            },
            Root::ErrorOutput => match scope.error_output {
                Some(output) => output,
                None => return Some(None),
            },
            Root::Context => {
                owned = scope.surroundings.context();
                &owned
            }
            Root::Variable(name) => {
                owned = scope.surroundings.variable(name)?;
                &owned
            }
        };
        for name in &self.names {
            at = match at {
                Value::Object(members) => match members.get(name) {
                    Some(member) => member,
                    None => return Some(None),
                },
                Value::Array(_) => return None,
                _ => return Some(None),
            };
        }
        match as_doubles(at) {
            Ok(None) => Some(Some(at.clone())),
            Ok(changed) => Some(changed),
            Err(NotFinite) => None,
        }
    }
}

fn is_plain(step: &PathStep) -> bool {
    step.stages.is_empty()
        && step.focus.is_none()
        && step.index_var.is_none()
        && step.ancestor_label.is_none()
        && !step.is_tuple
}

fn name_of(step: &PathStep) -> Option<Arc<str>> {
    match &step.node {
        AstNode::Name(name) if is_plain(step) => Some(name.as_str().into()),
        _ => None,
    }
}

struct NotFinite;

/// The value with its numbers as doubles; `None` where that changes nothing, which is nearly always.
fn as_doubles(value: &Value) -> Result<Option<Value>, NotFinite> {
    match value {
        Value::Number(Number::Int(number)) if number.unsigned_abs() < 1 << 53 => Ok(None),
        Value::Number(number) => {
            let new = from_double(number.as_f64()).map_err(|_| NotFinite)?;
            Ok(Some(Value::Number(new)))
        }
        Value::Array(items) => {
            let mut changed: Option<Vec<Value>> = None;
            for (index, item) in items.iter().enumerate() {
                if let Some(new) = as_doubles(item)? {
                    changed.get_or_insert_with(|| items.to_vec())[index] = new;
                }
            }
            Ok(changed.map(Value::from))
        }
        Value::Object(members) => {
            let mut changed: Option<Map> = None;
            for (index, member) in members.values().enumerate() {
                if let Some(new) = as_doubles(member)? {
                    changed.get_or_insert_with(|| Map::clone(members))[index] = new;
                }
            }
            Ok(changed.map(Value::from))
        }
        _ => Ok(None),
    }
}
