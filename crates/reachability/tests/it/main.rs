//! The explainer against AWS's documentation, statement by statement, and against itself by properties.

mod checks_groups;
mod world;
