//! The protocols against botocore's vectors, the real client, hostile bytes and broken limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::float_cmp, clippy::cast_precision_loss)]
#![allow(clippy::disallowed_methods, reason = "tests use real time, tasks and processes")]

mod canonical;
mod dynamic;
mod forms;
mod hostile;
mod kept;
mod random;
mod roundtrip;
mod routes;
mod shapes;
mod sink;
mod skips;
mod validation;
mod vectors;
