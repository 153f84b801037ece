//! Which layer each vertex is in, and in which order the layers are read from left to right.
//!
//! The usual way (Sugiyama, Tagawa and Toda, 1981): turn round what goes back, give each vertex the layer below its lowest
//! predecessor, put a waypoint into every layer a line passes, then order each layer by the middle of its neighbours.

use super::Shape;
use super::model::Graph;
use std::collections::HashMap;

/// A graph in layers. Vertices of the graph keep their numbers, waypoints follow them.
pub(super) struct Layered {
    /// Vertices and waypoints of each layer, from left to right.
    pub(super) layers: Vec<Vec<usize>>,
    /// For each edge of the graph the vertices and waypoints it passes, from top to bottom.
    pub(super) ways: Vec<Vec<usize>>,
    /// Edges that go up.
    pub(super) reversed: Vec<bool>,
    /// Vertices and waypoints together.
    pub(super) count: usize,
}

/// How often the layers are put in order, down and up; more changes little.
const SWEEPS: usize = 12;

pub(super) fn layers(graph: &Graph) -> Layered {
    let count = graph.vertices.len();
    let reversed = backward(graph);
    let down: Vec<(usize, usize)> = graph
        .edges
        .iter()
        .zip(&reversed)
        .map(|(edge, reversed)| if *reversed { (edge.to, edge.from) } else { (edge.from, edge.to) })
        .collect();
    let mut rank = ranks(count, &down);
    if graph.vertices.last().is_some_and(|vertex| vertex.shape == Shape::End) {
        sink(&mut rank);
    }
    let depth = rank.iter().copied().max().unwrap_or(0) + 1;
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); depth];
    for (vertex, rank) in rank.iter().enumerate() {
        layers[*rank].push(vertex);
    }
    let mut next = count;
    let mut ways = Vec::with_capacity(down.len());
    // Lines to one state share their lane: a hundred catchers that lead to one state make one line beside the others.
    let mut lanes: HashMap<(usize, bool, usize), usize> = HashMap::new();
    for ((from, to), (edge, reversed)) in down.into_iter().zip(graph.edges.iter().zip(&reversed)) {
        let mut way = vec![from];
        for (layer, vertices) in layers.iter_mut().enumerate().take(rank[to]).skip(rank[from] + 1) {
            let lane = *lanes.entry((edge.to, *reversed, layer)).or_insert_with(|| {
                vertices.push(next);
                next += 1;
                next - 1
            });
            way.push(lane);
        }
        way.push(to);
        ways.push(way);
    }
    order(&mut layers, &ways, next);
    Layered { layers, ways, reversed, count: next }
}

/// Edges that lead back to a vertex on the way that led to them. Loops of one state go back as well.
fn backward(graph: &Graph) -> Vec<bool> {
    let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); graph.vertices.len()];
    for (index, edge) in graph.edges.iter().enumerate() {
        leaving[edge.from].push(index);
    }
    let mut reversed = vec![false; graph.edges.len()];
    // 0: not seen, 1: on the way, 2: done. The stack is our own: machines may be long.
    let mut seen = vec![0u8; graph.vertices.len()];
    for root in 0..graph.vertices.len() {
        if seen[root] != 0 {
            continue;
        }
        seen[root] = 1;
        let mut stack = vec![(root, 0)];
        while let Some((vertex, at)) = stack.last_mut() {
            let Some(edge) = leaving[*vertex].get(*at).copied() else {
                seen[*vertex] = 2;
                stack.pop();
                continue;
            };
            *at += 1;
            let to = graph.edges[edge].to;
            match seen[to] {
                0 => {
                    seen[to] = 1;
                    stack.push((to, 0));
                }
                1 => reversed[edge] = true,
                _ => {}
            }
        }
    }
    reversed
}

/// Longest way from a vertex without predecessors; loops of one vertex are left out.
fn ranks(count: usize, down: &[(usize, usize)]) -> Vec<usize> {
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut above = vec![0usize; count];
    for (from, to) in down.iter().filter(|(from, to)| from != to) {
        below[*from].push(*to);
        above[*to] += 1;
    }
    let mut rank = vec![0; count];
    let mut waiting: Vec<usize> = (0..count).filter(|vertex| above[*vertex] == 0).collect();
    // What nothing leads to does not stand beside the start.
    for vertex in waiting.iter().filter(|vertex| **vertex != 0) {
        rank[*vertex] = 1;
    }
    while let Some(vertex) = waiting.pop() {
        for next in &below[vertex] {
            rank[*next] = rank[*next].max(rank[vertex] + 1);
            above[*next] -= 1;
            if above[*next] == 0 {
                waiting.push(*next);
            }
        }
    }
    rank
}

/// The end, which is the last vertex, stands in the last layer.
fn sink(rank: &mut [usize]) {
    let last = rank.iter().copied().max().unwrap_or(0);
    if let Some(end) = rank.last_mut() {
        *end = last;
    }
}

/// Every pair of neighbours in adjacent layers, once.
pub(super) fn neighbours(ways: &[Vec<usize>]) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> =
        ways.iter().flat_map(|way| way.windows(2)).map(|at| (at[0], at[1])).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Sorts the layers so that fewer lines cross.
fn order(layers: &mut [Vec<usize>], ways: &[Vec<usize>], count: usize) {
    let mut above: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in neighbours(ways) {
        above[to].push(from);
        below[from].push(to);
    }
    let mut place = vec![0.0f64; count];
    note(layers, &mut place);
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let near = if down { &above } else { &below };
        let indices: Vec<usize> =
            if down { (0..layers.len()).collect() } else { (0..layers.len()).rev().collect() };
        for index in indices {
            let middle = |vertex: usize| {
                let near = &near[vertex];
                #[expect(clippy::cast_precision_loss, reason = "a layer has few neighbours")]
                let number = near.len() as f64;
                if near.is_empty() {
                    place[vertex]
                } else {
                    near.iter().map(|at| place[*at]).sum::<f64>() / number
                }
            };
            let mut keyed: Vec<(f64, usize)> =
                layers[index].iter().map(|vertex| (middle(*vertex), *vertex)).collect();
            // Stable, so that equals keep the order of the definition.
            keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
            layers[index] = keyed.into_iter().map(|(_, vertex)| vertex).collect();
            note(&layers[index..=index], &mut place);
        }
    }
}

/// Notes each vertex's place in its layer, as a part of the layer's length: layers differ in length.
fn note(layers: &[Vec<usize>], place: &mut [f64]) {
    for layer in layers {
        for (index, vertex) in layer.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "layers are short")]
            let part = (index as f64 + 0.5) / layer.len() as f64;
            place[*vertex] = part;
        }
    }
}
