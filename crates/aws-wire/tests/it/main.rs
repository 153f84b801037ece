//! The protocols against botocore's vectors, the real client, hostile bytes and broken limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::float_cmp)]

mod canonical;
mod dynamic;
mod shapes;
mod skips;
mod vectors;
