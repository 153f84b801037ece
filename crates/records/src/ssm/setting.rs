//! Settings of the service.

use crate::{Millis, record};
use serde::{Deserialize, Serialize};

/// A service setting that differs from its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSetting {
    /// Such as `/ssm/parameter-store/default-parameter-tier`.
    pub id: String,
    /// Its value.
    pub value: String,
    /// When it was changed.
    pub modified: Millis,
    /// ARN of who changed it.
    pub modified_by: String,
}
record!(ServiceSetting, "ssm/service-setting");
