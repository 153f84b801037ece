//! Tasks: answers that come from outside by token, and the desk that has the engine's tasks done.

mod answer;
mod desk;
mod held;
mod inside;
mod integration;
mod sdk;
mod start_execution;
mod waiting;

pub(crate) use answer::{failure, heartbeat, success};
pub(crate) use desk::{Desk, Order, Room, no_function};
pub(crate) use held::{Held, Shelf};
pub(crate) use inside::Inside;
pub(crate) use integration::{Attempt, Integration, Outcome};
pub(crate) use sdk::{SdkCalls, member_name, sweep, write_value};
pub(crate) use start_execution::StartExecution;
pub(crate) use waiting::Waiting;
