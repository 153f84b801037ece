//! RunInstances.

mod cpu;
mod handler;
mod idempotency;
mod interfaces;
mod launch;
mod network;
mod quota;
mod refused;
mod request;
mod root_volume;
mod write;

pub(super) use handler::run_instances;
pub(super) use request::{check_shutdown_behavior, ebs_optimized};
pub(super) use root_volume::volume_outlives;
