//! Instance life cycle: images, launch, stop, commands, user-data — the host-agent's view of the keeper.
//!
//! Everything here blocks and may be called from any thread; a caller on an async runtime uses its blocking pool.
// Mounting, namespaces and the KVM self-test have no safe wrapper.
#![allow(unsafe_code)]

mod disk_watch;
pub mod error;
mod events;
mod image;
mod keeper_process;
mod machines;
mod paths;
pub mod probe;
pub mod spec;
mod tree;
pub mod user_data;

pub use error::{MachineError, Result};
pub use events::Event;
pub use keeper::boot::{BootAction, BootPlan, BootStep, FileSpec, UserSpec};
pub use keeper::protocol::{
    CommandEnd, CommandOutcome, CommandStatus, ExecSpec, ExitCause, MachineState, MachineStatus, Mode,
    OutputFile, Progress,
};
pub use machines::Machines;
pub use spec::{Image, LaunchSpec, Launched, MachineLimits, MachinesConfig, StopMode, Usage};
