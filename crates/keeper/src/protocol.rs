//! What clients and the keeper say to each other: one JSON document per SOCK_SEQPACKET message.
//!
//! A client sends [`Frame`]s with a number of its own choosing; the keeper answers each with a [`Answer::Reply`]
//! of the same number, and pushes [`Answer::Event`]s to connections that subscribed. Nothing secret travels
//! here: what a machine does at boot stands in a file that only its own PID 1 reads.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::cgroup::CgroupUsage;
use crate::error::Refusal;

/// Largest message in bytes; well under the default socket buffer.
pub const MAX_MESSAGE: usize = 96 * 1024;
/// Entries in one page of [`Request::Machines`] and [`Request::Commands`].
pub const PAGE: usize = 100;

/// One request as sent by a client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Frame {
    /// Chosen by the client; returned with the reply.
    pub number: u64,
    /// What is asked.
    pub request: Request,
}

/// Everything a client can ask.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// Who are you; answered with [`Reply::Hello`].
    Hello,
    /// Push events to this connection from now on.
    Subscribe,
    /// Fork a machine and prepare its mounts; it waits for [`Request::Release`].
    Launch(Box<LaunchSpec>),
    /// Let a launched machine boot (its network is plugged).
    Release {
        /// Machine id.
        id: String,
    },
    /// Orderly shutdown; after `grace_ms` milliseconds everything left is killed.
    Stop {
        /// Machine id.
        id: String,
        /// Milliseconds between the request to PID 1 and the kill.
        grace_ms: u64,
    },
    /// Restart user space in place: same namespaces, same network, same root.
    Reboot {
        /// Machine id.
        id: String,
    },
    /// Kill every process of the machine at once.
    Kill {
        /// Machine id.
        id: String,
    },
    /// Kill a machine that used more disk than it may; told on its console and as [`ExitCause::DiskLimit`].
    EndForDisk {
        /// Machine id.
        id: String,
        /// MiB in use.
        used_mib: u64,
        /// MiB allowed.
        limit_mib: u64,
    },
    /// Drop the record of an exited machine.
    Forget {
        /// Machine id.
        id: String,
    },
    /// Set the final CPU weight (after boot; a low weight during boot makes launches slow).
    SetWeight {
        /// Machine id.
        id: String,
        /// cgroup v2 weight, 1–10,000; 100 is the default.
        weight: u32,
    },
    /// Stop or continue scheduling all processes of the machine.
    Freeze {
        /// Machine id.
        id: String,
        /// True stops, false continues.
        frozen: bool,
    },
    /// One machine.
    Machine {
        /// Machine id.
        id: String,
    },
    /// What a machine uses at the moment.
    Usage {
        /// Machine id.
        id: String,
    },
    /// One page of known machines, ordered by id, after the given id.
    Machines {
        /// Last id of the previous page.
        after: Option<String>,
    },
    /// Run a command inside a machine.
    Exec(Box<ExecSpec>),
    /// Kill the whole process tree of a command.
    KillExec {
        /// Command id.
        id: String,
    },
    /// State of one command.
    ExecStatus {
        /// Command id.
        id: String,
    },
    /// Drop the record of a finished command.
    ForgetExec {
        /// Command id.
        id: String,
    },
    /// One page of known commands, ordered by id, after the given id.
    Commands {
        /// Last id of the previous page.
        after: Option<String>,
    },
    /// End the keeper. Machines live on.
    Shutdown,
}

/// What the keeper sends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Answer {
    /// The answer to the frame of this number.
    Reply {
        /// Number of the frame.
        number: u64,
        /// Its outcome.
        result: Result<Reply, Refusal>,
    },
    /// Something happened.
    Event(Event),
}

/// Outcome of a request that was granted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Reply {
    /// Nothing more to say.
    Done,
    /// Answer to [`Request::Hello`].
    Hello {
        /// Process id of the keeper.
        pid: i32,
        /// What this keeper can do.
        mode: Mode,
    },
    /// Answer to [`Request::Launch`]; two descriptors travel along: the pidfd and the network namespace.
    Launched {
        /// Process id of the machine's PID 1 as the host sees it.
        pid: i32,
    },
    /// Answer to [`Request::Machine`].
    Machine(MachineStatus),
    /// Answer to [`Request::Usage`].
    Usage(CgroupUsage),
    /// Answer to [`Request::Machines`].
    Machines(Vec<MachineStatus>),
    /// Answer to [`Request::ExecStatus`].
    Command(CommandStatus),
    /// Answer to [`Request::Commands`].
    Commands(Vec<CommandStatus>),
}

/// How much of the host the keeper may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Root of the host: own id range per machine, idmapped layers, cgroup limits.
    Full,
    /// One uid only (no root, or root of a user namespace): no limits, no id ranges.
    SingleUid,
}

/// Everything the keeper must know to fork a machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LaunchSpec {
    /// Unique name, `[a-z0-9-]{1,64}`; also the name of its cgroups.
    pub id: String,
    /// Host name inside, at most 64 bytes.
    pub hostname: String,
    /// Overlays to mount, root first; a later one may lie inside an earlier one (`/usr`).
    pub overlays: Vec<Overlay>,
    /// Directory that holds the writable halves of the overlays.
    pub root_dir: PathBuf,
    /// Kernel-enforced limits.
    pub limits: Limits,
    /// [`crate::boot::BootPlan`] as JSON; read only by the machine's own PID 1.
    pub boot_file: PathBuf,
    /// Where the last 64 KiB of console output are kept; created by the keeper.
    pub console_file: PathBuf,
    /// Where PID 1 notes its progress; created by the keeper.
    pub status_file: PathBuf,
    /// Never sync the writable layers: ending a machine is faster, but what it wrote is lost with the host. The
    /// kernel refuses to mount such layers again until their work directories are emptied.
    pub volatile: bool,
    /// Answer on port 22 with the image's sshd, started per connection.
    pub ssh: bool,
    /// An unreleased machine is killed this many milliseconds after its client went away.
    pub unreleased_timeout_ms: u64,
}

/// One overlay mount of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlay {
    /// Mount point inside the machine (`/`, `/usr`).
    pub target: PathBuf,
    /// Read-only layers, topmost first; host directories.
    pub lower: Vec<PathBuf>,
    /// Name of the writable half: `<root_dir>/<name>/{upper,work}`, `[a-z]{1,16}`.
    pub name: String,
}

/// Limits enforced by cgroups (and sizes of in-memory file systems).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// CPU time per second of wall time, in thousandths of one processor (2,000 = two vCPUs).
    pub cpu_millis: u32,
    /// Memory in bytes; no swap on top.
    pub memory_bytes: u64,
    /// Processes and threads.
    pub pids: u32,
    /// Size of each of `/run`, `/tmp` and `/dev/shm` in bytes.
    pub tmpfs_bytes: u64,
    /// Open files per process (clamped to what the keeper may grant).
    pub open_files: u64,
}

/// A machine as the keeper knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineStatus {
    /// Machine id.
    pub id: String,
    /// PID 1 as the host sees it.
    pub pid: i32,
    /// Where in its life it stands.
    pub state: MachineState,
    /// First host uid of its 65,536 ids (0 in [`Mode::SingleUid`]).
    pub id_base: u32,
    /// What PID 1 reported.
    pub progress: Progress,
}

/// Where a machine stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineState {
    /// Forked, not yet released.
    Held,
    /// Released; booting or booted.
    Running,
    /// Asked to shut down.
    Stopping,
    /// PID 1 is gone.
    Exited(ExitCause),
}

/// Why a machine's PID 1 is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitCause {
    /// Shut down from inside, or on request.
    PowerOff,
    /// Called `reboot(2)`: wants to be launched again.
    Reboot,
    /// Killed on request of a client ([`Request::Kill`] or the grace period of [`Request::Stop`]).
    Killed,
    /// Its client went away before releasing it.
    Abandoned,
    /// Killed because it used more disk than its limit.
    DiskLimit,
    /// PID 1 ended by itself with this status.
    Exited(i32),
    /// PID 1 was killed by this signal, not on our request.
    Signaled(i32),
    /// The mounts or namespaces could not be prepared; the text names the step.
    BootFailed(String),
    /// It ended while no keeper was looking and the kernel does not tell how.
    Unknown,
}

/// What PID 1 reports about itself. The machine's own root could forge it: display only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Boots so far, counting reboots in place.
    pub boots: u32,
    /// Clock (CLOCK_MONOTONIC, ns) when the first user-data command of this boot started.
    pub user_data_started_ns: u64,
    /// Clock (CLOCK_MONOTONIC, ns) when boot was done: user-data finished.
    pub boot_finished_ns: u64,
    /// Number of user-data steps that failed.
    pub failed_steps: u32,
}

/// A command to run inside a machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExecSpec {
    /// Unique name, `[A-Za-z0-9._-]{1,128}`.
    pub id: String,
    /// Machine id.
    pub machine: String,
    /// Program and arguments; looked up in `PATH` when it has no slash.
    pub argv: Vec<String>,
    /// Variables added to the login environment of the user.
    pub env: Vec<(String, String)>,
    /// Working directory; the user's home when absent.
    pub cwd: Option<String>,
    /// User inside the machine; root when absent.
    pub user: Option<String>,
    /// Wall-clock limit in milliseconds; the whole tree is killed when it passes.
    pub timeout_ms: Option<u64>,
    /// File on the host to read standard input from; `/dev/null` when absent.
    pub stdin: Option<PathBuf>,
    /// Where standard output goes; created by the keeper.
    pub stdout: OutputFile,
    /// Where standard error goes; created by the keeper.
    pub stderr: OutputFile,
}

/// A host file that receives output up to a limit; what comes after is read and counted, not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Host path.
    pub path: PathBuf,
    /// Bytes kept.
    pub max_bytes: u64,
}

/// A command as the keeper knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandStatus {
    /// Command id.
    pub id: String,
    /// Machine id.
    pub machine: String,
    /// Process id as the host sees it.
    pub pid: i32,
    /// Absent while it runs.
    pub outcome: Option<CommandOutcome>,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandOutcome {
    /// Exit code or signal.
    pub end: CommandEnd,
    /// Milliseconds from start to end.
    pub duration_ms: u64,
    /// Bytes kept of standard output.
    pub stdout_bytes: u64,
    /// Bytes of standard output beyond the limit.
    pub stdout_dropped: u64,
    /// Bytes kept of standard error.
    pub stderr_bytes: u64,
    /// Bytes of standard error beyond the limit.
    pub stderr_dropped: u64,
}

/// How a command's first process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandEnd {
    /// Exit code, 0–255. 127: program not found; 126: found but not startable.
    Exited(i32),
    /// Killed by this signal.
    Signaled(i32),
    /// Killed because its time limit passed.
    TimedOut,
    /// Killed by [`Request::KillExec`].
    Cancelled,
    /// Its machine went away under it.
    MachineGone,
    /// It ended while no keeper was looking and the kernel does not tell how.
    Unknown,
}

/// Pushed to subscribers. State is level-triggered: after a reconnect ask for the pages instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A machine's state or progress changed.
    Machine(MachineStatus),
    /// A command ended.
    Command(CommandStatus),
}
