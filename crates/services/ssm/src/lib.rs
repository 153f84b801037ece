//! Systems Manager: Parameter Store, documents and Run Command.
//!
//! Handlers read and write records; [`run_engine`] drives the commands they leave behind through the seam
//! [`contracts::seams::CommandHost`]. Wire it up like this: [`Ssm::new`], [`table`] for the gateway, and
//! [`run_engine`] as a task that lives as long as the process.
#![forbid(unsafe_code)]

mod command;
mod document;
mod faults;
mod parameter;
mod pattern;
mod service;
mod setting;
mod tags;
#[cfg(test)]
mod testing;

pub use command::run_engine;
pub use service::{Ssm, table};
