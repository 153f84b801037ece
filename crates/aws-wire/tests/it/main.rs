//! The protocols against botocore's vectors, the real client, hostile bytes and broken limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::float_cmp)]

mod canonical;
mod dynamic;
mod hostile;
mod random;
mod roundtrip;
mod shapes;
mod sink;
mod skips;
mod validation;
mod vectors;
