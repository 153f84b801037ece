//! Distributed Maps, as far as they are plain computation: what text holds which items, what input a child gets.
//!
//! The engine owns the run itself (children, counters, redrive); it asks here for everything the language says about it.

mod csv;
mod reader;
mod result;
mod selection;
mod tolerance;

#[cfg(test)]
mod tests;

pub use reader::{ItemFormat, Items, Manifest, manifest};
pub use result::collected;
pub use selection::Selection;
pub use tolerance::{exceeded, threshold};
