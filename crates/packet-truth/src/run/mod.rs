//! Runs: topologies one after another, every probe accounted for.

mod changes;
mod experiment;
mod flows;
mod insights;
mod parts;
mod replay;
mod report;
mod shrink;
mod steady;

pub use experiment::{Experiment, Failure, Shot};
pub use replay::{Replayed, replay};
pub use report::Statistics;
pub use shrink::shrink;
