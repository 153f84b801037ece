//! Members that are written more than once: readers of JSON take the last and say nothing.

use super::fault::{Code, Fault, Problems};
use super::place::Trail;
use crate::text::{Kind, Node};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

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

/// Up to this many members are compared with one another; that is faster than to hash them.
const FEW: usize = 24;

fn has_repeated(node: &Node) -> bool {
    let members = node.members();
    let repeated = if members.len() <= FEW {
        members
            .iter()
            .enumerate()
            .any(|(at, (key, _))| members[..at].iter().any(|(other, _)| other.name == key.name))
    } else {
        let mut seen = HashSet::with_capacity(members.len());
        members.iter().any(|(key, _)| !seen.insert(&*key.name))
    };
    repeated || members.iter().any(|(_, value)| has_repeated(value)) || node.items().iter().any(has_repeated)
}

fn without_repeated(node: &Node) -> Node {
    let kind = match &node.kind {
        Kind::Object(members) => {
            let mut places = HashMap::new();
            let mut kept = Vec::with_capacity(members.len());
            for (key, value) in members {
                let value = without_repeated(value);
                if let Some(place) = places.get(&key.name) {
                    kept[*place] = (key.clone(), value);
                } else {
                    places.insert(key.name.clone(), kept.len());
                    kept.push((key.clone(), value));
                }
            }
            Kind::Object(kept)
        }
        Kind::Array(items) => Kind::Array(items.iter().map(without_repeated).collect()),
        other => other.clone(),
    };
    Node { span: node.span.clone(), kind }
}
