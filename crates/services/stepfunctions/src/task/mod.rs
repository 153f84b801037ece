//! Tasks: answers that come from outside by token, and the desk that has the engine's tasks done.

mod answer;
mod desk;
mod integration;
mod sdk;
mod start_execution;
mod waiting;

pub(crate) use answer::{failure, heartbeat, success};
pub(crate) use desk::{Desk, Room};
pub(crate) use integration::Integration;
pub(crate) use sdk::SdkCalls;
pub(crate) use start_execution::StartExecution;
pub(crate) use waiting::Waiting;
