//! Run Command.

use crate::{Millis, record};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One step of a command, with its parameters already put in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Name, unique in the document; becomes the plugin's name in answers.
    pub name: String,
    /// Such as `aws:runShellScript`.
    pub action: String,
    /// The script; `None` when its precondition does not hold on Linux and it is skipped.
    pub script: Option<String>,
    /// Working directory; `None` is the agent's default.
    #[serde(default)]
    pub working_directory: Option<String>,
    /// Execution timeout.
    pub timeout_millis: Millis,
    /// A failure ends the document as failed.
    #[serde(default)]
    pub exit_on_failure: bool,
    /// A failure ends the document as successful.
    #[serde(default)]
    pub succeed_on_failure: bool,
    /// A success ends the document.
    #[serde(default)]
    pub exit_on_success: bool,
    /// Runs at the end whatever happened before.
    #[serde(default)]
    pub always: bool,
}

/// A key and its values, as the caller targeted instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targeting {
    /// `InstanceIds`, `tag:<key>` or `tag-key`.
    pub key: String,
    /// Values.
    pub values: Vec<String>,
}

/// A command: what was asked, and (once it ended) how it went. While it runs, its progress lies in the engine's
/// memory; a restarted engine asks the machines again, which run each step at most once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// UUID.
    pub id: String,
    /// As the caller named it.
    pub document_name: String,
    /// As the caller gave it; empty when it did not.
    #[serde(default)]
    pub document_version: String,
    /// Words for people.
    #[serde(default)]
    pub comment: String,
    /// As the caller gave them.
    #[serde(default)]
    pub parameters: BTreeMap<String, Vec<String>>,
    /// `InstanceIds` of the request.
    #[serde(default)]
    pub instance_ids: Vec<String>,
    /// `Targets` of the request.
    #[serde(default)]
    pub targets: Vec<Targeting>,
    /// The instances it goes to, in order, resolved when it was sent.
    pub resolved: Vec<String>,
    /// The steps.
    pub steps: Vec<Step>,
    /// When.
    pub requested: Millis,
    /// Delivery timeout in seconds.
    pub timeout_seconds: i32,
    /// When it can no longer be running.
    pub expires_after: Millis,
    /// A number or a percentage.
    pub max_concurrency: String,
    /// A number or a percentage.
    pub max_errors: String,
    /// Instances whose invocation the caller cancelled; all of them when `cancel_all`.
    #[serde(default)]
    pub cancelled: Vec<String>,
    /// The caller cancelled the whole command.
    #[serde(default)]
    pub cancel_all: bool,
    /// Set when errors exceeded their limit: how many of `resolved`, from the front, had been started. Those run to
    /// their end, the others never start.
    #[serde(default)]
    pub stopped_at: Option<usize>,
    /// Set once, when every invocation has ended: status and details.
    #[serde(default)]
    pub outcome: Option<(String, String)>,
    /// When it ended.
    #[serde(default)]
    pub ended: Option<Millis>,
    /// Invocations that failed or timed out while running.
    #[serde(default)]
    pub error_count: i32,
    /// Invocations that could not be delivered in time.
    #[serde(default)]
    pub delivery_timed_out_count: i32,
}
record!(Command, "ssm/command");

/// State of an invocation or step, with the detail where it says more than the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvocationStatus {
    /// Not sent yet.
    Pending,
    /// Runs.
    InProgress,
    /// Sent, but the instance cannot take it at the moment.
    Delayed,
    /// Ended well.
    Success,
    /// Cancelled by the caller.
    Cancelled,
    /// Being cancelled.
    Cancelling,
    /// Ended with an error.
    Failed,
    /// Its execution timeout ended it.
    ExecutionTimedOut,
    /// Never delivered within the delivery timeout.
    DeliveryTimedOut,
    /// The instance was gone before it could be delivered.
    Undeliverable,
    /// Not started because the command had reached its error limit.
    Terminated,
}

impl InvocationStatus {
    /// Whether nothing follows it.
    pub fn is_terminal(self) -> bool {
        !matches!(
            self,
            InvocationStatus::Pending
                | InvocationStatus::InProgress
                | InvocationStatus::Delayed
                | InvocationStatus::Cancelling
        )
    }

    /// `Status` in answers.
    pub fn status(self) -> &'static str {
        match self {
            InvocationStatus::Pending => "Pending",
            InvocationStatus::InProgress => "InProgress",
            InvocationStatus::Delayed => "Delayed",
            InvocationStatus::Success => "Success",
            InvocationStatus::Cancelled | InvocationStatus::Terminated => "Cancelled",
            InvocationStatus::Cancelling => "Cancelling",
            InvocationStatus::Failed | InvocationStatus::Undeliverable => "Failed",
            InvocationStatus::ExecutionTimedOut | InvocationStatus::DeliveryTimedOut => "TimedOut",
        }
    }

    /// `StatusDetails` in answers.
    pub fn details(self) -> &'static str {
        match self {
            InvocationStatus::ExecutionTimedOut => "ExecutionTimedOut",
            InvocationStatus::DeliveryTimedOut => "DeliveryTimedOut",
            InvocationStatus::Undeliverable => "Undeliverable",
            InvocationStatus::Terminated => "Terminated",
            other => other.status(),
        }
    }
}

/// How far a step came on one instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepResult {
    /// Name of the step.
    pub name: String,
    /// Its action.
    pub action: String,
    /// State.
    pub status: InvocationStatus,
    /// Exit status; -1 while there is none.
    pub code: i32,
    /// When it started.
    #[serde(default)]
    pub started: Option<Millis>,
    /// When it ended.
    #[serde(default)]
    pub ended: Option<Millis>,
    /// Words of the cloud, shown before the step's own output and after its own errors.
    #[serde(default)]
    pub note: Option<String>,
}

/// The end of a command on one instance; written once. An invocation without this record has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    /// `<command id>/<instance id>`.
    pub id: String,
    /// `i-…`.
    pub instance_id: String,
    /// Terminal state.
    pub status: InvocationStatus,
    /// Its steps.
    pub steps: Vec<StepResult>,
    /// When it ended.
    pub ended: Millis,
}
record!(Invocation, "ssm/invocation");
