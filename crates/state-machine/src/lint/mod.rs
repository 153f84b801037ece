//! Says what is wrong with a definition.
//!
//! The tables (`tables`) say which fields there are; `walk` holds a definition against them, `semantic` follows its
//! transitions, `today` compiles its paths and expressions. What is found is said in two ways: in the sentences of
//! awslabs' statelint, for people and CI ([`findings`], [`statelint`]), and as the diagnostics of the real service
//! ([`validate`]).

mod diagnostic;
mod fault;
mod field;
mod inner;
mod path;
mod reach;
mod repeated;
mod resource;
mod role;
mod ruby;
mod semantic;
mod table;
mod tables;
mod today;
mod types;
mod variables;
mod walk;
mod warnings;
mod ways;
mod words_service;
mod words_statelint;

#[cfg(test)]
mod tests;

pub use diagnostic::{Diagnostic, MachineKind, Report, Severity, reasons, refusal, report, validate};
pub use fault::Code;
pub(crate) use inner::each_machine;

use crate::template::Language;
use crate::text::{self, Node};
use crate::trail::Trail;
use fault::{Fault, Problem, Problems};
use role::Role;
use std::borrow::Cow;
use walk::{Mode, Walk};

/// What awslabs' statelint says of a definition, sentence by sentence; nothing where all is well.
///
/// Exactly its sentences in exactly its order, its mistakes included: it knows neither JSONata nor the newer fields.
/// [`findings`] is the better linter.
pub fn statelint(definition: &Node) -> Vec<String> {
    let definition = repeated::last_wins(definition);
    problems(&definition, Mode::Statelint).iter().map(Problem::sentence).collect()
}

/// Something wrong, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// A sentence in statelint's style; statelint's own where it knows the fault.
    pub sentence: String,
    /// The same in the style of the real service, with its place.
    pub diagnostic: Diagnostic,
}

/// Everything that is wrong with a definition: what statelint finds (but not what it finds by mistake), and what it cannot
/// see. A text that is no JSON gives one finding.
pub fn findings(definition: &str, kind: MachineKind) -> Vec<Finding> {
    let node = match text::read(definition) {
        Ok(node) => node,
        Err(error) => {
            let sentence = format!("Problem reading/parsing JSON: {error}");
            return vec![Finding { sentence, diagnostic: Diagnostic::of_syntax(definition, &error) }];
        }
    };
    let once = repeated::last_wins(&node);
    let mut problems = Problems(today(&node, &once));
    if kind == MachineKind::Express {
        resource::check_express(&node, &Trail::ROOT, &mut problems);
    }
    variables::check(&once, Language::of(&once, Language::JsonPath), &mut problems);
    if matches!(once, Cow::Owned(_)) {
        repeated::check(&node, &Trail::ROOT, &mut problems);
    }
    let finding =
        |problem: &Problem| Finding { sentence: problem.sentence(), diagnostic: Diagnostic::of(problem) };
    problems.0.iter().map(finding).collect()
}

fn today(written: &Node, definition: &Node) -> Vec<Problem> {
    if !definition.is_object() {
        let fault = Fault::own(Code::SchemaValidationFailed, diagnostic::NO_OBJECT);
        let mut problems = Problems::default();
        problems.add(&Trail::ROOT, &written.span, fault);
        return problems.0;
    }
    let mut problems = Problems(problems(definition, Mode::Today));
    reach::check(definition, &Trail::ROOT, &mut problems);
    problems.0
}

fn problems(definition: &Node, mode: Mode) -> Vec<Problem> {
    let mut problems = Problems::default();
    let machine = Language::of(definition, Language::JsonPath);
    Walk { mode, machine, problems: &mut problems }.check(
        definition,
        &Trail::ROOT,
        Role::StateMachine,
        machine,
    );
    semantic::Semantic::new(mode, machine, &mut problems).check(definition, &Trail::ROOT);
    problems.0
}
