//! From layers to coordinates.

use super::layers::{Layered, layers, neighbours};
use super::model::{Graph, Vertex};
use super::{Line, Machine, Measures, Place, Shape};

/// How often the states are moved towards their neighbours.
const ROUNDS: usize = 8;

/// Places a machine with its upper left corner at 0, 0.
pub(super) fn machine(graph: &Graph, measures: Measures) -> Machine {
    let mut places: Vec<Place> = graph.vertices.iter().map(|vertex| place(vertex, measures)).collect();
    let layered = layers(graph);
    let width = |vertex: usize| places.get(vertex).map_or(measures.lane, |place| place.width);
    let left = columns(&layered, places.len(), &width, measures);
    let center: Vec<i32> = (0..layered.count).map(|vertex| left[vertex] + width(vertex) / 2).collect();

    let mut top = Vec::new();
    let mut bottom = Vec::new();
    let mut y = 0;
    for layer in &layered.layers {
        let height = layer.iter().filter_map(|vertex| places.get(*vertex)).map(|place| place.height).max();
        let height = height.unwrap_or(measures.height);
        top.push(y);
        bottom.push(y + height);
        for vertex in layer {
            if let Some(place) = places.get_mut(*vertex) {
                let (x, y) = (left[*vertex], y + (height - place.height) / 2);
                (place.x, place.y) = (x, y);
                for machine in &mut place.inner {
                    machine.shift(x, y);
                }
            }
        }
        y += height + measures.down;
    }
    let mut rank = vec![0; layered.count];
    for (index, layer) in layered.layers.iter().enumerate() {
        for vertex in layer {
            rank[*vertex] = index;
        }
    }
    let lines = graph
        .edges
        .iter()
        .enumerate()
        .filter(|(_, edge)| edge.from != edge.to)
        .map(|(index, edge)| {
            let way = &layered.ways[index];
            let mut points = Vec::with_capacity(way.len() * 2);
            for (at, vertex) in way.iter().enumerate() {
                let (x, rank) = (center[*vertex], rank[*vertex]);
                match places.get(*vertex) {
                    // Down to the edge of the layer first: beside a low state there may be a high one.
                    Some(place) if at == 0 => points.extend([(x, place.y + place.height), (x, bottom[rank])]),
                    Some(place) => points.extend([(x, top[rank]), (x, place.y)]),
                    None => points.extend([(x, top[rank]), (x, bottom[rank])]),
                }
            }
            if layered.reversed[index] {
                points.reverse();
            }
            Line { from: edge.from, to: edge.to, reason: edge.reason, points }
        })
        .collect();
    let width = places
        .iter()
        .map(|place| place.x + place.width)
        .chain(center.iter().map(|x| x + measures.lane))
        .max();
    let height = (y - measures.down).max(0);
    Machine { places, lines, x: 0, y: 0, width: width.unwrap_or(0), height }
}

/// A state in its size, at 0, 0, with what is inside at its place in it.
fn place(vertex: &Vertex, measures: Measures) -> Place {
    let letters = |text: &str| i32::try_from(text.chars().count()).unwrap_or(i32::MAX / 64) * measures.letter;
    let mut inner: Vec<Machine> = vertex.inner.iter().map(|graph| machine(graph, measures)).collect();
    let label = if vertex.shape == Shape::State { &*vertex.name } else { &*vertex.kind };
    // A state with others inside shows its name and type in one line.
    let heading = if inner.is_empty() {
        letters(label)
    } else {
        letters(label) + letters(&vertex.kind) + measures.letter
    };
    let mut width = heading + measures.padding;
    let mut height = measures.height;
    if !inner.is_empty() {
        let mut x = measures.margin;
        for machine in &mut inner {
            machine.shift(x, measures.heading + measures.margin);
            x += machine.width + measures.across;
            height = height.max(measures.heading + machine.height + 2 * measures.margin);
        }
        let content = x - measures.across + measures.margin;
        // Narrow content stands in the middle under a long name.
        let spare = (width - content).max(0) / 2;
        for machine in &mut inner {
            machine.shift(spare, 0);
        }
        width = width.max(content);
    }
    let (name, kind) = (vertex.name.clone(), vertex.kind.clone());
    Place { shape: vertex.shape, name, kind, x: 0, y: 0, width, height, inner }
}

/// The left edge of each vertex and waypoint: packed from the left, then moved towards the middle of its neighbours as
/// far as the order of its layer lets it.
fn columns(layered: &Layered, states: usize, width: &dyn Fn(usize) -> i32, measures: Measures) -> Vec<i32> {
    let mut left = vec![0; layered.count];
    for layer in &layered.layers {
        let mut x = 0;
        for vertex in layer {
            left[*vertex] = x;
            x += width(*vertex) + measures.across;
        }
    }
    let mut above: Vec<Vec<usize>> = vec![Vec::new(); layered.count];
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); layered.count];
    for (from, to) in neighbours(&layered.ways) {
        above[to].push(from);
        below[from].push(to);
    }
    // A lane wants to go on straight, and a state wants to stand under a state: were they to pull at each other, long
    // machines would lean to one side.
    for near in [&mut above, &mut below] {
        for (vertex, near) in near.iter_mut().enumerate() {
            let like = |other: &usize| (*other >= states) == (vertex >= states);
            if near.iter().any(like) {
                near.retain(like);
            }
        }
    }
    for round in 0..ROUNDS {
        let down = round % 2 == 0;
        let neighbours = if down { &above } else { &below };
        let depth = layered.layers.len();
        for index in 0..depth {
            let layer = &layered.layers[if down { index } else { depth - 1 - index }];
            let wishes: Vec<i32> =
                layer.iter().map(|vertex| wish(*vertex, &neighbours[*vertex], &left, width)).collect();
            settle(layer, &wishes, &mut left, width, measures.across);
        }
    }
    let least = left.iter().copied().min().unwrap_or(0);
    for x in &mut left {
        *x -= least;
    }
    left
}

/// Where the left edge of a vertex would be best: its middle below the middle of its neighbours.
fn wish(vertex: usize, neighbours: &[usize], left: &[i32], width: &dyn Fn(usize) -> i32) -> i32 {
    let mut middles: Vec<i32> = neighbours.iter().map(|near| left[*near] + width(*near) / 2).collect();
    middles.sort_unstable();
    let middle = match middles.len() {
        0 => return left[vertex],
        odd if odd % 2 == 1 => middles[odd / 2],
        even => i32::midpoint(middles[even / 2 - 1], middles[even / 2]),
    };
    middle - width(vertex) / 2
}

/// Gives a layer its places: nearest to the wishes from both sides, in order, without touching.
fn settle(layer: &[usize], wishes: &[i32], left: &mut [i32], width: &dyn Fn(usize) -> i32, gap: i32) {
    let mut from_left = wishes.to_vec();
    for index in 1..layer.len() {
        from_left[index] = from_left[index].max(from_left[index - 1] + width(layer[index - 1]) + gap);
    }
    let mut from_right = wishes.to_vec();
    for index in (1..layer.len()).rev() {
        from_right[index - 1] = from_right[index - 1].min(from_right[index] - width(layer[index - 1]) - gap);
    }
    // The mean of two orders that keep the distances keeps them too, but for rounding: that is mended to the right.
    for (index, vertex) in layer.iter().enumerate() {
        left[*vertex] = i32::midpoint(from_left[index], from_right[index]);
        if index > 0 {
            let before = layer[index - 1];
            left[*vertex] = left[*vertex].max(left[before] + width(before) + gap);
        }
    }
}
