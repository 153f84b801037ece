//! State machines, their revisions, versions and aliases, and activities (owner: services/stepfunctions). Executions are
//! not records: the execution engine keeps them.

mod activity;
mod alias;
mod call;
mod machine;
mod packed;
mod revision;
mod version;

pub use activity::Activity;
pub use alias::{MachineAlias, Route};
pub use call::{CallAnswer, TaskCall};
pub use machine::{Encryption, Logging, StateMachine};
pub use packed::Packed;
pub use revision::Revision;
pub use version::MachineVersion;
