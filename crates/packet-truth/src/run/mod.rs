//! Runs: topologies one after another, every probe accounted for.

mod experiment;
mod flows;
mod report;

pub use experiment::{Experiment, Failure, Shot};
pub use report::Statistics;
