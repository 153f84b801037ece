//! Tasks that wait for the end of an execution they started (`.sync`).

use execution_engine::{Execution, Status};
use parking_lot::Mutex;
use state_machine::history::Failure;
use state_machine::interpret::{TaskAnswer, Ticket};
use state_machine::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// Who waits for an execution.
#[derive(Clone)]
pub(crate) struct Waiter {
    /// Token of the task.
    pub(crate) token: Arc<str>,
    /// The task: its execution and ticket.
    pub(crate) task: (Arc<str>, Ticket),
    /// Input and output as JSON (`.sync:2`) instead of as text.
    pub(crate) parsed: bool,
}

/// All that wait.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<State>);

#[derive(Default)]
struct State {
    /// By ARN of the execution they wait for.
    waiters: HashMap<Arc<str>, Vec<Waiter>>,
    /// For whom a task waits: cancelling one looks at no other.
    children: HashMap<(Arc<str>, Ticket), Arc<str>>,
}

impl Waiting {
    /// Begins to wait.
    pub(crate) fn put(&self, child: &Arc<str>, waiter: Waiter) {
        let mut state = self.0.lock();
        state.children.insert(waiter.task.clone(), child.clone());
        state.waiters.entry(child.clone()).or_default().push(waiter);
    }

    /// Those who wait for this execution wait no longer.
    pub(crate) fn take(&self, child: &str) -> Vec<Waiter> {
        let mut state = self.0.lock();
        let waiters = state.waiters.remove(child).unwrap_or_default();
        for waiter in &waiters {
            state.children.remove(&waiter.task);
        }
        waiters
    }

    /// A task is no longer wanted: the execution it waited for, if it did.
    pub(crate) fn cancel(&self, parent: &str, ticket: Ticket) -> Option<Arc<str>> {
        let child = self.0.lock().children.get(&(Arc::from(parent), ticket)).cloned()?;
        self.take(&child);
        Some(child)
    }

    /// Forgets everybody.
    pub(crate) fn clear(&self) {
        *self.0.lock() = State::default();
    }

    /// Whether anybody waits for this execution.
    pub(crate) fn is_awaited(&self, child: &str) -> bool {
        self.0.lock().waiters.contains_key(child)
    }
}

/// What an ended execution is as the result of a task: its description, keys in their order (developer guide, "Manage
/// AWS Step Functions executions as an integrated service").
pub(crate) fn answer(ended: &Execution, parsed: bool) -> TaskAnswer {
    let text = |text: &Arc<str>| {
        let json = if parsed { state_machine::text::parse_value(text).ok() } else { None };
        json.unwrap_or_else(|| Value::String(text.clone()))
    };
    let included = || Value::from([(Arc::from("Included"), Value::from(true))].into_iter().collect::<Map>());
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| drop(members.insert(name.into(), value));
    let start = &ended.start;
    if let Some(cause) = &ended.failure.cause {
        put("Cause", Value::String(cause.clone()));
    }
    if let Some(error) = &ended.failure.error {
        put("Error", Value::String(error.clone()));
    }
    put("ExecutionArn", Value::String(start.arn.clone()));
    put("Input", text(&start.input));
    put("InputDetails", included());
    put("Name", Value::String(start.name.clone()));
    if let Some(output) = &ended.output {
        put("Output", text(output));
        put("OutputDetails", included());
    }
    put("RedriveCount", Value::from(i64::from(ended.redrives.0)));
    let (redrive, reason) = crate::execution::redrivable(ended, ended.stopped.unwrap_or(start.at));
    put("RedriveStatus", Value::from(redrive.as_str()));
    if let Some(reason) = reason {
        put("RedriveStatusReason", Value::from(reason.as_str()));
    }
    put("StartDate", Value::from(start.at));
    put("StateMachineArn", Value::String(start.machine_arn.clone()));
    put("Status", Value::from(crate::execution::show_status(ended.status).as_str()));
    if let Some(stopped) = ended.stopped {
        put("StopDate", Value::from(stopped));
    }
    let description: Arc<str> = Value::from(members).to_string().into();
    match ended.status {
        Status::Succeeded => TaskAnswer::Succeeded(description),
        _ => TaskAnswer::Failed(Failure::new("States.TaskFailed", description)),
    }
}
