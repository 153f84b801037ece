//! Step Functions: the engine in this process, then the service over HTTP.

mod burst;
mod engine;
mod http;
mod load;
mod peers;
mod service;

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

/// Over HTTP.
pub(super) fn http(context: &Context) -> anyhow::Result<Vec<Row>> {
    http::run(context)
}

/// Other engines beside ours.
pub(super) fn peers(context: &Context) -> anyhow::Result<Vec<Row>> {
    peers::run(context)
}

/// A burst of starts.
pub(super) fn burst(context: &Context) -> anyhow::Result<Vec<Row>> {
    burst::run(context)
}
