//! Published versions.

use crate::{Millis, record};
use serde::{Deserialize, Serialize};

/// A revision that got a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineVersion {
    /// `<machine>/<number>`, the number with ten digits so that versions stand in order.
    pub id: String,
    /// Number, from 1.
    pub number: u64,
    /// Id of its [`super::Revision`].
    pub revision: String,
    /// When it was published.
    pub created: Millis,
    /// Description.
    pub description: Option<String>,
}
record!(MachineVersion, "states/version", "revision" => |v| vec![v.revision.clone()]);

impl MachineVersion {
    /// Id of the version with this number.
    pub fn id_of(machine: &str, number: u64) -> String {
        format!("{machine}/{number:010}")
    }
}
