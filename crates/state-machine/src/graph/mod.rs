//! State machines as pictures: layered, from top to bottom, in SVG and in text, coloured by what happened.
//!
//! [`layout`] places the states of a definition, the machines inside Parallel and Map states as boxes in theirs. The same
//! layout serves both kinds of picture; only the measures differ. [`colour`] reads an execution's events and tells how
//! each state fares, with a timeline.

mod arrange;
mod colour;
mod layers;
mod model;
mod svg;
mod text_picture;

#[cfg(test)]
mod tests;

pub use colour::{Colours, Mark, Status, Visit, colour};
pub use svg::svg;
pub use text_picture::text;

use crate::text::Node;
use std::sync::Arc;

/// Most states in one picture; the layout of more takes longer than anybody waits.
pub const MOST_STATES: usize = 2_000;

/// How large things are, in pixels or in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measures {
    /// Width of one character of a name.
    pub letter: i32,
    /// Blank on both sides of a name, together.
    pub padding: i32,
    /// Height of a state.
    pub height: i32,
    /// Height of the heading of a Parallel or Map state.
    pub heading: i32,
    /// Blank between the border of a box and what is in it.
    pub margin: i32,
    /// Between two states side by side.
    pub across: i32,
    /// Between two layers.
    pub down: i32,
    /// Width of a line that passes a layer.
    pub lane: i32,
}

impl Measures {
    /// Pixels, for a font of 13.
    pub const SVG: Measures = Measures {
        letter: 8,
        padding: 28,
        height: 40,
        heading: 26,
        margin: 18,
        across: 28,
        down: 44,
        lane: 18,
    };
    /// Characters.
    pub const TEXT: Measures =
        Measures { letter: 1, padding: 4, height: 3, heading: 1, margin: 2, across: 3, down: 3, lane: 1 };
}

/// What a box in the picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Where a machine begins.
    Start,
    /// Where a machine ends.
    End,
    /// A state.
    State,
}

/// A state in its place, or the start or end of a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// What it is.
    pub shape: Shape,
    /// Name of the state; empty for start and end.
    pub name: Arc<str>,
    /// Type of the state, such as `Task`.
    pub kind: Arc<str>,
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
    /// The machines inside a Parallel or Map state.
    pub inner: Vec<Machine>,
}

/// Why a transition is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `Next`, `StartAt`, the end.
    Next,
    /// A rule of a Choice.
    Choice,
    /// Its `Default`.
    Default,
    /// A catcher.
    Catch,
}

/// A transition as a line from one state to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Place in [`Machine::places`] where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// Why it is taken; of several the first.
    pub reason: Reason,
    /// Its points. The first is at the lower edge of a state (the upper, where it goes up), the last at an edge of the
    /// other.
    pub points: Vec<(i32, i32)>,
}

/// A machine in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// Its states.
    pub places: Vec<Place>,
    /// Its transitions.
    pub lines: Vec<Line>,
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

/// A definition of which no picture can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// There is no object of states.
    #[error("the definition has no States")]
    NoStates,
    /// More states than [`MOST_STATES`].
    #[error("the definition has more than {MOST_STATES} states, too many for one picture")]
    TooMany,
}

/// Places the states of a definition. What is wrong with it (a next state that does not exist) is left out.
pub fn layout(definition: &Node, measures: Measures) -> Result<Machine, GraphError> {
    if !definition.get("States").is_some_and(Node::is_object) {
        return Err(GraphError::NoStates);
    }
    let model = model::read(definition);
    if model.count() > MOST_STATES {
        return Err(GraphError::TooMany);
    }
    Ok(arrange::machine(&model, measures))
}

impl Machine {
    /// Every state in it, those inside others included.
    pub fn states(&self) -> Vec<&Place> {
        let own = self.places.iter().filter(|place| place.shape == Shape::State);
        own.flat_map(|place| {
            std::iter::once(place).chain(place.inner.iter().flat_map(|machine| machine.states()))
        })
        .collect()
    }

    fn shift(&mut self, x: i32, y: i32) {
        self.x += x;
        self.y += y;
        for place in &mut self.places {
            place.x += x;
            place.y += y;
            for machine in &mut place.inner {
                machine.shift(x, y);
            }
        }
        for point in self.lines.iter_mut().flat_map(|line| &mut line.points) {
            point.0 += x;
            point.1 += y;
        }
    }
}
