//! Runs executions of state machines durably.
//!
//! The history is the log. Executions live in shards, one thread each and no locks between them: a shard drains its
//! inbox, runs everything that can run ([`state_machine::interpret`]), writes and syncs once, and only then releases
//! what came of it: answers, readable events, effects. Nothing that is not durable can be seen.
#![forbid(unsafe_code)]

mod api;
mod archive;
mod archivist;
mod aside;
mod backlog;
mod clock;
mod codec;
mod disk;
mod engine;
mod express_list;
mod history;
mod inbox;
mod listing;
mod log;
mod message;
mod open;
mod programs;
mod record;
mod shard;
pub mod simulate;
mod token;
mod weight;
mod wheel;

pub use api::*;
pub use engine::Engine;
