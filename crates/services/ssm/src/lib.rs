//! Systems Manager: Parameter Store, documents and Run Command.
//!
//! # Where things stand
//! `parameter` – Parameter Store; `document` – documents, and how one becomes the steps machines run; `command` – sending,
//! conducting and showing commands; `tags`, `setting` – what spans them; `faults` – every error with AWS's words.
//!
//! # Limits
//! 10,000 standard and 100,000 advanced parameters with 100 versions each; 500 documents with 1,000 versions of 64 KiB;
//! 5,000 commands at once, each on 20,000 instances at most; ended commands are kept for 30 days, 10,000 of them per
//! account and region; 64 MiB of output per step and stream. Numbers AWS publishes are AWS's, the others ours.
//!
//! # What is refused because nothing stands behind it yet
//! Output to S3, notifications, CloudWatch, alarms, customer keys, documents other than Command documents that run shell
//! scripts. Each answers with the error AWS has for a resource that does not exist.
//!
//! # How it works
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
