//! Generated types of ec2: see `models/ec2.json` for the facts and `cargo xtask show-type ec2 NAME` to read one.
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
