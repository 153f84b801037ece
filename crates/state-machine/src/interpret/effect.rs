//! What an execution asks of the world. Released only when the turn's events are durable.

use super::Ticket;
use crate::{Millis, Value};
use std::sync::Arc;

/// One effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Wake it at this time. A second one under the same ticket takes the place of the first.
    Timer {
        /// Whose.
        ticket: Ticket,
        /// When.
        at: Millis,
    },
    /// Whatever this ticket stands for (timer, task, map run) is no longer wanted.
    Cancel(Ticket),
    /// Have something done.
    Task(Box<TaskRequest>),
    /// Run the items of a distributed Map.
    MapRun(Box<MapRunRequest>),
}

/// Kinds of task by the way of their answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Pattern {
    /// The call's answer is the result.
    RequestResponse,
    /// `.sync`, `.sync:2`: the job's end is the result. The number is 1 or 2.
    Sync(u8),
    /// `.waitForTaskToken`.
    Callback,
}

/// What shall be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// A worker takes it with GetActivityTask: ARN of the activity.
    Activity(Arc<str>),
    /// A function: its ARN.
    Function(Arc<str>),
    /// A service's operation: `states`, `aws-sdk:ec2`, … and its action in lower camel case, without the pattern.
    Service {
        /// Such as `aws-sdk:ec2`.
        service: Arc<str>,
        /// Such as `describeInstances`.
        action: Arc<str>,
        /// How its answer comes.
        pattern: Pattern,
    },
}

/// One attempt of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRequest {
    /// By it the answer finds back; it also is the idempotency key of the attempt, together with the execution.
    pub ticket: Ticket,
    /// What.
    pub work: Work,
    /// Parameters or input.
    pub input: Value,
    /// Role to assume for it (`Credentials`).
    pub role: Option<Arc<str>>,
    /// Token for its answer.
    pub token: Arc<str>,
    /// When the attempt times out, if ever (the execution itself sets the timer).
    pub deadline: Option<Millis>,
}

/// A distributed Map that begins, or goes on after a redrive.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRunRequest {
    /// Its answer's ticket.
    pub ticket: Ticket,
    /// ARN of the run.
    pub arn: Arc<str>,
    /// Place of the Map state in the program: its processor and its selector are there.
    pub state: u32,
    /// How often this run was redriven; 0: it is new.
    pub redrives: u32,
    /// The effective input of the Map state, after InputPath or as it came.
    pub input: Value,
    /// Items, where they come from the state itself; `None`: [`MapRunRequest::reader`] says where.
    pub items: Option<Value>,
    /// Where items are read, parameters worked out.
    pub reader: Option<StoreRequest>,
    /// Where results go, parameters worked out; `None`: into the result of the state.
    pub writer: Option<StoreRequest>,
    /// Most items taken from the reader; `None`: all.
    pub max_items: Option<u64>,
    /// How items go together.
    pub batch: Option<Batch>,
    /// Children are Express executions.
    pub express: bool,
    /// Most children at once; 0: the service's limit.
    pub max_concurrency: u64,
    /// Tolerated failures in percent, and as a number.
    pub tolerated: (f64, u64),
    /// The context object as the selector sees it, without `Map`.
    pub context: Value,
    /// Variables the selector can read: name → value.
    pub variables: Vec<(Arc<str>, Value)>,
}

/// A call that reads or writes objects.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreRequest {
    /// Such as `s3` and `getObject`.
    pub service: Arc<str>,
    /// See `service`.
    pub action: Arc<str>,
    /// Its parameters.
    pub parameters: Value,
}

/// `ItemBatcher`, worked out.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Most items of a batch.
    pub max_items: Option<u64>,
    /// Most bytes of a child's input.
    pub max_bytes: Option<u64>,
    /// `BatchInput`.
    pub input: Option<Value>,
}
