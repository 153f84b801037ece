//! Variables that are read where no state before can have assigned them, and variables that an inner machine assigns
//! although one around it does.
//!
//! Rules: developer guide, "Passing data between states with variables". States inside Map and Parallel states read the
//! variables around them, unless the Map is distributed; what they assign is gone with them. New values are seen from the
//! next state on. The real service accepts both (recordings `assign/test-undefined-reference…` and
//! `states_variables/test-parallel-catch-error-…VARIABLE-SAMPLING`): a read of what was never assigned fails when it runs, and
//! that a name belongs to one scope is a rule of the guide which nothing enforces. So these are warnings of ours.

mod assigned;
mod components;
mod scope;

#[cfg(test)]
mod tests;

use super::fault::{Code, Fault, Problems};
use super::inner::each_machine;
use crate::references::each_read;
use crate::template::Language;
use crate::text::Node;
use crate::trail::Trail;
use assigned::each_assigned;
use scope::{Names, Scope, Set};
use std::collections::HashSet;

/// Checks a definition whose language is `language`.
pub(super) fn check(definition: &Node, language: Language, problems: &mut Problems) {
    shadows(definition, &Trail::ROOT, language, &mut Vec::new(), problems);
    let mut names = Names::default();
    let scope = Scope::of(definition, language, &mut names);
    if names.count() > 0 {
        let nothing = names.no_set();
        Reads { names, problems }.check(&Trail::ROOT, &scope, &nothing);
    }
}

/// Complains of names that the machine assigns although one of those around it (`outer`, the innermost last) does.
fn shadows<'n>(
    machine: &'n Node,
    trail: &Trail<'_>,
    language: Language,
    outer: &mut Vec<HashSet<&'n str>>,
    problems: &mut Problems,
) {
    let below = trail.field("States");
    let states = machine.get("States").map(Node::members).unwrap_or_default();
    let mut own = HashSet::new();
    for (key, state) in states {
        each_assigned(state, &below.field(&key.name), Language::of(state, language), &mut |at, key, name| {
            own.insert(name);
            if outer.iter().any(|names| names.contains(name)) {
                let message = format!("variable \"{name}\" is also assigned by a state around this machine");
                problems.add(at, &key.span, Fault::advice(Code::ShadowedVariable, message));
            }
        });
    }
    outer.push(own);
    for (key, state) in states {
        // Children of a distributed Map are executions of their own.
        let mut none = Vec::new();
        let outer = if is_distributed(state) { &mut none } else { &mut *outer };
        each_machine(state, &below.field(&key.name), &mut |machine, trail| {
            shadows(machine, trail, language, outer, problems);
        });
    }
    outer.pop();
}

struct Reads<'p> {
    names: Names,
    problems: &'p mut Problems,
}

impl Reads<'_> {
    /// Complains of reads in the states that can be reached; `before` may be assigned when the machine begins.
    fn check(&mut self, trail: &Trail<'_>, scope: &Scope<'_>, before: &Set) {
        let states = trail.field("States");
        let known = scope.known(before, &self.names);
        for (index, state) in scope.states.iter().enumerate() {
            let Some(known) = known.at(index) else { continue };
            let at = states.field(state.name);
            if state.reads.iter().any(|id| !known.has(*id)) {
                self.complain(state, &at, known);
            }
            let nothing = self.names.no_set();
            let before = if is_distributed(state.node) { &nothing } else { known };
            let mut scopes = state.inner.iter();
            each_machine(state.node, &at, &mut |_, trail| {
                if let Some(scope) = scopes.next() {
                    self.check(trail, scope, before);
                }
            });
        }
    }

    fn complain(&mut self, state: &scope::State<'_>, at: &Trail<'_>, known: &Set) {
        let Reads { names, problems } = self;
        each_read(state.node, at, state.language, &mut |place, text, read| {
            for name in read.iter().filter(|name| names.id(name).is_some_and(|id| !known.has(id))) {
                let message = format!("variable \"${name}\" is read here, but no state before assigns it");
                problems.add(place, &text.span, Fault::advice(Code::UnassignedVariable, message));
            }
        });
    }
}

/// Whether the machine inside a state runs as executions of its own.
fn is_distributed(state: &Node) -> bool {
    let processor = state.get("ItemProcessor").and_then(|processor| processor.get("ProcessorConfig"));
    processor.and_then(|config| config.get("Mode")).and_then(Node::as_str) == Some("DISTRIBUTED")
}
