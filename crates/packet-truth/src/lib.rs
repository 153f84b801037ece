//! Packet truth: random networks are built through the public API, real packets are sent through them, and the
//! explainer (`reachability`) has to foresee each of them.
//!
//! The two sides share no code. A probe that arrives has to arrive where and as it was foreseen; one that does not has
//! to be reported dropped by a component that the explainer named. Nothing is decided by waiting: a probe without a
//! sign of life is unproven, and unproven is a failure.
#![allow(clippy::disallowed_methods, reason = "it starts a cloud, and gives up on one that does not answer")]

pub mod cloud;
pub mod ec2;
pub mod generate;
pub mod interrupt;
pub mod probe;
pub mod random;
pub mod run;
pub mod site;
pub mod verdict;
pub mod wire;
