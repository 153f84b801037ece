//! What the `Assign` fields of a state assign.

use crate::template::Language;
use crate::text::{Key, Node};
use crate::trail::Trail;

/// The names an `Assign` gives values; `None` where an expression makes them up.
pub(super) fn names(assign: &Node, language: Language) -> Option<impl Iterator<Item = (&Key, &str)>> {
    let bare = move |name| match language {
        Language::JsonPath => str::strip_suffix(name, ".$").unwrap_or(name),
        Language::Jsonata => name,
    };
    let given = assign.members().iter().map(move |(key, _)| (key, bare(&key.name)));
    (assign.as_str().is_none()).then_some(given)
}

/// Visits every name a state may assign, on whatever way it is left, with its place.
pub(super) fn each_assigned<'n>(
    state: &'n Node,
    at: &Trail<'_>,
    language: Language,
    visit: &mut dyn FnMut(&Trail<'_>, &'n Key, &'n str),
) {
    each_of(state, at, language, visit);
    for field in ["Choices", "Catch"] {
        let list = at.field(field);
        for (index, part) in state.get(field).map(Node::items).unwrap_or_default().iter().enumerate() {
            each_of(part, &list.index(index), language, visit);
        }
    }
}

fn each_of<'n>(
    holder: &'n Node,
    at: &Trail<'_>,
    language: Language,
    visit: &mut dyn FnMut(&Trail<'_>, &'n Key, &'n str),
) {
    let Some(names) = holder.get("Assign").and_then(|assign| names(assign, language)) else { return };
    let below = at.field("Assign");
    for (key, name) in names {
        visit(&below.field(&key.name), key, name);
    }
}
