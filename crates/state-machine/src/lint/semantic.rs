//! What statelint checks beyond the tables: transitions, terminal states, `States.ALL`, paths.

use super::fault::{Fault, Problems};
use super::path;
use super::place::Trail;
use super::walk::Mode;
use crate::template::Language;
use crate::text::{Kind, Node};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// One pass over a whole definition.
pub(super) struct Semantic<'n, 'p> {
    mode: Mode,
    machine: Language,
    problems: &'p mut Problems,
    /// The machines around the object at hand, the innermost last.
    machines: Vec<Machine<'n>>,
    /// Where each state name was first met.
    names: HashMap<&'n str, Rc<str>>,
}

/// A `States` object, and the names something leads to.
struct Machine<'n> {
    states: HashSet<&'n str>,
    reached: HashSet<&'n str>,
}

/// Fields with the user's own data, in which statelint finds transitions all the same.
const DATA: &[&str] = &[
    "Parameters",
    "ResultSelector",
    "Result",
    "Arguments",
    "Output",
    "Assign",
    "Items",
    "ItemSelector",
    "BatchInput",
    "Credentials",
];

impl<'n, 'p> Semantic<'n, 'p> {
    pub(super) fn new(mode: Mode, machine: Language, problems: &'p mut Problems) -> Semantic<'n, 'p> {
        Semantic { mode, machine, problems, machines: Vec::new(), names: HashMap::new() }
    }

    /// Checks a value and everything in it.
    pub(super) fn check(&mut self, node: &'n Node, trail: &Trail<'_>) {
        if !node.is_object() {
            return;
        }
        let states = node.get("States").filter(|states| states.is_object());
        if let Some(states) = states {
            self.enter(node, states, trail);
            self.check_terminal(states, node, trail);
        }
        for field in ["Next", "Default"] {
            self.follow(node, field, trail);
        }
        for field in ["Retry", "Catch"] {
            if let Some(list) = node.get(field) {
                self.check_states_all(list, &trail.field(field));
            }
        }
        let has_data = self.mode == Mode::Today && node.get("Type").is_some();
        for (key, value) in node.members() {
            if !(value.is_object() || value.is_array()) || (has_data && DATA.contains(&&*key.name)) {
                continue;
            }
            let below = trail.field(&key.name);
            if value.is_array() {
                for (index, item) in value.items().iter().enumerate() {
                    self.check(item, &below.index(index));
                }
            } else {
                self.check(value, &below);
            }
        }
        if let Some(states) = states {
            self.leave(states, trail);
        }
    }

    fn enter(&mut self, node: &'n Node, states: &'n Node, trail: &Trail<'_>) {
        let names: HashSet<&str> = states.members().iter().map(|(key, _)| &*key.name).collect();
        let mut reached = HashSet::new();
        if let Some((start, target)) = node.get("StartAt").and_then(|start| Some((start, start.as_str()?))) {
            reached.insert(target);
            if !names.contains(target) {
                let fault = Fault::NoStart { target: target.to_owned() };
                self.problems.add_at(trail.dotted(), &trail.field("StartAt"), &start.span, fault);
            }
        }
        self.machines.push(Machine { states: names, reached });
        let below = trail.field("States");
        let dotted: Rc<str> = trail.dotted().into();
        for (key, state) in states.members() {
            let at = below.field(&key.name);
            if state.is_object() {
                self.check_state(state, &trail.field(&key.name), &at);
            }
            if let Some(other) = self.names.get(&*key.name) {
                let fault = Fault::DuplicateState { state: key.name.to_string(), other: other.to_string() };
                self.problems.add_at(trail.dotted(), &at, &state.span, fault);
            } else {
                self.names.insert(&key.name, dotted.clone());
            }
        }
    }

    fn leave(&mut self, states: &'n Node, trail: &Trail<'_>) {
        let Some(machine) = self.machines.pop() else { return };
        let below = trail.field("States");
        for (key, state) in states.members() {
            if !machine.reached.contains(&*key.name) {
                let fault = Fault::Unreachable { state: key.name.to_string() };
                self.problems.add_at(trail.dotted(), &below.field(&key.name), &state.span, fault);
            }
        }
    }

    fn check_terminal(&mut self, states: &Node, node: &Node, trail: &Trail<'_>) {
        let terminal = states.members().iter().any(|(_, state)| {
            matches!(state.get("Type").and_then(Node::as_str), Some("Succeed" | "Fail"))
                || state.get("End").and_then(Node::as_bool) == Some(true)
        });
        if !terminal {
            self.problems.add(trail, &node.span, Fault::NoTerminal);
        }
    }

    /// Notes that a field leads to a state, or that there is no such state.
    fn follow(&mut self, node: &'n Node, field: &str, trail: &Trail<'_>) {
        let Some((value, target)) = node.get(field).and_then(|value| Some((value, value.as_str()?))) else {
            return;
        };
        let Some(machine) = self.machines.last_mut() else { return };
        if machine.states.contains(target) {
            machine.reached.insert(target);
        } else {
            let fault = Fault::NoTarget { target: target.to_owned(), field: field.to_owned() };
            self.problems.add_at(trail.dotted(), &trail.field(field), &value.span, fault);
        }
    }

    fn check_states_all(&mut self, list: &Node, trail: &Trail<'_>) {
        for (index, item) in list.items().iter().enumerate() {
            let names = item.get("ErrorEquals").map(Node::items).unwrap_or_default();
            let all = names.iter().any(|name| name.as_str() == Some("States.ALL"));
            if all && (index + 1 != list.items().len() || names.len() != 1) {
                self.problems.add(&trail.index(index), &item.span, Fault::StatesAll);
            }
        }
    }

    /// Paths and payload templates of a state. statelint calls the state by another name than its place.
    fn check_state(&mut self, state: &Node, named: &Trail<'_>, at: &Trail<'_>) {
        if self.mode == Mode::Today {
            super::today::check_state(state, named, at, self.machine, self.problems);
            return;
        }
        let dotted = &named.dotted();
        for (field, nullable) in [("InputPath", true), ("OutputPath", true), ("ItemsPath", false)] {
            let Some(value) = state.get(field) else { continue };
            let null = matches!(value.kind, Kind::Null);
            if null && nullable || value.as_str().is_some_and(path::is_path_or_context_path) {
                continue;
            }
            let fault = Fault::NotAPath { field: field.to_owned(), choice: false, null };
            self.problems.add_at(dotted.to_owned(), &at.field(field), &value.span, fault);
            if null {
                break;
            }
        }
        for of in ["Parameters", "ResultSelector"] {
            if let Some(template) = state.get(of) {
                self.check_template(template, dotted, of, &at.field(of));
            }
        }
        if state.get("Type").and_then(Node::as_str) == Some("Choice")
            && let Some(choices) = state.get("Choices")
        {
            self.check_choice(choices, &format!("{dotted}.Choices"), &at.field("Choices"));
        }
    }

    fn check_template(&mut self, node: &Node, dotted: &str, of: &str, at: &Trail<'_>) {
        for (key, value) in node.members() {
            let below = at.field(&key.name);
            if !key.name.ends_with(".$") {
                self.check_template(value, &format!("{dotted}.{}", key.name), of, &below);
            } else if !value
                .as_str()
                .is_some_and(|text| path::is_intrinsic(text) || path::is_path_or_context_path(text))
            {
                let fault = Fault::NotATemplate { field: key.name.to_string(), of: of.to_owned() };
                self.problems.add_at(dotted.to_owned(), &below, &value.span, fault);
            }
        }
        for (index, item) in node.items().iter().enumerate() {
            self.check_template(item, &format!("{dotted}[{index}]"), of, &at.index(index));
        }
    }

    fn check_choice(&mut self, node: &Node, dotted: &str, at: &Trail<'_>) {
        if let Some(variable) = node.get("Variable")
            && !variable.as_str().is_some_and(path::is_path_or_context_path)
        {
            let fault = Fault::NotAPath { field: "Variable".to_owned(), choice: true, null: false };
            self.problems.add_at(dotted.to_owned(), &at.field("Variable"), &variable.span, fault);
        }
        for operator in ["And", "Or", "Not"] {
            if let Some(nested) = node.get(operator) {
                self.check_choice(nested, &format!("{dotted}.{operator}"), &at.field(operator));
            }
        }
        for (index, item) in node.items().iter().enumerate() {
            self.check_choice(item, &format!("{dotted}[{index}]"), &at.index(index));
        }
    }
}
