//! Machines on a real kernel. Everything here needs root of the host and says so when it is skipped.

mod life;
mod world;
