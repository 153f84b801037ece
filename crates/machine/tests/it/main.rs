//! Machines on a real kernel. Everything here needs root of the host and says so when it is skipped.
#![allow(clippy::disallowed_methods, reason = "tests use real time, tasks and processes")]
// Helpers of tests may panic as tests do; clippy knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod commands;
mod isolation;
mod life;
mod rootless;
mod survival;
mod world;
