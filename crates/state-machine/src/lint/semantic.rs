//! What statelint checks beyond the tables: transitions, terminal states, `States.ALL`, paths.

use super::fault::{Fault, Problems};
use super::path;
use super::walk::Mode;
use crate::template::Language;
use crate::text::{Kind, Node};
use crate::trail::Trail;
use std::collections::HashMap;
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

/// The states of a machine by name, and whether something leads to each.
struct Machine<'n> {
    places: HashMap<&'n str, usize>,
    reached: Vec<bool>,
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

/// The members of an object that are looked at, found in one go: most objects have none of them.
#[derive(Default)]
struct Parts<'n> {
    states: Option<&'n Node>,
    next: Option<&'n Node>,
    default: Option<&'n Node>,
    retry: Option<&'n Node>,
    catch: Option<&'n Node>,
    typed: bool,
}

impl<'n> Parts<'n> {
    fn of(node: &'n Node) -> Parts<'n> {
        let mut parts = Parts::default();
        for (key, value) in node.members() {
            match &*key.name {
                "States" => parts.states = Some(value),
                "Next" => parts.next = Some(value),
                "Default" => parts.default = Some(value),
                "Retry" => parts.retry = Some(value),
                "Catch" => parts.catch = Some(value),
                "Type" => parts.typed = true,
                _ => {}
            }
        }
        parts
    }
}

impl<'n, 'p> Semantic<'n, 'p> {
    pub(super) fn new(mode: Mode, machine: Language, problems: &'p mut Problems) -> Semantic<'n, 'p> {
        Semantic { mode, machine, problems, machines: Vec::new(), names: HashMap::new() }
    }

    /// Checks a value and everything in it.
    pub(super) fn check(&mut self, node: &'n Node, trail: &Trail<'_>) {
        if !node.is_object() {
            return;
        }
        let parts = Parts::of(node);
        let states = parts.states.filter(|states| states.is_object());
        if let Some(states) = states {
            self.enter(node, states, trail);
            self.check_terminal(states, node, trail);
        }
        for (field, value) in [("Next", parts.next), ("Default", parts.default)] {
            self.follow(value, field, trail);
        }
        for (field, list) in [("Retry", parts.retry), ("Catch", parts.catch)] {
            if let Some(list) = list {
                self.check_states_all(list, &trail.field(field));
            }
        }
        let has_data = self.mode == Mode::Today && parts.typed;
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
        let places: HashMap<&str, usize> =
            states.members().iter().enumerate().map(|(place, (key, _))| (&*key.name, place)).collect();
        let mut reached = vec![false; states.members().len()];
        if let Some((start, target)) = node.get("StartAt").and_then(|start| Some((start, start.as_str()?))) {
            if let Some(place) = places.get(target) {
                reached[*place] = true;
            } else {
                let fault = Fault::NoStart { target: target.to_owned() };
                self.problems.add_at(trail.dotted(), &trail.field("StartAt"), &start.span, fault);
            }
        }
        self.machines.push(Machine { places, reached });
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
        for ((key, state), reached) in states.members().iter().zip(machine.reached) {
            if !reached {
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
    fn follow(&mut self, value: Option<&'n Node>, field: &str, trail: &Trail<'_>) {
        let Some((value, target)) = value.and_then(|value| Some((value, value.as_str()?))) else {
            return;
        };
        let Some(machine) = self.machines.last_mut() else { return };
        if let Some(place) = machine.places.get(target) {
            machine.reached[*place] = true;
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
