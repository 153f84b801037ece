//! The gateway over real connections, with a small service that speaks every protocol.
#![allow(clippy::disallowed_methods, reason = "tests use real time, tasks and processes")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

mod browser;
mod client;
mod cost;
mod crowd;
mod echo;
mod endurance;
mod identity;
mod limits;
mod own_paths;
mod protocols;
mod real_client;
mod world;
