//! The engine as a whole: real threads, real files, a world that answers tasks.
#![allow(clippy::disallowed_methods, reason = "tests run on the host's clock")]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod basics;
mod bombs;
mod burst;
mod express;
mod forget;
mod limits;
mod lists;
mod map_runs;
mod restart;
mod world;
