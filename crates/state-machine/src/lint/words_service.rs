//! The sentences of the real service: of `ValidateStateMachineDefinition`, and of `InvalidDefinition` faults.
//!
//! Those in recordings are exact. Others are as people quoted them (issues of cfn-lint and of the serverless plugin); the
//! API reference says that nobody may rely on their wording.

use super::fault::{Code, Fault, Problem};
use super::field::{Bound, Type};

/// Names of states' types, in the order in which the service lists them.
const TYPES: &[&str] = &["Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"];

impl Problem {
    /// Code and message.
    pub(super) fn message(&self) -> (Code, String) {
        let schema = |message: String| (Code::SchemaValidationFailed, message);
        let transition = |message: String| (Code::MissingTransitionTarget, message);
        match &self.fault {
            Fault::Missing(names) => {
                schema(format!("There should be one of the following fields: [{}]", names.join(", ")))
            }
            Fault::MissingField(name) => schema(format!("These fields are required: [{name}]")),
            Fault::Forbidden(name) => schema(format!("Field '{name}' is not supported")),
            Fault::NotAllowed(name) => schema(format!("Field '{name}' is not supported")),
            Fault::OnlyOneOf(_, there) => {
                schema(format!("There should only be one of the following fields: [{}]", there.join(", ")))
            }
            Fault::Empty(name) => schema(format!("The field '{name}' should not be empty")),
            Fault::Null(name) => schema(format!("The field '{name}' should not be null")),
            Fault::WrongType { list: true, .. } => schema("Expected value of type Array".to_owned()),
            Fault::WrongType { ty, .. } => schema(of_type(*ty).to_owned()),
            Fault::NotOneOf { field, allowed, .. } => {
                let allowed = if *field == "Type" { TYPES } else { allowed };
                schema(format!(
                    "The field '{field}' should have one of these values: [{}]",
                    allowed.join(", ")
                ))
            }
            Fault::OutOfBounds { bound, fraction, .. } => schema(out_of(*bound, *fraction)),
            Fault::WrongLanguage { field, jsonata } => {
                let (is, only) = if *jsonata { ("JSONata", "JSONPath") } else { ("JSONPath", "JSONata") };
                schema(format!(
                    "The QueryLanguage is set to '{is}', but field '{field}' is only supported for the '{only}' QueryLanguage"
                ))
            }
            Fault::NoStart { target } | Fault::NoTarget { target, .. } => {
                transition(format!("Missing 'Next' target: {target}"))
            }
            Fault::NoTerminal => (Code::MissingEndState, "Workflow has no terminal state".to_owned()),
            Fault::Unreachable { state } => transition(format!("State \"{state}\" is not reachable.")),
            Fault::DuplicateState { state, .. } => {
                (Code::DuplicateStateName, format!("Duplicate State name: {state}"))
            }
            Fault::StatesAll => schema("'States.ALL' must be the only error of the last element".to_owned()),
            Fault::NotAPath { .. } => schema("Value must be a valid JSONPath.".to_owned()),
            Fault::NotATemplate { field, .. } => schema(format!(
                "The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
            )),
            Fault::Own { code, message, .. } => (*code, message.clone()),
        }
    }

    /// Where; the service names no place for a workflow without an end.
    pub(super) fn location(&self) -> Option<String> {
        (self.fault != Fault::NoTerminal).then(|| self.pointer.clone())
    }

    /// Whether the real service refuses (or warns of) it too.
    pub(super) fn is_of_the_service(&self) -> bool {
        !matches!(self.fault, Fault::Own { service: false, .. })
    }
}

fn of_type(ty: Type) -> &'static str {
    match ty {
        Type::Any => "Unexpected value",
        Type::Object => "Expected value of type Object",
        Type::Array => "Expected value of type Array",
        Type::String => "Expected value of type String",
        Type::Integer => "Expected value of type Integer",
        Type::Float | Type::Numeric => "Expected value of type Number",
        Type::Boolean => "Expected value of type Boolean",
        Type::ReferencePath => "Value is not a Reference Path",
        Type::Timestamp => "String does not match RFC3339 timestamp",
        Type::Uri => "Value is not a valid resource ARN",
    }
}

/// The service says limits inclusively.
fn out_of(bound: Bound, fraction: bool) -> String {
    let number = |limit: f64| if fraction { format!("{limit:?}") } else { format!("{limit}") };
    match bound {
        Bound::Floor(limit) => format!("Minimum value is {}", number(limit + 1.0)),
        Bound::Minimum(limit) => format!("Minimum value is {}", number(limit)),
        Bound::Ceiling(limit) => format!("Maximum value is {}", number(limit)),
        Bound::Maximum(limit) => format!("Maximum value is {}", number(limit)),
    }
}
