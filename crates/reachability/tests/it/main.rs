//! The explainer against AWS's documentation, statement by statement, and against itself by properties.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken test network is a failed test")]

mod checks_acls;
mod checks_groups;
mod checks_interfaces;
mod checks_internet;
mod checks_routes;
mod conversations;
mod extensions;
mod naive;
mod pictures;
mod properties;
mod random;
mod spaces;
mod world;
