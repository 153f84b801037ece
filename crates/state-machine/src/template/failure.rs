//! What can be wrong with a template, and how its evaluation fails.

use crate::Value;
use crate::text::Node;
use crate::trail::Trail;
use std::ops::Range;
use std::sync::Arc;

/// Error of JSONata expressions.
pub const QUERY_EVALUATION_ERROR: &str = "States.QueryEvaluationError";

/// A field that cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// Bytes of the definition it is about.
    pub span: Range<usize>,
    /// The way to it within the state: `Output/a[0]`.
    pub location: String,
    /// What is wrong.
    pub message: String,
}

impl TemplateError {
    pub(super) fn new(node: &Node, at: &Trail<'_>, message: String) -> TemplateError {
        TemplateError { span: node.span.clone(), location: at.within_state(), message }
    }
}

/// A template that gave no value. The state fails with this error; `cause` goes behind AWS's opening words (`An error
/// occurred while executing the state …`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationFailure {
    /// `States.Runtime`, `States.IntrinsicFailure`, `States.QueryEvaluationError`.
    pub error: Arc<str>,
    /// AWS's sentence.
    pub cause: String,
    /// The way to the failed part within the state, as in `EvaluationFailedEventDetails.location`.
    pub location: Arc<str>,
}

impl EvaluationFailure {
    pub(super) fn query(location: &Arc<str>, cause: String) -> EvaluationFailure {
        EvaluationFailure { error: QUERY_EVALUATION_ERROR.into(), cause, location: location.clone() }
    }
}

/// What JSON calls the type of a value.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

pub(super) fn wrong_type(
    expression: &str,
    field: &Arc<str>,
    expected: &str,
    value: &Value,
) -> EvaluationFailure {
    let cause = format!(
        "The JSONata expression '{expression}' specified for the field '{field}' returned an unexpected result type. \
         Expected '{expected}', but was '{}' for value: {value}",
        type_name(value)
    );
    EvaluationFailure::query(field, cause)
}

pub(super) fn too_deep(field: &Arc<str>) -> EvaluationFailure {
    EvaluationFailure {
        error: "States.Runtime".into(),
        cause: format!("The value of the field '{field}' nests more than {} levels", crate::text::MAX_DEPTH),
        location: field.clone(),
    }
}

pub(super) fn too_large(field: &Arc<str>) -> EvaluationFailure {
    EvaluationFailure {
        error: "States.DataLimitExceeded".into(),
        cause: format!("The value of the field '{field}' has more than {} bytes", super::LARGEST),
        location: field.clone(),
    }
}
