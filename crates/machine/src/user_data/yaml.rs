//! YAML to a plain tree, from the parser's events, with limits on depth and size.
//!
//! The crate's own loader recurses per level and copies per alias; both can be driven without bound by a few
//! kilobytes of input. Built from events, the tree costs no recursion and every node is counted.

use std::collections::HashMap;

use yaml_rust2::Event;
use yaml_rust2::parser::Parser;
use yaml_rust2::scanner::TScalarStyle;

/// Deepest nesting.
const MAX_DEPTH: usize = 40;
/// Most nodes, copies through aliases included.
const MAX_NODES: usize = 50_000;

/// A node. Maps keep the order of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// Text, and whether it stood without quotes (then `true`, `~` or `420` may mean more than text).
    Scalar { text: String, plain: bool },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping; keys that are not text are dropped.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar { text, plain } if !(*plain && matches!(text.as_str(), "" | "~" | "null")) => {
                Some(text)
            }
            _ => None,
        }
    }

    /// True for the words YAML 1.1 takes as true.
    pub(super) fn is_true(&self) -> bool {
        matches!(self, Self::Scalar { text, plain: true } if ["true", "yes", "on"].contains(&text.to_ascii_lowercase().as_str()))
    }

    /// Members of a sequence; of anything else none.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// A member of a mapping.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Text of a scalar, or of all scalars of a sequence.
    pub(super) fn words(&self) -> Vec<String> {
        match self {
            Self::List(items) => items.iter().filter_map(|item| item.text().map(str::to_owned)).collect(),
            other => other.text().map(str::to_owned).into_iter().collect(),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Scalar { .. } => 1,
            Self::List(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Self::Map(members) => 1 + members.iter().map(|(_, value)| 1 + value.size()).sum::<usize>(),
        }
    }
}

/// A container whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    /// Key of a mapping that waits for its value.
    key: Option<Node>,
}

/// Reads the first document.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: HashMap<usize, Node> = HashMap::new();
    let mut nodes = 0;
    loop {
        let (event, _) = parser.next_token().map_err(|error| error.to_string())?;
        let done = match event {
            Event::StreamEnd | Event::DocumentEnd => return Ok(Node::Map(Vec::new())),
            Event::Scalar(text, style, anchor, _) => {
                Some((Node::Scalar { text, plain: style == TScalarStyle::Plain }, anchor))
            }
            Event::Alias(anchor) => {
                let copy = anchors.get(&anchor).cloned().ok_or("an alias without anchor")?;
                nodes += copy.size();
                Some((copy, 0))
            }
            Event::SequenceStart(anchor, _) => {
                open.push(Open { node: Node::List(Vec::new()), anchor, key: None });
                None
            }
            Event::MappingStart(anchor, _) => {
                open.push(Open { node: Node::Map(Vec::new()), anchor, key: None });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|closed| (closed.node, closed.anchor)),
            _ => None,
        };
        nodes += 1;
        if nodes > MAX_NODES || open.len() > MAX_DEPTH {
            return Err("too large or too deeply nested".into());
        }
        let Some((node, anchor)) = done else { continue };
        if anchor != 0 {
            nodes += node.size();
            anchors.insert(anchor, node.clone());
        }
        match open.last_mut() {
            None => return Ok(node),
            Some(parent) => attach(parent, node),
        }
    }
}

fn attach(parent: &mut Open, node: Node) {
    match &mut parent.node {
        Node::List(items) => items.push(node),
        Node::Map(members) => match parent.key.take() {
            None => parent.key = Some(node),
            Some(Node::Scalar { text, .. }) => members.push((text, node)),
            Some(_) => {}
        },
        Node::Scalar { .. } => {}
    }
}
