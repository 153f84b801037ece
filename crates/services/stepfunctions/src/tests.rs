//! Handlers on a store in memory and an engine in memory.

mod aliases;
mod executions;
mod machines;
mod world;
