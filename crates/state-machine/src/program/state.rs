//! A compiled state and its parts.

use super::{Resource, ScopeIndex, StateIndex};
use crate::history::StateKind;
use crate::value::Value;
use std::sync::Arc;

/// A compiled state.
#[derive(Debug)]
pub struct State {
    /// Its name.
    pub name: Arc<str>,
    /// Where it stands.
    pub scope: ScopeIndex,
    /// The state that follows; `None`: it ends its scope.
    pub next: Option<StateIndex>,
    /// What it does.
    pub body: Body,
    /// Retriers in their order.
    pub retry: Box<[Retrier]>,
    /// Catchers in their order.
    pub catch: Box<[Catcher]>,
}

/// What a state does.
#[derive(Debug)]
pub enum Body {
    /// Pass, with its `Result`.
    Pass(Option<Value>),
    /// Succeed.
    Succeed,
    /// Fail.
    Fail {
        /// `Error`.
        error: Option<Arc<str>>,
        /// `Cause`.
        cause: Option<Arc<str>>,
    },
    /// Wait this many seconds.
    Wait(i64),
    /// Task.
    Task(Box<Task>),
}

/// What a Task state calls, and its limits of time.
#[derive(Debug)]
pub struct Task {
    /// What is called.
    pub resource: Resource,
    /// `TimeoutSeconds`.
    pub timeout: Option<i64>,
    /// `HeartbeatSeconds`.
    pub heartbeat: Option<i64>,
}

/// A retrier (Amazon States Language, "Retrying after error").
#[derive(Clone, Debug, PartialEq)]
pub struct Retrier {
    /// `ErrorEquals`.
    pub errors: Box<[Arc<str>]>,
    /// `IntervalSeconds`, 1 unless written.
    pub interval: i64,
    /// `MaxAttempts`, 3 unless written.
    pub max_attempts: u32,
    /// `BackoffRate`, 2.0 unless written.
    pub backoff: f64,
    /// `MaxDelaySeconds`.
    pub max_delay: Option<i64>,
    /// `JitterStrategy` is FULL: the delay is drawn between 0 and what it would be.
    pub jitter: bool,
}

/// A catcher (Amazon States Language, "Fallback states").
#[derive(Debug)]
pub struct Catcher {
    /// `ErrorEquals`.
    pub errors: Box<[Arc<str>]>,
    /// `Next`.
    pub next: StateIndex,
}

impl State {
    /// Its kind, as events name it.
    pub fn kind(&self) -> StateKind {
        match self.body {
            Body::Pass(_) => StateKind::Pass,
            Body::Succeed => StateKind::Succeed,
            Body::Fail { .. } => StateKind::Fail,
            Body::Wait(_) => StateKind::Wait,
            Body::Task(_) => StateKind::Task,
        }
    }
}
