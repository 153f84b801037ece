//! Step Functions: state machines with revisions, versions and aliases, activities, executions.
//!
//! # Where things stand
//! `machine`, `version`, `alias`, `activity`, `tags` – records and their operations; `definition` – what is checked of a
//! definition before it is taken; `arn`, `names`, `configuration`, `role` – parts of requests; `faults` – every error with
//! AWS's words; `limits` – quotas.
//!
//! # What is refused because nothing stands behind it yet
//! Keys of customers for encryption. It answers with the error AWS has for a key that does not exist.
#![forbid(unsafe_code)]

mod activity;
mod alias;
mod arn;
mod configuration;
mod definition;
mod execution;
mod faults;
mod history;
mod limits;
mod log;
mod machine;
mod names;
mod role;
mod service;
mod tags;
mod task;
mod test_state;
#[cfg(test)]
mod tests;
mod validate;
mod version;

pub use service::{States, table};
