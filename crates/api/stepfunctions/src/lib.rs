//! Generated types of stepfunctions: see `models/stepfunctions.json` for the facts and `cargo xtask show-type stepfunctions NAME` to read one.
#![forbid(unsafe_code)]
#![allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    unreachable_pub,
    non_upper_case_globals,
    unused_imports,
    dead_code
)]
include!(concat!(env!("OUT_DIR"), "/api.rs"));
