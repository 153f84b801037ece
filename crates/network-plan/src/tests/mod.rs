//! Tests of the whole crate: tables, properties, and the skeleton run by a small
//! interpreter.

mod facts;
mod interpreter;
mod packets;
mod plans;
mod regions;
mod skeletons;
