//! Members that are written more than once: readers of JSON take the last and say nothing.

use super::fault::{Code, Fault, Problems};
use crate::text::{Key, Kind, Node};
use crate::trail::Trail;
use indexmap::IndexMap;
use std::borrow::Cow;
use std::collections::HashSet;

/// The definition as a reader sees it that does not see repetitions: each member in its first place with its last value.
pub(super) fn last_wins(node: &Node) -> Cow<'_, Node> {
    if has_repeated(node) { Cow::Owned(without_repeated(node)) } else { Cow::Borrowed(node) }
}

/// Complains of every repetition.
pub(super) fn check(node: &Node, trail: &Trail<'_>, problems: &mut Problems) {
    let mut seen = HashSet::with_capacity(node.members().len());
    for (key, value) in node.members() {
        if !seen.insert(&*key.name) {
            let message = format!("the field \"{}\" is here more than once; the last one counts", key.name);
            problems.add(trail, &key.span, Fault::advice(Code::SchemaValidationFailed, message));
        }
        check(value, &trail.field(&key.name), problems);
    }
    for (index, item) in node.items().iter().enumerate() {
        check(item, &trail.index(index), problems);
    }
}

fn has_repeated(node: &Node) -> bool {
    node.has_repeated_members()
        || node.members().iter().any(|(_, value)| has_repeated(value))
        || node.items().iter().any(has_repeated)
}

fn without_repeated(node: &Node) -> Node {
    let kind = match &node.kind {
        Kind::Object(members) => {
            let mut kept: IndexMap<&str, (Key, Node)> = IndexMap::with_capacity(members.len());
            for (key, value) in members {
                kept.insert(&key.name, (key.clone(), without_repeated(value)));
            }
            Kind::Object(kept.into_values().collect())
        }
        Kind::Array(items) => Kind::Array(items.iter().map(without_repeated).collect()),
        other => other.clone(),
    };
    Node { span: node.span.clone(), kind }
}
