//! Instance types: the catalogue and the operations that describe it.

mod api;
mod catalogue;
mod data;
mod describe;
mod families;
mod filter_values;
mod generations;
mod listed;
mod offerings;
pub(crate) mod table;
#[cfg(test)]
mod tests;

pub(crate) use catalogue::{InstanceType, find};
