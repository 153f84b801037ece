//! Amazon States Language: reader, linter, compiler and interpreter, without I/O.
//!
//! The way of a definition: [`text`] reads it with offsets, [`lint`] holds it against the field tables, [`program`]
//! compiles it into an arena of states, [`interpret`] runs executions of it. The clock, randomness and every effect are
//! passed in, so that the same code serves the engine, its recovery, TestState and the simulator.
//!
//! Source of the rules: the Amazon States Language specification, the Step Functions developer guide, and what the real
//! service answered (`tests/recordings`).
#![forbid(unsafe_code)]

pub mod graph;
pub mod guard;
pub mod history;
pub mod interpret;
pub mod intrinsic;
pub mod jsonata;
pub mod lint;
pub mod map_run;
pub mod path;
pub mod program;
pub mod references;
pub mod template;
pub mod text;
mod trail;
pub mod value;

pub use interpret::test_state;
pub use value::{Map, Number, Value};

/// Milliseconds since 1970.
pub type Millis = i64;
