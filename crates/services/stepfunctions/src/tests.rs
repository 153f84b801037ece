//! Handlers on a store in memory and an engine in memory.

mod aliases;
mod executions;
mod failing_store;
mod inside;
mod machines;
mod mocks;
mod once;
mod world;
