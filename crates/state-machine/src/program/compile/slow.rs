//! Which machines can evaluate anything that takes long.

use crate::text::{Kind, Node};

/// Whether a definition holds anything but constants and paths of single names and indices. What is taken for slow by
/// mistake costs a copy of the execution in every turn, no more.
pub(in super::super) fn can_be_slow(node: &Node) -> bool {
    match &node.kind {
        Kind::String(text) => is_slow(text),
        // As deep as the reader lets definitions be.
        Kind::Array(items) => items.iter().any(can_be_slow),
        Kind::Object(members) => members.iter().any(|(_, member)| can_be_slow(member)),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => false,
    }
}

/// JSONata, calls, and paths that can find more than one value.
fn is_slow(text: &str) -> bool {
    let path = || text.starts_with('$') && (text.contains("..") || text.contains(['*', '?', ':', ',', '(']));
    text.starts_with("{%") || text.starts_with("States.") || path()
}
