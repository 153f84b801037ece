//! Tests of the embedded store on a real disk.

mod open;
