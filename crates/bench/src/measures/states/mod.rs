//! Step Functions: the engine in this process, then the service over HTTP.

pub mod engine;
mod load;

use crate::Context;
use crate::report::Row;

/// The engine's measures.
pub(super) fn engine(context: &Context) -> anyhow::Result<Vec<Row>> {
    Ok(vec![engine::transitions(context)?, engine::timers(context)?, engine::map(context)?])
}

/// A million executions asleep.
pub(super) fn sleepers(context: &Context) -> anyhow::Result<Vec<Row>> {
    engine::sleepers(context)
}
