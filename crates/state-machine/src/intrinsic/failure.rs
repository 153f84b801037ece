//! How a call fails.

use crate::path::PathFailure;
use std::sync::Arc;

/// What is wrong with the arguments of a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(String);

impl Fault {
    /// A fault with its sentence.
    pub fn new(text: impl Into<String>) -> Fault {
        Fault(text.into())
    }
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallFailure {
    /// A path among the arguments leads nowhere: `States.Runtime`.
    Path(PathFailure),
    /// The function refuses its arguments: `States.IntrinsicFailure`.
    Function {
        /// The call as written.
        call: Arc<str>,
        /// Why.
        fault: Fault,
    },
}

impl CallFailure {
    /// Name of the error and its cause; `field` is the member the call stands in, with its `.$`.
    pub fn describe(&self, field: &str) -> (&'static str, String) {
        match self {
            CallFailure::Path(failure) => ("States.Runtime", failure.not_found(field)),
            CallFailure::Function { call, fault } => {
                ("States.IntrinsicFailure", format!("The function '{call}' had the following error: {fault}"))
            }
        }
    }
}
