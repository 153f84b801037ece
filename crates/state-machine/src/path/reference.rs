//! Reference Paths: paths that name one node, and can therefore be written to.

use super::step::Step;
use super::{Path, PathError, walk};
use crate::text::MAX_DEPTH;
use crate::{Map, Value};
use std::sync::Arc;

/// A path of single names and indices only.
#[derive(Clone, Debug)]
pub struct ReferencePath {
    path: Path,
}

/// A result that cannot be put where its path says. The execution's error is `States.ResultPathMatchFailure`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Unable to apply ReferencePath {path} to input {input}")]
pub struct Mismatch {
    /// The path as written.
    pub path: Arc<str>,
    /// The input as JSON text.
    pub input: String,
}

impl ReferencePath {
    /// Compiles one. Besides what [`Path::compile`] refuses, anything that could name several nodes is refused.
    pub fn compile(text: &str) -> Result<ReferencePath, PathError> {
        let path = Path::compile(text)?;
        if path.steps.len() > MAX_DEPTH {
            let message = format!("a Reference Path goes at most {MAX_DEPTH} levels deep");
            return Err(PathError { path: path.source, at: 0, message });
        }
        let single = path.steps.iter().all(|step| match step {
            Step::Names(names) => names.len() == 1,
            Step::Indices(indices) => indices.len() == 1,
            _ => false,
        });
        if single {
            return Ok(ReferencePath { path });
        }
        Err(PathError { path: text.into(), at: 0, message: "a Reference Path names one node".into() })
    }

    /// It as a path to read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The target with the value at this place. Objects that are missing on the way are made; what is there and is
    /// neither object nor array where one is needed, and places beyond the end of an array, fail.
    pub fn write(&self, mut target: Value, value: Value) -> Result<Value, Mismatch> {
        if !fits(&self.path.steps, Some(&target)) {
            return Err(Mismatch { path: self.path.source.clone(), input: target.to_string() });
        }
        put(&self.path.steps, &mut target, value);
        Ok(target)
    }
}

/// Whether the place can be written to.
fn fits(steps: &[Step], target: Option<&Value>) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return true;
    };
    match (step, target) {
        (Step::Names(names), Some(Value::Object(members))) => {
            fits(rest, names.first().and_then(|name| members.get(name)))
        }
        (Step::Names(_), None) => fits(rest, None),
        (Step::Indices(indices), Some(Value::Array(items))) => {
            let place = indices.first().and_then(|index| walk::place(*index, items.len()));
            place.is_some_and(|at| fits(rest, items.get(at)))
        }
        _ => false,
    }
}

/// Writes where [`fits`] has been asked. What nobody else holds is changed in place.
fn put(steps: &[Step], target: &mut Value, value: Value) {
    let Some((step, rest)) = steps.split_first() else {
        *target = value;
        return;
    };
    match (step, target) {
        (Step::Names(names), Value::Object(members)) => {
            if let Some(name) = names.first() {
                let member = Arc::make_mut(members).entry(name.clone()).or_insert_with(missing);
                put(rest, member, value);
            }
        }
        (Step::Indices(indices), Value::Array(items)) => {
            let place = indices.first().and_then(|index| walk::place(*index, items.len()));
            if let Some(item) = place.and_then(|at| Arc::make_mut(items).get_mut(at)) {
                put(rest, item, value);
            }
        }
        _ => (),
    }
}

/// What stands where nothing stood, until the rest of the path is written into it.
fn missing() -> Value {
    Value::from(Map::new())
}
