//! What the real service says of a definition.

use super::fault::{Code, Fault, Problem, Problems};
use super::{repeated, resource};
use crate::text::{self, SyntaxError};
use crate::trail::Trail;
use std::ops::Range;

/// What the service says of a text that is no object.
pub(super) const NO_OBJECT: &str = "Definition must be a valid JSON object";

/// Most diagnostics of one answer (API reference, `maxResults`).
const MOST: usize = 100;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Accepted, and probably meant otherwise.
    Warning,
    /// Refused.
    Error,
}

impl Severity {
    /// As the API names it.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Warning => "WARNING",
            Severity::Error => "ERROR",
        }
    }
}

/// Types of state machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineKind {
    /// `STANDARD`.
    Standard,
    /// `EXPRESS`: neither `.sync` nor task tokens nor activities.
    Express,
}

/// One diagnostic (API reference, `ValidateStateMachineDefinitionDiagnostic`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of fault it is.
    pub code: Code,
    /// A sentence.
    pub message: String,
    /// The place as the service writes it, `/States/A/Choices[0]/Next`; `None` where it names none.
    pub location: Option<String>,
    /// Bytes of the definition.
    pub span: Range<usize>,
}

/// An answer of ValidateStateMachineDefinition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether the definition would be accepted (`result` is `OK`).
    pub ok: bool,
    /// What is wrong, at most as many as were asked for.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether there are more.
    pub truncated: bool,
}

impl Diagnostic {
    pub(super) fn of(problem: &Problem) -> Diagnostic {
        let (code, message) = problem.message();
        let severity = if code.is_warning() { Severity::Warning } else { Severity::Error };
        Diagnostic { severity, code, message, location: problem.location(), span: problem.span.clone() }
    }

    pub(super) fn of_syntax(definition: &str, error: &SyntaxError) -> Diagnostic {
        let (line, column) = text::line_and_column(definition, error.at);
        // Blank texts are told apart by the service, see the recording of the empty definition.
        let (code, message) = if definition.trim().is_empty() {
            (Code::SchemaValidationFailed, NO_OBJECT.to_owned())
        } else {
            let message = format!("{error} at [Source: (String); line: {line}, column: {column}]");
            (Code::InvalidJsonDescription, message)
        };
        Diagnostic { severity: Severity::Error, code, message, location: None, span: error.at..error.at }
    }
}

/// Everything the real service says of a definition: all that makes it refuse it, and its warnings, worst first.
pub fn validate(definition: &str, kind: MachineKind) -> Vec<Diagnostic> {
    let node = match text::read(definition) {
        Ok(node) => node,
        Err(error) => return vec![Diagnostic::of_syntax(definition, &error)],
    };
    let node = repeated::last_wins(&node);
    if !node.is_object() {
        let (severity, code) = (Severity::Error, Code::SchemaValidationFailed);
        let span = node.span.clone();
        return vec![Diagnostic { severity, code, message: NO_OBJECT.to_owned(), location: None, span }];
    }
    let mut problems = Problems(super::today(&node, &node));
    if kind == MachineKind::Express {
        resource::check_express(&node, &Trail::ROOT, &mut problems);
    }
    let mut problems = problems.0;
    problems.retain(Problem::is_of_the_service);
    hide_behind_unknown_types(&mut problems);
    in_order(&mut problems);
    merge_required(problems.iter())
}

/// Of a state whose type is none the service says nothing else: nobody knows which fields it may have.
fn hide_behind_unknown_types(problems: &mut Vec<Problem>) {
    let is_type = |problem: &Problem| matches!(problem.fault, Fault::NotOneOf { field: "Type", .. });
    let unknown = problems.iter().filter(|problem| is_type(problem));
    let states: Vec<String> =
        unknown.filter_map(|problem| problem.pointer.strip_suffix("Type")).map(str::to_owned).collect();
    problems.retain(|problem| {
        let hidden = |state: &String| {
            problem.pointer.starts_with(state.as_str()) || problem.pointer == state.trim_end_matches('/')
        };
        is_type(problem) || !states.iter().any(hidden)
    });
}

/// The order of the service: faults of fields, transitions, missing ends, unreachable states, warnings. Faults of fields
/// hide those of the graph, and a missing end hides what is unreachable.
fn in_order(problems: &mut Vec<Problem>) {
    let rank = |problem: &Problem| match (&problem.fault, problem.message().0) {
        (_, code) if code.is_warning() => 4,
        (Fault::NoStart { .. } | Fault::NoTarget { .. }, _) => 1,
        (Fault::NoTerminal, _) => 2,
        (Fault::Unreachable { .. }, _) => 3,
        _ => 0,
    };
    problems.sort_by_key(rank);
    if problems.first().is_some_and(|problem| rank(problem) == 0) {
        problems.retain(|problem| matches!(rank(problem), 0 | 4));
    } else if problems.iter().any(|problem| rank(problem) == 2) {
        problems.retain(|problem| rank(problem) != 3);
    }
}

/// Diagnostics of the problems; required fields of one object that are missing make one diagnostic.
fn merge_required<'p>(problems: impl Iterator<Item = &'p Problem>) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    let mut missing: Option<&str> = None;
    for problem in problems {
        let diagnostic = Diagnostic::of(problem);
        let is_missing = matches!(problem.fault, Fault::MissingField(_)).then_some(problem.pointer.as_str());
        match (diagnostics.last_mut(), &problem.fault) {
            (Some(last), Fault::MissingField(name)) if is_missing == missing => {
                last.message.insert_str(last.message.len() - 1, &format!(", {name}"));
            }
            _ => diagnostics.push(diagnostic),
        }
        missing = is_missing;
    }
    diagnostics
}

/// The answer of ValidateStateMachineDefinition: diagnostics of at least this severity, at most `most` of them (0 or more
/// than 100 mean 100).
pub fn report(definition: &str, kind: MachineKind, severity: Severity, most: usize) -> Report {
    let mut diagnostics = validate(definition, kind);
    let ok = diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Warning);
    diagnostics.retain(|diagnostic| diagnostic.severity >= severity);
    let most = if (1..=MOST).contains(&most) { most } else { MOST };
    let truncated = diagnostics.len() > most;
    diagnostics.truncate(most);
    Report { ok, diagnostics, truncated }
}

/// The errors as an `InvalidDefinition` fault lists them, between the quotes of `Invalid State Machine Definition: '…'`;
/// `None` where there are none.
pub fn reasons(diagnostics: &[Diagnostic]) -> Option<String> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).take(MOST);
    let said: Vec<String> = errors
        .map(|diagnostic| match &diagnostic.location {
            Some(location) => format!("{}: {} at {location}", diagnostic.code.name(), diagnostic.message),
            None => format!("{}: {}", diagnostic.code.name(), diagnostic.message),
        })
        .collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// The text of an `InvalidDefinition` fault, where there is an error: `Invalid State Machine Definition: '…'`.
pub fn refusal(diagnostics: &[Diagnostic]) -> Option<String> {
    reasons(diagnostics).map(|reasons| format!("Invalid State Machine Definition: '{reasons}'"))
}
