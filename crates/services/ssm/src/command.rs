//! Run Command.
//!
//! A handler writes a [`records::ssm::Command`] and wakes the engine; the engine runs a *conductor* per command, which
//! starts an *invocation* per instance within the command's rate control. Progress lies in memory ([`Live`]); the store
//! sees one write when a command is sent, one at the end of each invocation, and the command's outcome together with the
//! last of them. After a crash the conductor asks the machines again, which run each step at most once.

mod cancel;
mod conductor;
mod engine;
mod filter;
mod get_invocation;
mod instances;
mod invocation;
mod list;
mod list_invocations;
mod live;
mod outcome;
mod output;
mod rate;
mod send;
mod show;
mod sweep;
mod targets;
#[cfg(test)]
mod tests;

pub(crate) use cancel::cancel;
pub use engine::run_engine;
pub(crate) use get_invocation::get_invocation;
pub(crate) use instances::{connection_status, describe_instances};
pub(crate) use list::list;
pub(crate) use list_invocations::list_invocations;
pub(crate) use live::Live;
pub(crate) use send::send;
