//! One entry per request that reached an operation.

use std::sync::Arc;
use std::time::Duration;

use contracts::Caller;

/// What happened: who asked for what, and the answer.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// The caller, with request id and source.
    pub caller: Arc<Caller>,
    /// `service:Operation`.
    pub action: String,
    /// The input, sensitive members hidden.
    pub input: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Code of the fault, if it was one.
    pub fault: Option<String>,
    /// From the arrival of the head to the answer.
    pub took: Duration,
}

/// Takes audit entries. Must be quick; it is called in the request's own task.
pub trait AuditSink: Send + Sync {
    /// Keeps one entry.
    fn record(&self, entry: AuditEntry);
}
