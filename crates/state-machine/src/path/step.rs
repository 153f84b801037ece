//! The steps a path is made of.

use super::Path;
use super::filter::Filter;
use crate::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One step.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// `.a`, `['a']`; several names: `['a','b']`.
    Names(Box<[Arc<str>]>),
    /// `[0]`, `[-1]`; several: `[0,2]`.
    Indices(Box<[i64]>),
    /// `[1:3]`, either end open; no step width in this dialect.
    Slice(Option<i64>, Option<i64>),
    /// `.*`, `[*]`.
    Wildcard,
    /// `..`: the steps after it are tried on every object and array below.
    Scan,
    /// `[?(…)]`; several: `[?(…),?(…)]` all must hold.
    Filter(Arc<Filter>),
    /// `.length()` and its like.
    Call(Function, Box<[Argument]>),
}

/// Functions at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Min,
    Max,
    Avg,
    Stddev,
    Sum,
    Length,
    Keys,
    Concat,
    Append,
    First,
    Last,
    Index,
}

impl Function {
    pub(super) fn named(name: &str) -> Option<Function> {
        Some(match name {
            "min" => Function::Min,
            "max" => Function::Max,
            "avg" => Function::Avg,
            "stddev" => Function::Stddev,
            "sum" => Function::Sum,
            "length" | "size" => Function::Length,
            "keys" => Function::Keys,
            "concat" => Function::Concat,
            "append" => Function::Append,
            "first" => Function::First,
            "last" => Function::Last,
            "index" => Function::Index,
            _ => return None,
        })
    }
}

/// An argument of a function.
#[derive(Clone, Debug)]
pub(super) enum Argument {
    Path(Path),
    Literal(Value),
}

impl Step {
    /// Whether it leads to one place only; `last` as several names at the end are merged into one object.
    fn definite(&self, last: bool) -> bool {
        match self {
            Step::Names(names) => names.len() == 1 || last,
            Step::Indices(indices) => indices.len() == 1,
            Step::Call(..) => true,
            Step::Slice(..) | Step::Wildcard | Step::Scan | Step::Filter(_) => false,
        }
    }

    pub(super) fn variables(&self, found: &mut BTreeSet<Arc<str>>) {
        match self {
            Step::Filter(filter) => filter.variables(found),
            Step::Call(_, arguments) => {
                for argument in arguments {
                    if let Argument::Path(path) = argument {
                        path.variables(found);
                    }
                }
            }
            _ => (),
        }
    }
}

/// Whether a chain of steps is definite. A function after a scan takes all that was found and so gives one value.
pub(super) fn definite(steps: &[Step]) -> bool {
    if matches!(steps.last(), Some(Step::Call(..))) && steps.iter().any(|step| matches!(step, Step::Scan)) {
        return true;
    }
    let last = steps.len().saturating_sub(1);
    steps.iter().enumerate().all(|(index, step)| step.definite(index == last))
}
