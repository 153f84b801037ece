//! What DescribeMapRun and ListMapRuns tell.

use state_machine::Millis;
use std::sync::Arc;

/// States of a Map Run (`MapRunStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names of the API reference")]
pub enum MapRunStatus {
    Running,
    Succeeded,
    Failed,
    Aborted,
}

/// Items or child executions by their state (`MapRunItemCounts`, `MapRunExecutionCounts`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the API reference")]
pub struct Counts {
    pub pending: u64,
    pub running: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub aborted: u64,
    pub total: u64,
    pub results_written: u64,
    /// Failed, timed out or aborted, and no redrive can help.
    pub failures_not_redrivable: u64,
    /// Of a redriven run: not well before, and to go on yet.
    pub pending_redrive: u64,
}

/// What an execution is to its Map Run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapRunChild {
    /// Its place in the run, from 0.
    pub index: u64,
    /// Items it works on: more than one where the state makes batches.
    pub items: u32,
}

/// A Map Run.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRun {
    /// ARN of the run.
    pub arn: Arc<str>,
    /// ARN of the execution whose Map state it is.
    pub execution_arn: Arc<str>,
    /// ARN of the state machine, for ListMapRuns (`…:stateMachine:name/label`).
    pub machine_arn: Arc<str>,
    /// State.
    pub status: MapRunStatus,
    /// Begin.
    pub started: Millis,
    /// End.
    pub stopped: Option<Millis>,
    /// Most children at once; 0: the service's limit.
    pub max_concurrency: u64,
    /// Tolerated failures in percent of the items.
    pub tolerated_percentage: f64,
    /// Tolerated failures as a number.
    pub tolerated_count: u64,
    /// Items.
    pub items: Counts,
    /// Child executions.
    pub executions: Counts,
    /// How often it was redriven, and when last.
    pub redrives: (u32, Option<Millis>),
    /// Its children are Express executions.
    pub express: bool,
}

/// UpdateMapRun: only what is there changes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MapRunUpdate {
    /// Most children at once.
    pub max_concurrency: Option<u64>,
    /// Tolerated failures in percent.
    pub tolerated_percentage: Option<f64>,
    /// Tolerated failures as a number.
    pub tolerated_count: Option<u64>,
}
