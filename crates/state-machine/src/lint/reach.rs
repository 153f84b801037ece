//! States that only unreachable states lead to: statelint, which looks at single transitions, is content with them.

use super::fault::{Code, Fault, Problems};
use super::inner::each_machine;
use super::place::Trail;
use crate::text::Node;
use std::collections::{HashMap, HashSet};

/// Checks a machine and the machines inside it.
pub(super) fn check(machine: &Node, trail: &Trail<'_>, problems: &mut Problems) {
    let Some(states) = machine.get("States") else { return };
    let below = trail.field("States");
    let by_name: HashMap<&str, &Node> =
        states.members().iter().map(|(key, state)| (&*key.name, state)).collect();
    let direct: HashSet<&str> = states.members().iter().flat_map(|(_, state)| targets(state)).collect();
    let start = machine.get("StartAt").and_then(Node::as_str).filter(|start| by_name.contains_key(start));
    let mut waiting: Vec<&str> = start.into_iter().collect();
    let mut reached: HashSet<&str> = waiting.iter().copied().collect();
    while let Some(name) = waiting.pop() {
        for next in by_name.get(name).map(|state| targets(state)).unwrap_or_default() {
            if reached.insert(next) {
                waiting.push(next);
            }
        }
    }
    for (key, state) in states.members() {
        let at = below.field(&key.name);
        if start.is_some() && !reached.contains(&*key.name) && direct.contains(&*key.name) {
            let message = "only states that are never reached lead to this state";
            problems.add(&at, &state.span, Fault::advice(Code::MissingTransitionTarget, message));
        }
        each_machine(state, &at, &mut |inner, at| check(inner, at, problems));
    }
}

/// The states a state leads to.
pub(crate) fn targets(state: &Node) -> Vec<&str> {
    let lists = ["Catch", "Choices"].into_iter().filter_map(|field| state.get(field)).flat_map(Node::items);
    let nodes =
        [state.get("Next"), state.get("Default")].into_iter().chain(lists.map(|item| item.get("Next")));
    nodes.flatten().filter_map(Node::as_str).collect()
}
