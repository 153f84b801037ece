//! Tests of the state machine crate as its users see it.
#![allow(clippy::unwrap_used, reason = "this is a test")]

mod bombs;
mod recordings;
