//! Holds the processes of machines; tiny; outlives the control plane.
//!
//! One keeper runs per host. It is single-threaded and synchronous, knows no API and no store, and does four
//! things: it forks machines and commands, holds a pidfd of each, reaps them, and writes every exit to a
//! synced journal before it tells anyone. Clients come and go over a Unix socket; machines do not notice.
//! When the keeper itself dies, machines live on and the next keeper finds them again by their pidfs handle.
//!
//! A machine's PID 1 is a fork of the keeper that never calls exec (see [`init`]): its pages are shared with
//! the keeper copy-on-write and nothing of the host's binary has to exist inside the machine.
// The crate is made of clone3, setns, mount and pidfd calls for which no safe wrapper exists.
#![allow(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "this is where the processes of machines are made")]

pub mod boot;
pub mod cgroup;
pub mod client;
pub mod error;
pub mod init;
mod journal;
pub mod process;
pub mod protocol;
pub mod seqpacket;
mod server;

pub use error::KeeperError;
pub use server::{KeeperConfig, run};
