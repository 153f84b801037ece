//! The keeper's loop: sockets, pidfds, output pipes and timers on one epoll.
//!
//! Order of effects: whatever happened in one turn of the loop is first written to the journal and synced,
//! once for all of it; only then do replies and events leave. A client never learns what a crash could undo.

mod adopt;
mod clients;
mod commands;
mod exec_child;
mod launch;
mod machines;
mod output;
mod turns;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use crate::cgroup::Cgroups;
use crate::error::{KeeperError, Result};
use crate::journal::Journal;
use crate::protocol::Mode;
use crate::seqpacket;

/// Where a keeper listens and keeps its journal.
#[derive(Debug, Clone)]
pub struct KeeperConfig {
    /// Unix socket; its directory must exist and be private.
    pub socket: PathBuf,
    /// Directory of the journal; made 0700.
    pub state_dir: PathBuf,
    /// Name of the parent of all machines' control groups.
    pub cgroup_parent: String,
}

/// Bytes of the receive buffer: large enough that the allocator maps it by itself.
const BUFFER: usize = 256 * 1024;
const _: () = assert!(BUFFER >= crate::protocol::MAX_MESSAGE);

/// What an epoll token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Listener,
    Signals,
    Progress,
    Client(u64),
    Machine(String),
    Control(String),
    Command(String),
    Output(String, output::Stream),
    Entry(String),
}

/// Something to do later.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The grace period of a stop is over.
    KillMachine(String),
    /// The client of an unreleased machine stayed away.
    Abandon(String),
    /// A command did not get into its machine.
    GiveUpEntry(String),
    /// The time limit of a command passed.
    Expire(String),
    /// Control groups that were still busy may be empty now.
    Sweep,
    /// The journal could not be written.
    RetryCommit,
}

/// The keeper's whole state.
struct Keeper {
    config: KeeperConfig,
    mode: Mode,
    cgroups: Cgroups,
    journal: Journal,
    epoll: OwnedFd,
    listener: OwnedFd,
    signals: OwnedFd,
    inotify: OwnedFd,
    targets: HashMap<u64, Target>,
    next_token: u64,
    clients: BTreeMap<u64, clients::Client>,
    machines: BTreeMap<String, machines::Machine>,
    commands: BTreeMap<String, commands::Command>,
    /// Commands on their way into a machine.
    entries: BTreeMap<String, commands::Entry>,
    /// Processes that led a command inside and are about to end.
    leaders: Vec<OwnedFd>,
    /// Machines by watch of their status file.
    watches: HashMap<i32, String>,
    /// By CLOCK_MONOTONIC nanoseconds.
    timers: BTreeSet<(u64, Timer)>,
    outbox: Vec<clients::Outgoing>,
    /// Busy groups to remove: machine, and command number or the whole machine.
    leftovers: Vec<(String, Option<u64>)>,
    next_group: u64,
    ending: bool,
    /// Boot of the host under which the journal was written.
    journal_boot: String,
    /// For one incoming message. Kept, and allocated in one piece of untouched pages: every page written before a
    /// fork stays with that machine for its whole life.
    buffer: Vec<u8>,
    /// `/dev/null`, where output beyond the limit goes.
    null: File,
    /// Keeps other keepers away from this state directory.
    _lock: File,
}

/// Runs a keeper until it is told to end. Machines of an earlier keeper are found again first.
///
/// Must be called from a process with a single thread, because it forks without exec.
pub fn run(config: KeeperConfig) -> Result<()> {
    let mut keeper = Keeper::start(config)?;
    keeper.adopt()?;
    keeper.serve()
}

impl Keeper {
    fn start(config: KeeperConfig) -> Result<Self> {
        let state_dir = &config.state_dir;
        let fail = |error: io::Error| KeeperError::system(format!("prepare {}", state_dir.display()), error);
        DirBuilder::new().recursive(true).mode(0o700).create(state_dir).map_err(fail)?;
        // Root of a fresh user namespace must be able to look up the directory it stands in, and only that.
        let stage = state_dir.join("stage");
        DirBuilder::new().recursive(true).mode(0o711).create(&stage).map_err(fail)?;
        // Resolve now: the working directory is about to change.
        let config = KeeperConfig {
            socket: std::path::absolute(&config.socket).map_err(fail)?,
            state_dir: fs::canonicalize(state_dir).map_err(fail)?,
            ..config
        };
        let state_dir = &config.state_dir;
        let lock = File::create(state_dir.join("lock")).map_err(fail)?;
        lock.try_lock().map_err(|error| fail(error.into()))?;
        // Fresh mount namespaces see this directory as their working directory and stage their mounts here.
        std::env::set_current_dir(state_dir.join("stage")).map_err(fail)?;
        raise_file_limit();
        become_subreaper()?;
        let mode = detect_mode();
        let cgroups = match mode {
            Mode::Full => Cgroups::detect(&config.cgroup_parent, state_dir)?,
            Mode::SingleUid => Cgroups::none(),
        };
        let (journal, records) = Journal::open(&state_dir.join("journal"))?;
        let system = |what: &'static str| move |error: rustix::io::Errno| KeeperError::system(what, error);
        let epoll = rustix::event::epoll::create(rustix::event::epoll::CreateFlags::CLOEXEC)
            .map_err(system("epoll"))?;
        let inotify = rustix::fs::inotify::init(
            rustix::fs::inotify::CreateFlags::CLOEXEC | rustix::fs::inotify::CreateFlags::NONBLOCK,
        )
        .map_err(system("inotify"))?;
        let listener = seqpacket::listen(&config.socket)?;
        let mut keeper = Self {
            mode,
            cgroups,
            journal,
            epoll,
            listener,
            signals: turns::watch_signals()?,
            inotify,
            targets: HashMap::new(),
            next_token: 1,
            clients: BTreeMap::new(),
            machines: BTreeMap::new(),
            commands: BTreeMap::new(),
            entries: BTreeMap::new(),
            leaders: Vec::new(),
            watches: HashMap::new(),
            timers: BTreeSet::new(),
            outbox: Vec::new(),
            leftovers: Vec::new(),
            next_group: 1,
            ending: false,
            journal_boot: String::new(),
            buffer: vec![0; BUFFER],
            null: File::options()
                .write(true)
                .open("/dev/null")
                .map_err(|error| KeeperError::system("open /dev/null", error))?,
            _lock: lock,
            config,
        };
        keeper.replay(records);
        keeper.watch_own()?;
        Ok(keeper)
    }
}

/// Root of the whole host, or only of one uid?
fn detect_mode() -> Mode {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let whole = map.split_whitespace().eq(["0", "0", "4294967295"]);
    if rustix::process::geteuid().is_root() && whole { Mode::Full } else { Mode::SingleUid }
}

/// Each machine costs a descriptor. The hard limit stays as it is: raising it takes CAP_SYS_RESOURCE.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let have = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: have.maximum, maximum: have.maximum });
}

/// Orphans of our descendants come to us instead of to the host's PID 1, which may not reap.
fn become_subreaper() -> Result<()> {
    // SAFETY: prctl with plain numbers.
    match unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) } {
        0 => Ok(()),
        _ => Err(KeeperError::last("become subreaper")),
    }
}
