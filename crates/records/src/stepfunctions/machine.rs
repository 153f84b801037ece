//! State machines.

use crate::{Millis, record};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A state machine. What it does stands in its current [`super::Revision`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateMachine {
    /// Its name, unique in account and region.
    pub id: String,
    /// EXPRESS instead of STANDARD; never changes.
    pub express: bool,
    /// When it was made.
    pub created: Millis,
    /// Id of the current [`super::Revision`].
    pub revision: String,
    /// Number of the version published next: numbers are never used again.
    pub next_version: u64,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// It was deleted; it stays until its executions have ended.
    #[serde(default)]
    pub deleting: bool,
    /// The idempotency check of CreateStateMachine compares this beside the definition.
    #[serde(default)]
    pub published_at_creation: Option<String>,
}
record!(StateMachine, "states/machine");

/// Logging configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logging {
    /// `OFF`, `ALL`, `ERROR`, `FATAL`; empty means `OFF`.
    pub level: String,
    /// Inputs and outputs are logged too.
    pub include_execution_data: bool,
    /// ARNs of log groups, one at most.
    pub destinations: Vec<String>,
}

/// Encryption configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// `AWS_OWNED_KEY` or `CUSTOMER_MANAGED_KMS_KEY`.
    pub kind: String,
    /// The key of the second kind.
    pub kms_key_id: Option<String>,
    /// Seconds for which data keys are used again.
    pub reuse_seconds: Option<i32>,
}
