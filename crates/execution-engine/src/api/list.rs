//! Lists of executions and pages of histories.

use super::{Execution, Status};
use state_machine::Millis;
use state_machine::history::Event;
use std::sync::Arc;

/// Which executions a list shall hold.
#[derive(Clone, Debug)]
pub struct ListFilter {
    /// Whose executions.
    pub of: ListOf,
    /// Only those in this state.
    pub status: Option<Status>,
    /// Only those started by this version.
    pub version_arn: Option<Arc<str>>,
    /// Only those started by this alias.
    pub alias_arn: Option<Arc<str>>,
    /// Only those that were (true) or were never (false) redriven.
    pub redriven: Option<bool>,
}

/// Whose executions.
#[derive(Clone, Debug)]
pub enum ListOf {
    /// Of a state machine (ARN without version).
    Machine(Arc<str>),
    /// Children of a Map Run.
    MapRun(Arc<str>),
}

/// The last execution of a page; the next page begins after it. Newest first, equal times by ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCursor {
    /// Its start.
    pub started: Millis,
    /// Its ARN.
    pub arn: Arc<str>,
}

/// A page of executions.
#[derive(Clone, Debug, Default)]
pub struct ListPage {
    /// Newest first; without outputs, errors and causes; long inputs are left empty.
    pub executions: Vec<Execution>,
    /// Where the next page begins, if there is one.
    pub next: Option<ListCursor>,
}

/// A page of a history.
#[derive(Clone, Debug, Default)]
pub struct HistoryPage {
    /// In the order asked for.
    pub events: Vec<Event>,
    /// There are more behind.
    pub more: bool,
}
