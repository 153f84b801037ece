//! Commands, invocations, documents and parameters (owner: services/ssm).

mod command;
mod document;
mod parameter;
mod setting;

pub use command::{Command, Invocation, InvocationStatus, Step, StepResult, Targeting};
pub use document::{Document, DocumentVersion};
pub use parameter::{Parameter, ParameterCount, ParameterVersion, StoredValue};
pub use setting::ServiceSetting;
