//! Aliases.

use crate::{Millis, record};
use serde::{Deserialize, Serialize};

/// A name for one or two versions of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineAlias {
    /// `<machine>/<alias>`.
    pub id: String,
    /// Description.
    pub description: Option<String>,
    /// Where executions go.
    pub routes: Vec<Route>,
    /// When it was made.
    pub created: Millis,
    /// When it was last changed.
    pub updated: Millis,
}
record!(MachineAlias, "states/alias");

/// A share of the executions an alias starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Number of the version.
    pub version: u64,
    /// Percent.
    pub weight: u32,
}

impl MachineAlias {
    /// Its own name.
    pub fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }
}
