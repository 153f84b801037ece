//! What a template is made of.

use crate::Value;
use crate::intrinsic::Call;
use crate::jsonata::Expression;
use crate::path::Path;
use std::sync::Arc;

/// A piece of a template.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Nothing to work out in here.
    Constant(Value),
    Array(Box<[Part]>),
    /// Members in the order of the result.
    Object(Box<[(Arc<str>, Part)]>),
    /// A path and the member it stands in, with its `.$`.
    Path(Path, Arc<str>),
    /// A call and the member it stands in, with its `.$`.
    Call(Box<Call>, Arc<str>),
    /// An expression and the way to it: `Output/a[0]`.
    Expression(Expression, Arc<str>),
}

impl Part {
    pub(super) fn constant(&self) -> Option<&Value> {
        match self {
            Part::Constant(value) => Some(value),
            _ => None,
        }
    }
}
