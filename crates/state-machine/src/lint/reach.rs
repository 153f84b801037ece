//! States that only unreachable states lead to: statelint, which looks at single transitions, is content with them.

use super::fault::{Code, Fault, Problems};
use super::inner::each_machine;
use super::ways::ways;
use crate::text::Node;
use crate::trail::Trail;
use std::collections::HashMap;

/// Checks a machine and the machines inside it.
pub(super) fn check(machine: &Node, trail: &Trail<'_>, problems: &mut Problems) {
    let states = machine.get("States").map(Node::members).unwrap_or_default();
    let below = trail.field("States");
    let places: HashMap<&str, usize> =
        states.iter().enumerate().map(|(place, (key, _))| (&*key.name, place)).collect();
    let start = machine.get("StartAt").and_then(Node::as_str).and_then(|start| places.get(start));
    let mut reached = vec![false; states.len()];
    let mut waiting: Vec<usize> = start.into_iter().copied().collect();
    for place in &waiting {
        reached[*place] = true;
    }
    while let Some(place) = waiting.pop() {
        for next in ways(&states[place].1).filter_map(|way| places.get(way.target)) {
            if !std::mem::replace(&mut reached[*next], true) {
                waiting.push(*next);
            }
        }
    }
    // Those that nothing leads to at all have been named.
    let mut direct = vec![false; states.len()];
    if start.is_some() && reached.contains(&false) {
        for next in states.iter().flat_map(|(_, state)| ways(state)).filter_map(|way| places.get(way.target))
        {
            direct[*next] = true;
        }
    }
    for (place, (key, state)) in states.iter().enumerate() {
        let at = below.field(&key.name);
        if direct[place] && !reached[place] {
            let message = "only states that are never reached lead to this state";
            problems.add(&at, &state.span, Fault::advice(Code::MissingTransitionTarget, message));
        }
        each_machine(state, &at, &mut |inner, at| check(inner, at, problems));
    }
}
