//! What a state machine does at one time.

use super::{Encryption, Logging, Packed};
use crate::{Millis, record};
use serde::{Deserialize, Serialize};

/// One revision of a state machine. Never changes; executions, versions and the machine refer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// `<machine>/<uuid>`.
    pub id: String,
    /// When it was made: the `updateDate` of what runs it.
    pub created: Millis,
    /// The one of CreateStateMachine, whose id answers do not tell.
    pub initial: bool,
    /// The definition as it was sent.
    pub definition: Packed,
    /// ARN of the role executions act with.
    pub role_arn: String,
    /// Logging.
    pub logging: Logging,
    /// X-Ray tracing was asked for.
    pub tracing: bool,
    /// Encryption, where one was named.
    #[serde(default)]
    pub encryption: Option<Encryption>,
}
record!(Revision, "states/revision");

impl Revision {
    /// The UUID that answers call the revision id; nothing for the first one.
    pub fn shown_id(&self) -> Option<String> {
        (!self.initial).then(|| self.id.rsplit('/').next().unwrap_or_default().to_owned())
    }

    /// Name of the machine it belongs to.
    pub fn machine(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }
}
