//! Tests of the whole crate: tables, properties, and the skeleton run by a small
//! interpreter.

mod facts;
mod interpreter;
mod memory;
mod oracle;
mod packets;
mod plans;
mod regions;
mod routing;
mod skeletons;
mod untracked;
