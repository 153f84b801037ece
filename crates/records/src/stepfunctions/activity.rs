//! Activities.

use super::Encryption;
use crate::{Millis, record};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Work that outside workers take with GetActivityTask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Its name, unique in account and region.
    pub id: String,
    /// When it was made.
    pub created: Millis,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Encryption, where one was named.
    #[serde(default)]
    pub encryption: Option<Encryption>,
}
record!(Activity, "states/activity");
