//! Says what is wrong with a definition.

mod fault;
mod field;
mod path;
mod place;
mod role;
mod ruby;
mod semantic;
mod tables;
mod types;
mod walk;
mod words_statelint;

pub use fault::Code;

use crate::text::Node;
use fault::{Problem, Problems};
use place::Trail;
use role::Role;
use walk::{Language, Mode, Walk};

/// What awslabs' statelint says of a definition, sentence by sentence; nothing where all is well.
///
/// Exactly its sentences in exactly its order, its mistakes included: it knows neither JSONata nor the newer fields.
/// [`findings`] is the better linter.
pub fn statelint(definition: &Node) -> Vec<String> {
    let definition = last_wins(definition);
    problems(&definition, Mode::Statelint).iter().map(Problem::sentence).collect()
}

fn problems(definition: &Node, mode: Mode) -> Vec<Problem> {
    let mut problems = Problems::default();
    let machine = Language::of(definition, Language::JsonPath);
    Walk { mode, machine, problems: &mut problems }.check(
        definition,
        &Trail::ROOT,
        Role::StateMachine,
        machine,
    );
    semantic::Semantic::new(mode, &mut problems).check(definition, &Trail::ROOT);
    problems.0
}

/// The definition with each member once, in its first place with its last value: as readers of JSON see it that do
/// not see repeated members.
fn last_wins(node: &Node) -> std::borrow::Cow<'_, Node> {
    if has_repeated(node) {
        std::borrow::Cow::Owned(without_repeated(node))
    } else {
        std::borrow::Cow::Borrowed(node)
    }
}

fn has_repeated(node: &Node) -> bool {
    let members = node.members();
    let mut seen = std::collections::HashSet::with_capacity(members.len());
    members.iter().any(|(key, value)| !seen.insert(&*key.name) || has_repeated(value))
        || node.items().iter().any(has_repeated)
}

fn without_repeated(node: &Node) -> Node {
    use crate::text::Kind;
    let kind = match &node.kind {
        Kind::Object(members) => {
            let mut places = std::collections::HashMap::new();
            let mut kept = Vec::new();
            for (key, value) in members {
                let value = without_repeated(value);
                match places.get(&key.name) {
                    Some(place) => kept[*place] = (key.clone(), value),
                    None => {
                        places.insert(key.name.clone(), kept.len());
                        kept.push((key.clone(), value));
                    }
                }
            }
            Kind::Object(kept)
        }
        Kind::Array(items) => Kind::Array(items.iter().map(without_repeated).collect()),
        other => other.clone(),
    };
    Node { span: node.span.clone(), kind }
}
