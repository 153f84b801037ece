//! What can be wrong, found once and said twice: in statelint's sentences and in those of the real service.

use super::field::{Bound, Type};
use crate::trail::Trail;
use std::ops::Range;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// None of the fields is there.
    Missing(&'static [&'static str]),
    /// A required field, when its name is not in a list of its own.
    MissingField(&'static str),
    Forbidden(&'static str),
    OnlyOneOf(&'static [&'static str], Vec<&'static str>),
    Empty(&'static str),
    Null(&'static str),
    WrongType {
        shown: String,
        ty: Type,
        list: bool,
    },
    NotOneOf {
        field: &'static str,
        shown: String,
        allowed: &'static [&'static str],
    },
    OutOfBounds {
        field: &'static str,
        shown: String,
        bound: Bound,
        fraction: bool,
    },
    NotAllowed(String),
    WrongLanguage {
        field: String,
        jsonata: bool,
    },
    NoStart {
        target: String,
    },
    NoTarget {
        target: String,
        field: String,
    },
    NoTerminal,
    Unreachable {
        state: String,
    },
    DuplicateState {
        state: String,
        other: String,
    },
    StatesAll,
    /// A field that is no path; `fault` is what the real reader of paths says.
    NotAPath {
        field: String,
        choice: bool,
        null: bool,
    },
    NotATemplate {
        field: String,
        of: String,
    },
    /// Found by us alone; `service` says whether the real service complains as well.
    Own {
        code: Code,
        message: String,
        service: bool,
    },
}

/// The codes of diagnostics (API reference, `ValidateStateMachineDefinitionDiagnostic`), and two of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// JSON syntax problem found.
    InvalidJsonDescription,
    /// A field is missing, superfluous or has a wrong value.
    SchemaValidationFailed,
    /// The value of a Task state's resource is invalid.
    InvalidResource,
    /// A next state that does not exist, or a state that nothing leads to.
    MissingTransitionTarget,
    /// The workflow does not have a terminal state.
    MissingEndState,
    /// The same state name appears more than once.
    DuplicateStateName,
    /// The state name does not follow the naming convention.
    InvalidStateName,
    /// A label appears more than once.
    DuplicateLabelName,
    /// An invalid label.
    InvalidLabelName,
    /// The states are too deeply nested.
    TooDeeplyNested,
    /// Warning: a value that looks like a path, in a field whose name does not end in `.$`.
    NoDollar,
    /// Warning: a value that looks like a path, in a field whose name does not end in `Path`.
    NoPath,
    /// Warning: the result of a Pass state looks like a path, but is taken as it stands.
    PassResultIsStatic,
    /// Warning, ours alone: a variable is read that no state before can have assigned.
    UnassignedVariable,
    /// Warning, ours alone: a machine inside another assigns a variable that the outer one assigns, too.
    ShadowedVariable,
}

impl Code {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Code::InvalidJsonDescription => "INVALID_JSON_DESCRIPTION",
            Code::SchemaValidationFailed => "SCHEMA_VALIDATION_FAILED",
            Code::InvalidResource => "INVALID_RESOURCE",
            Code::MissingTransitionTarget => "MISSING_TRANSITION_TARGET",
            Code::MissingEndState => "MISSING_END_STATE",
            Code::DuplicateStateName => "DUPLICATE_STATE_NAME",
            Code::InvalidStateName => "INVALID_STATE_NAME",
            Code::DuplicateLabelName => "DUPLICATE_LABEL_NAME",
            Code::InvalidLabelName => "INVALID_LABEL_NAME",
            Code::TooDeeplyNested => "TOO_DEEPLY_NESTED",
            Code::NoDollar => "NO_DOLLAR",
            Code::NoPath => "NO_PATH",
            Code::PassResultIsStatic => "PASS_RESULT_IS_STATIC",
            Code::UnassignedVariable => "UNASSIGNED_VARIABLE",
            Code::ShadowedVariable => "SHADOWED_VARIABLE",
        }
    }

    /// Whether it only warns: the definition is accepted.
    pub fn is_warning(self) -> bool {
        matches!(
            self,
            Code::NoDollar
                | Code::NoPath
                | Code::PassResultIsStatic
                | Code::UnassignedVariable
                | Code::ShadowedVariable
        )
    }
}

/// Something wrong and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem {
    pub(super) fault: Fault,
    /// Place in statelint's words; what stands there depends on the fault.
    pub(super) dotted: String,
    /// Place in the real service's words.
    pub(super) pointer: String,
    /// Bytes of the definition.
    pub(super) span: Range<usize>,
}

/// Where problems are gathered, up to [`MOST`].
#[derive(Debug, Default)]
pub(super) struct Problems(pub(super) Vec<Problem>);

/// More problems than anybody reads; keeps a definition of a megabyte of faults from growing into gigabytes.
pub(super) const MOST: usize = 10_000;

impl Problems {
    /// Notes a fault at the place the trail leads to.
    pub(super) fn add(&mut self, trail: &Trail<'_>, span: &Range<usize>, fault: Fault) {
        if self.0.len() < MOST {
            self.add_at(trail.dotted(), trail, span, fault);
        }
    }

    /// Notes a fault for which statelint names another place than the real service.
    pub(super) fn add_at(&mut self, dotted: String, trail: &Trail<'_>, span: &Range<usize>, fault: Fault) {
        if self.0.len() < MOST {
            self.0.push(Problem { fault, dotted, pointer: trail.pointer(), span: span.clone() });
        }
    }
}

impl Fault {
    /// Something only we find.
    pub(super) fn own(code: Code, message: impl Into<String>) -> Fault {
        Fault::Own { code, message: message.into(), service: true }
    }

    /// Something only we find, which the real service accepts.
    pub(super) fn advice(code: Code, message: impl Into<String>) -> Fault {
        Fault::Own { code, message: message.into(), service: false }
    }

    /// An expression that does not compile. The real service leaves JSONata's code (`S0202: `) out.
    pub(super) fn expression(message: &str) -> Fault {
        let coded = message.as_bytes();
        let is_code = coded.len() > 7
            && coded[0].is_ascii_uppercase()
            && coded[1..5].iter().all(u8::is_ascii_digit)
            && &coded[5..7] == b": ";
        Fault::own(Code::SchemaValidationFailed, if is_code { &message[7..] } else { message })
    }
}
