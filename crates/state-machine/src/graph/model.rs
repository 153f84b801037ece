//! The states of a definition and what leads from one to another.

use super::{Reason, Shape};
use crate::text::Node;
use std::collections::HashMap;
use std::sync::Arc;

/// A machine as a graph: the first vertex is its start, the last its end, where it has one.
pub(super) struct Graph {
    pub(super) vertices: Vec<Vertex>,
    pub(super) edges: Vec<Edge>,
}

pub(super) struct Vertex {
    pub(super) shape: Shape,
    pub(super) name: Arc<str>,
    pub(super) kind: Arc<str>,
    pub(super) inner: Vec<Graph>,
}

pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) reason: Reason,
}

impl Graph {
    /// Number of states, those inside others included.
    pub(super) fn count(&self) -> usize {
        self.vertices.iter().map(|vertex| 1 + vertex.inner.iter().map(Graph::count).sum::<usize>()).sum()
    }
}

/// Reads a machine. Depth is bounded by the reader of texts.
pub(super) fn read(machine: &Node) -> Graph {
    let states = machine.get("States").map(Node::members).unwrap_or_default();
    let vertex =
        |shape, name: &str, kind: &str, inner| Vertex { shape, name: name.into(), kind: kind.into(), inner };
    let mut vertices = vec![vertex(Shape::Start, "", "Start", Vec::new())];
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    let mut nodes: Vec<&Node> = Vec::new();
    for (key, state) in states {
        let kind = state.get("Type").and_then(Node::as_str).unwrap_or("?");
        let read = vertex(Shape::State, &key.name, kind, inner(state));
        // Of a repeated name the last one counts.
        if let Some(place) = by_name.get(&*key.name) {
            vertices[*place] = read;
            nodes[*place - 1] = state;
        } else {
            by_name.insert(&key.name, vertices.len());
            vertices.push(read);
            nodes.push(state);
        }
    }
    let end = vertices.len();

    let mut edges: Vec<Edge> = Vec::new();
    let mut add = |from: usize, to: Option<usize>, reason: Reason| {
        if let Some(to) = to
            && !edges.iter().rev().take_while(|edge| edge.from == from).any(|edge| edge.to == to)
        {
            edges.push(Edge { from, to, reason });
        }
    };
    let target =
        |node: Option<&Node>| node.and_then(Node::as_str).and_then(|name| by_name.get(name)).copied();
    add(0, target(machine.get("StartAt")), Reason::Next);
    for (index, state) in nodes.iter().enumerate() {
        let from = index + 1;
        add(from, target(state.get("Next")), Reason::Next);
        for rule in state.get("Choices").map(Node::items).unwrap_or_default() {
            add(from, target(rule.get("Next")), Reason::Choice);
        }
        add(from, target(state.get("Default")), Reason::Default);
        for catcher in state.get("Catch").map(Node::items).unwrap_or_default() {
            add(from, target(catcher.get("Next")), Reason::Catch);
        }
        let terminal = matches!(state.get("Type").and_then(Node::as_str), Some("Succeed" | "Fail"))
            || state.get("End").and_then(Node::as_bool) == Some(true);
        add(from, terminal.then_some(end), Reason::Next);
    }
    // Where nothing ends there is no end to draw.
    if edges.iter().any(|edge| edge.to == end) {
        vertices.push(vertex(Shape::End, "", "End", Vec::new()));
    }
    Graph { vertices, edges }
}

fn inner(state: &Node) -> Vec<Graph> {
    let branches = state.get("Branches").map(Node::items).unwrap_or_default().iter();
    let processor = state.get("ItemProcessor").or_else(|| state.get("Iterator"));
    branches
        .chain(processor)
        .filter(|machine| machine.get("States").is_some_and(Node::is_object))
        .map(read)
        .collect()
}
