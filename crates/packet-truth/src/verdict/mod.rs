//! The two sides: what the explainer foresees, what the packets show, and whether the two agree.

mod compare;

pub use compare::{Agreement, compare};

use crate::site::Drop;
use reachability::{Header, Place};
use serde::{Deserialize, Serialize};

/// What was seen of a probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// It arrived at an interface, or outside.
    Arrived(Place, Header),
    /// A component reported that it dropped it.
    Dropped(Drop),
}
