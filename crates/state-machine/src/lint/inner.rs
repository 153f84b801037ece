//! The smaller machines inside Map and Parallel states.

use crate::text::Node;
use crate::trail::Trail;

/// Visits every machine that stands right inside a state.
pub(crate) fn each_machine<'n>(state: &'n Node, at: &Trail<'_>, visit: &mut dyn FnMut(&'n Node, &Trail<'_>)) {
    for field in ["ItemProcessor", "Iterator"] {
        if let Some(machine) = state.get(field) {
            visit(machine, &at.field(field));
        }
    }
    let branches = at.field("Branches");
    for (index, branch) in state.get("Branches").map(Node::items).unwrap_or_default().iter().enumerate() {
        visit(branch, &branches.index(index));
    }
}
