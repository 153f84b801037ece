//! From a template to its value.

use super::part::Part;
use super::{EvaluationFailure, Scope};
use crate::jsonata::{Outcome, Session};
use crate::path::Roots;
use crate::{Map, Value};

/// One evaluation of a template: its parts share what was converted for JSONata.
pub(super) struct Pass<'s, 'a> {
    scope: &'s mut Scope<'a>,
    session: Option<Session>,
}

impl<'s, 'a> Pass<'s, 'a> {
    pub(super) fn new(scope: &'s mut Scope<'a>) -> Pass<'s, 'a> {
        Pass { scope, session: None }
    }
}

pub(super) fn part(part: &Part, pass: &mut Pass<'_, '_>) -> Result<Value, EvaluationFailure> {
    match part {
        Part::Constant(value) => Ok(value.clone()),
        Part::Array(items) => {
            let items: Result<Vec<Value>, _> = items.iter().map(|item| self::part(item, pass)).collect();
            Ok(Value::from(items?))
        }
        Part::Object(members) => {
            let mut found = Map::with_capacity(members.len());
            for (name, member) in members {
                found.insert(name.clone(), self::part(member, pass)?);
            }
            Ok(Value::from(found))
        }
        Part::Path(path, member) => {
            let roots = Roots { input: pass.scope.input, surroundings: pass.scope.surroundings };
            path.read(&roots).map_err(|failure| EvaluationFailure {
                error: "States.Runtime".into(),
                cause: failure.not_found(member),
                location: member.clone(),
            })
        }
        Part::Call(call, member) => {
            let roots = Roots { input: pass.scope.input, surroundings: pass.scope.surroundings };
            call.evaluate(&roots, pass.scope.draw).map_err(|failure| {
                let (error, cause) = failure.describe(member);
                EvaluationFailure { error: error.into(), cause, location: member.clone() }
            })
        }
        Part::Expression(expression, location) => {
            let session = pass.session.get_or_insert_with(Session::default);
            let about = |what: &str| {
                format!(
                    "The JSONata expression '{}' specified for the field '{location}' {what}",
                    expression.source()
                )
            };
            match expression.evaluate(session, pass.scope) {
                Outcome::Value(value) => Ok(value),
                Outcome::Undefined => {
                    Err(EvaluationFailure::query(location, about("returned nothing (undefined).")))
                }
                Outcome::Failed { message, coded } => {
                    // A message with a code of its own is a sentence of its own.
                    let mark = if coded { '.' } else { ':' };
                    Err(EvaluationFailure::query(
                        location,
                        about(&format!("threw an error during evaluation{mark} {message}")),
                    ))
                }
            }
        }
    }
}
