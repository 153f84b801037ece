//! A compiled state and its parts.

use super::choice::Rule;
use super::{Map, Resource, ScopeIndex, StateIndex};
use crate::history::StateKind;
use crate::path::{Path, ReferencePath};
use crate::template::{Language, Template};
use crate::value::Value;
use std::sync::Arc;

/// A compiled state.
#[derive(Debug)]
pub struct State {
    /// Its name.
    pub name: Arc<str>,
    /// Where it stands.
    pub scope: ScopeIndex,
    /// Its query language.
    pub language: Language,
    /// The state that follows; `None`: it ends its scope. That of a Choice is its `Default`.
    pub next: Option<StateIndex>,
    /// What it does.
    pub body: Body,
    /// How input becomes output.
    pub flow: Flow,
    /// Retriers in their order.
    pub retry: Box<[Retrier]>,
    /// Catchers in their order.
    pub catch: Box<[Catcher]>,
}

/// Input and output processing. A state has the fields of its language only; the others stay empty.
#[derive(Debug, Default)]
pub struct Flow {
    /// `InputPath`.
    pub input: Select,
    /// `Parameters` or `Arguments`.
    pub parameters: Option<Template>,
    /// `ResultSelector`.
    pub selector: Option<Template>,
    /// `ResultPath`.
    pub result: Placement,
    /// `OutputPath`.
    pub output_path: Select,
    /// `Output`.
    pub output: Option<Template>,
    /// `Assign`.
    pub assign: Option<Template>,
}

/// `InputPath` and `OutputPath`.
#[derive(Debug, Default)]
pub enum Select {
    /// Not written, or `$`.
    #[default]
    All,
    /// `null`: an empty object.
    Nothing,
    /// A path.
    At(Path),
}

/// `ResultPath`.
#[derive(Debug, Default)]
pub enum Placement {
    /// Not written, or `$`: the result takes the place of the input.
    #[default]
    Replace,
    /// `null`: the result is dropped.
    Discard,
    /// Into the input.
    At(ReferencePath),
}

/// A text that is written, or found when the state runs.
#[derive(Debug)]
pub enum Text {
    /// As written.
    Fixed(Arc<str>),
    /// By a path (`ErrorPath`, `CausePath`).
    Found(Path),
    /// By an intrinsic function in place of a path: the only member of a template.
    Called(Template),
    /// By a JSONata expression.
    Made(Template),
}

/// A number that is written, or found when the state runs.
#[derive(Debug)]
pub enum Amount {
    /// As written.
    Fixed(f64),
    /// By a path (`TimeoutSecondsPath` and its like).
    Found(Path),
    /// By a JSONata expression.
    Made(Template),
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
        error: Option<Text>,
        /// `Cause`.
        cause: Option<Text>,
    },
    /// Wait.
    Wait(Delay),
    /// Choice, with its rules in their order.
    Choice(Box<[Way]>),
    /// Task.
    Task(Box<Task>),
    /// Parallel: the scopes of its branches.
    Parallel(Box<[ScopeIndex]>),
    /// Map.
    Map(Box<Map>),
}

/// How long a Wait state waits.
#[derive(Debug)]
pub enum Delay {
    /// `Seconds`.
    Seconds(Amount),
    /// `Timestamp`.
    Until(Text),
    /// `TimestampPath`.
    UntilPath(Path),
}

/// A way out of a Choice state.
#[derive(Debug)]
pub struct Way {
    /// When it is taken.
    pub rule: Rule,
    /// `Next`.
    pub next: StateIndex,
    /// `Output`.
    pub output: Option<Template>,
    /// `Assign`.
    pub assign: Option<Template>,
}

/// What a Task state calls, and its limits of time.
#[derive(Debug)]
pub struct Task {
    /// What is called.
    pub resource: Resource,
    /// `TimeoutSeconds`.
    pub timeout: Option<Amount>,
    /// `HeartbeatSeconds`.
    pub heartbeat: Option<Amount>,
    /// `Credentials`.
    pub credentials: Option<Template>,
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
    /// `ResultPath`.
    pub result: Placement,
    /// `Output`.
    pub output: Option<Template>,
    /// `Assign`.
    pub assign: Option<Template>,
}

impl State {
    /// Its kind, as events name it.
    pub fn kind(&self) -> StateKind {
        match self.body {
            Body::Pass(_) => StateKind::Pass,
            Body::Succeed => StateKind::Succeed,
            Body::Fail { .. } => StateKind::Fail,
            Body::Wait(_) => StateKind::Wait,
            Body::Choice(_) => StateKind::Choice,
            Body::Task(_) => StateKind::Task,
            Body::Parallel(_) => StateKind::Parallel,
            Body::Map(_) => StateKind::Map,
        }
    }
}
