//! From state to state.

use crate::text::Node;

/// A way out of a state, and the `Assign` that is worked out on it.
pub(super) struct Way<'n> {
    pub(super) target: &'n str,
    pub(super) assign: Option<&'n Node>,
}

/// All ways to other states. A rule of a Choice and a catcher assign what they say themselves; that of a Choice itself
/// belongs to its `Default` (developer guide, "Choice state").
pub(super) fn ways(state: &Node) -> impl Iterator<Item = Way<'_>> {
    let own = ["Next", "Default"].into_iter().map(move |field| (state, field));
    let parts = ["Choices", "Catch"].into_iter().filter_map(|field| state.get(field)).flat_map(Node::items);
    own.chain(parts.map(|part| (part, "Next"))).filter_map(|(holder, field)| {
        Some(Way { target: holder.get(field)?.as_str()?, assign: holder.get("Assign") })
    })
}
