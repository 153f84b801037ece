//! Instances: run, describe, change state, attributes.

pub(crate) mod table;
