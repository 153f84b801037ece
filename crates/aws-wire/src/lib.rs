//! The seven AWS protocols, both ways.
