//! Tests of the whole crate: tables and properties.
