//! The sentences of statelint, letter for letter (awslabs/statelint 0.8; its messages are its interface: scripts read
//! them).

use super::fault::{Fault, Problem};
use super::field::Bound;
use super::{ruby, types};

impl Problem {
    /// The sentence.
    pub(super) fn sentence(&self) -> String {
        let at = &self.dotted;
        match &self.fault {
            Fault::Missing(names) => format!("{at} does not have required field from {}", ruby::names(names)),
            Fault::MissingField(name) => format!("{at} does not have required field \"{name}\""),
            Fault::Forbidden(name) => format!("{at} has forbidden field \"{name}\""),
            Fault::OnlyOneOf(names, _) => format!("{at} may have only one of {}", ruby::names(names)),
            Fault::Empty(name) => format!("{at}.{name} is empty, non-empty required"),
            Fault::Null(name) => format!("{at}.{name} should be non-null"),
            Fault::WrongType { shown, list: true, .. } => format!("{at} is {shown} but should be an Array"),
            Fault::WrongType { shown, ty, .. } => {
                format!("{at} is {shown} but should be {}", types::name(*ty))
            }
            Fault::NotOneOf { field, shown, allowed } => {
                format!("{at}.{field} is \"{shown}\", not one of the allowed values {}", ruby::names(allowed))
            }
            Fault::OutOfBounds { field, shown, bound, fraction } => {
                let (word, limit) = match bound {
                    Bound::Floor(limit) => ("floor", limit),
                    Bound::Minimum(limit) => ("minimum", limit),
                    Bound::Ceiling(limit) => ("ceiling", limit),
                    Bound::Maximum(limit) => ("maximum", limit),
                };
                let limit = if *fraction { ruby::float(*limit) } else { format!("{limit}") };
                format!("{at}.{field} is {shown} but allowed {word} is {limit}")
            }
            Fault::NotAllowed(name) => format!("Field \"{name}\" not allowed in {at}"),
            Fault::WrongLanguage { field, jsonata } => {
                let language = if *jsonata { "JSONata" } else { "JSONPath" };
                format!("Field \"{field}\" not allowed in {at}, whose QueryLanguage is {language}")
            }
            Fault::NoStart { target } => format!("StartAt value {target} not found in States field at {at}"),
            Fault::NoTarget { target, field } => {
                format!("No state found named \"{target}\", referenced at {at}.{field}")
            }
            Fault::NoTerminal => format!("No terminal state found in machine at {at}.States"),
            Fault::Unreachable { state } => format!("No transition found to state {at}.{state}"),
            Fault::DuplicateState { state, other } => {
                format!("State \"{state}\", defined at {at}.States, is also defined at {other}.States")
            }
            Fault::StatesAll => {
                format!("{at}: States.ALL can only appear in the last element, and by itself.")
            }
            Fault::NotAPath { field, null: true, .. } => {
                format!("Field \"{field}\" defined at \"{at}\" should be non-null")
            }
            Fault::NotAPath { field, choice: true, .. } => {
                format!("Field \"{field}\" of Choice state at \"{at}\" is not a JSONPath")
            }
            Fault::NotAPath { field, .. } => {
                format!("Field \"{field}\" defined at \"{at}\" is not a JSONPath")
            }
            Fault::NotATemplate { field, of } => {
                format!(
                    "Field \"{field}\" of {of} at \"{at}\" is not a JSONPath or intrinsic function expression"
                )
            }
            Fault::Own { message, .. } => format!("{at}: {message}"),
        }
    }
}
