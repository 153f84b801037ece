//! The one entry point for every task.
fn main() {}
