//! Start, stop, reboot, terminate.
//!
//! Each request holds for all its instances or for none: everything is checked before anything changes.

mod change;
mod reboot;
mod start;
mod stop;
mod terminate;

pub(super) use change::{Effect, apply, ids};
pub(super) use reboot::reboot_instances;
pub(super) use start::start_instances;
pub(super) use stop::stop_instances;
pub(super) use terminate::{request_termination, terminate_instances};
