//! The states of one machine: what each reads, and what may be assigned when it is entered.

use super::assigned;
use super::components::components;
use crate::lint::inner::each_machine;
use crate::lint::ways::ways;
use crate::references::each_read;
use crate::template::Language;
use crate::text::Node;
use crate::trail::Trail;
use std::collections::HashMap;
use std::sync::Arc;

/// The names that are read anywhere in the definition, numbered; others do not matter.
#[derive(Default)]
pub(super) struct Names(HashMap<Arc<str>, usize>);

impl Names {
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn id(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }

    /// A set with none of the names in it.
    pub(super) fn no_set(&self) -> Set {
        Set(vec![0; self.count().div_ceil(64)])
    }

    fn note(&mut self, name: Arc<str>) -> usize {
        let next = self.0.len();
        *self.0.entry(name).or_insert(next)
    }
}

/// A set of names, one bit each.
#[derive(Clone)]
pub(super) struct Set(Vec<u64>);

impl Set {
    pub(super) fn has(&self, id: usize) -> bool {
        self.0.get(id / 64).is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    fn join(&mut self, other: &Set) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    /// Adds what an `Assign` gives values. An expression may assign whatever is read.
    fn assign(&mut self, assign: Option<&Node>, language: Language, names: &Names) {
        let Some(assign) = assign else { return };
        match assigned::names(assign, language) {
            None => self.0.fill(u64::MAX),
            Some(given) => {
                for id in given.filter_map(|(_, name)| names.id(name)) {
                    if let Some(word) = self.0.get_mut(id / 64) {
                        *word |= 1 << (id % 64);
                    }
                }
            }
        }
    }
}

/// A machine.
pub(super) struct Scope<'n> {
    start: Option<&'n str>,
    pub(super) states: Vec<State<'n>>,
}

/// A state of it.
pub(super) struct State<'n> {
    pub(super) name: &'n str,
    pub(super) node: &'n Node,
    pub(super) language: Language,
    /// What it reads, by number.
    pub(super) reads: Vec<usize>,
    /// The machines inside it, in the order of [`each_machine`].
    pub(super) inner: Vec<Scope<'n>>,
}

/// What may be assigned when each state of a scope is entered. States that lead to one another share a set.
pub(super) struct Known {
    component: Vec<Option<usize>>,
    sets: Vec<Set>,
}

impl Known {
    /// `None`: the state is never reached.
    pub(super) fn at(&self, state: usize) -> Option<&Set> {
        self.sets.get((*self.component.get(state)?)?)
    }
}

impl<'n> Scope<'n> {
    /// A machine of a definition of this language, with the names it reads added to `names`.
    pub(super) fn of(machine: &'n Node, language: Language, names: &mut Names) -> Scope<'n> {
        let mut states = Vec::new();
        for (key, node) in machine.get("States").map(Node::members).unwrap_or_default() {
            let own = Language::of(node, language);
            let mut reads = Vec::new();
            each_read(node, &Trail::ROOT, own, &mut |_, _, read| {
                reads.extend(read.into_iter().map(|name| names.note(name)));
            });
            let mut inner = Vec::new();
            each_machine(node, &Trail::ROOT, &mut |machine, _| {
                inner.push(Scope::of(machine, language, names));
            });
            states.push(State { name: &key.name, node, language: own, reads, inner });
        }
        Scope { start: machine.get("StartAt").and_then(Node::as_str), states }
    }

    /// What may be assigned in each state, when `before` may be as the machine begins.
    pub(super) fn known(&self, before: &Set, names: &Names) -> Known {
        let places: HashMap<&str, usize> =
            self.states.iter().enumerate().map(|(place, state)| (state.name, place)).collect();
        let target = |name: &str| places.get(name).copied();
        let start = self.start.and_then(target);
        let leads: Vec<Vec<usize>> = (self.states.iter())
            .map(|state| ways(state.node).filter_map(|way| target(way.target)).collect())
            .collect();
        let found = components(start, &leads);
        let mut sets = vec![names.no_set(); found.members.len()];
        let of = &found.of;
        // Components are numbered from the last backwards: what leads to one has a higher number.
        for (number, members) in found.members.iter().enumerate().rev() {
            if members.iter().any(|state| Some(*state) == start) {
                sets[number].join(before);
            }
            let out = || {
                let states = members.iter().map(|state| &self.states[*state]);
                let ways = states.flat_map(|state| ways(state.node).map(move |way| (state.language, way)));
                ways.filter_map(|(language, way)| Some((of[target(way.target)?]?, language, way.assign)))
            };
            // What is assigned on a way within the component may be assigned in all of it.
            for (to, language, assign) in out().filter(|(to, ..)| *to == number) {
                sets[to].assign(assign, language, names);
            }
            let here = sets[number].clone();
            for (to, language, assign) in out().filter(|(to, ..)| *to != number) {
                sets[to].join(&here);
                sets[to].assign(assign, language, names);
            }
        }
        Known { component: found.of, sets }
    }
}
