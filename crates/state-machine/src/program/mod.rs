//! A definition compiled into an arena of states.
//!
//! Compiled once per revision and shared by all its executions. States know each other by index; a *scope* is a set of
//! states with a `StartAt`: the machine itself, a branch of a Parallel, the processor of a Map.

mod choice;
mod compile;
mod map;
mod resource;
mod state;

#[cfg(test)]
mod tests;

pub use choice::{Family, Kind, Operand, Rule, Test};
pub use map::{Batcher, Distributed, Items, Map, Reader, Writer};
pub use resource::Resource;
pub use state::*;

use crate::text;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Index of a state in its program.
pub type StateIndex = u32;
/// Index of a scope in its program; the machine itself is 0.
pub type ScopeIndex = u32;

/// A compiled state machine.
#[derive(Debug)]
pub struct Program {
    pub(crate) states: Vec<State>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) timeout: Option<i64>,
    /// Some state evaluates something that can take long.
    pub(crate) can_be_slow: bool,
    /// States of which an evaluation was found to take long.
    slow: Box<[AtomicBool]>,
}

/// States that lead to each other by `Next`.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Its `StartAt`.
    pub start: StateIndex,
    /// The Parallel or Map it belongs to; `None` for the machine.
    pub owner: Option<StateIndex>,
}

/// Why a definition cannot be compiled. The linter says more about the same text, and kinder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at {location}")]
pub struct CompileError {
    /// What is wrong.
    pub message: String,
    /// Where, as a JSON pointer (`/States/Hello/Next`).
    pub location: String,
}

impl Program {
    /// Compiles a definition.
    ///
    /// What the interpreter cannot run is an error here; what is merely wrong by the rules (unknown fields, states that
    /// are never reached) is left to the linter.
    pub fn compile(definition: &str) -> Result<Program, CompileError> {
        let node = text::read(definition)
            .map_err(|error| CompileError { message: error.to_string(), location: String::new() })?;
        compile::machine(&node)
    }

    /// Compiles one state of its own, for a test of it: wherever it leads ends the test.
    pub fn compile_state(definition: &str, name: &str) -> Result<Program, CompileError> {
        let node = text::read(definition)
            .map_err(|error| CompileError { message: error.to_string(), location: String::new() })?;
        compile::alone(&node, name)
    }

    fn new(states: Vec<State>, scopes: Vec<Scope>, timeout: Option<i64>, node: &text::Node) -> Program {
        let slow = states.iter().map(|_| AtomicBool::new(false)).collect();
        Program { states, scopes, timeout, can_be_slow: compile::can_be_slow(node), slow }
    }

    /// Whether a quick guard can trip in it at all ([`crate::guard`]).
    pub fn can_be_slow(&self) -> bool {
        self.can_be_slow
    }

    /// Whether a state is known to evaluate longer than a quick guard allows.
    pub fn is_slow(&self, state: StateIndex) -> bool {
        self.slow.get(state as usize).is_some_and(|slow| slow.load(Ordering::Relaxed))
    }

    /// Remembers that a state was found slow, or quick. It saves trying in vain, and decides nothing else.
    pub fn mark(&self, state: StateIndex, is_slow: bool) {
        if let Some(slow) = self.slow.get(state as usize) {
            slow.store(is_slow, Ordering::Relaxed);
        }
    }

    pub(crate) fn state(&self, index: StateIndex) -> &State {
        &self.states[index as usize]
    }

    pub(crate) fn scope(&self, index: ScopeIndex) -> &Scope {
        &self.scopes[index as usize]
    }

    /// `TimeoutSeconds` of the machine.
    pub fn timeout(&self) -> Option<i64> {
        self.timeout
    }

    /// All states; a state's index is its place here. Those of inner scopes stand among them.
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// The index of a state by its name; names are unique in a whole machine.
    pub fn find(&self, name: &str) -> Option<StateIndex> {
        let at = self.states.iter().position(|state| &*state.name == name)?;
        u32::try_from(at).ok()
    }

    /// The name of a state.
    pub fn name(&self, index: StateIndex) -> Option<&Arc<str>> {
        self.states.get(index as usize).map(|state| &state.name)
    }
}
