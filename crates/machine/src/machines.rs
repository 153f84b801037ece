//! The machines of this host: launch, release, stop, commands.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use keeper::protocol::{
    CommandStatus, ExecSpec, Limits, MachineState, MachineStatus, Mode, PAGE, Reply, Request,
};

use parking_lot::Mutex;

use crate::disk_watch::DiskWatch;
use crate::error::{MachineError, Result};
use crate::events::{self, Event};
use crate::image;
use crate::keeper_process::KeeperProcess;
use crate::paths::{self, MachineDir};
use crate::spec::{Image, LaunchSpec, Launched, MachinesConfig, StopMode, Usage};
use crate::tree;

/// A machine that nobody releases within this time after its client went away is killed.
const UNRELEASED_MS: u64 = 10_000;
/// How long [`Machines::terminate`] waits for a killed machine to be gone.
const KILL_LIMIT: Duration = Duration::from_secs(30);

/// The machines of this host.
#[derive(Debug, Clone)]
pub struct Machines {
    pub(crate) data_dir: PathBuf,
    pub(crate) keeper: Arc<KeeperProcess>,
    mode: Mode,
    ephemeral: bool,
    /// The host image, once it is prepared.
    image: Arc<Mutex<Option<Image>>>,
    /// Ends with the last copy of this; the watch's own copy has none.
    disk_watch: Option<Arc<DiskWatch>>,
}

impl Machines {
    /// Connects to the keeper, starting it if needed, and prepares the data directory.
    pub fn connect(config: MachinesConfig) -> Result<Self> {
        paths::private_dir(&config.data_dir)?;
        for name in ["machines", "images", "keeper"] {
            paths::private_dir(&config.data_dir.join(name))?;
        }
        let log = config.data_dir.join("keeper").join("log");
        let keeper = Arc::new(KeeperProcess::new(config.keeper_socket, config.keeper_argv, log));
        let mode = keeper.with(|connection| match connection.call(Request::Hello)?.0 {
            Reply::Hello { mode, .. } => Ok(mode),
            other => Err(unexpected(&other)),
        })?;
        let mut machines = Self {
            data_dir: config.data_dir,
            keeper,
            mode,
            ephemeral: false,
            image: Arc::default(),
            disk_watch: None,
        };
        machines.disk_watch = Some(Arc::new(DiskWatch::start(machines.clone())));
        Ok(machines)
    }

    /// From now on machines need not survive a crash of the host: their layers are never synced, which an
    /// unmount (the end of a machine) otherwise does for the whole file system of the data directory, however
    /// much others wrote to it.
    pub fn ephemeral(mut self) -> Self {
        self.ephemeral = true;
        self
    }

    /// What the keeper can do here.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The built-in image: the host's `/usr` under a fresh identity. Prepared at the first call (some 20 ms).
    pub fn host_image(&self) -> Result<Image> {
        let mut known = self.image.lock();
        if let Some(image) = &*known {
            return Ok(image.clone());
        }
        let image = image::prepare(&self.data_dir.join("images"), self.mode)?;
        *known = Some(image.clone());
        Ok(image)
    }

    /// The last 64 KiB of console output, oldest first; empty for a machine that never booted.
    pub fn console(&self, id: &str) -> Result<Vec<u8>> {
        paths::check_id(id)?;
        let path = MachineDir::new(&self.data_dir, id).console_file();
        match keeper::init::console::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            other => other.map_err(|error| MachineError::file(&path, error)),
        }
    }

    /// What a machine uses at the moment; zeros where the host has no control groups.
    pub fn usage(&self, id: &str) -> Result<Usage> {
        paths::check_id(id)?;
        self.keeper.with(|connection| match connection.call(Request::Usage { id: id.to_owned() })?.0 {
            Reply::Usage(usage) => Ok(usage),
            other => Err(unexpected(&other)),
        })
    }

    /// Forks a machine; it waits for [`Machines::release`]. Launching a stopped machine again keeps its root.
    ///
    /// Fails with [`MachineError::Exists`] while a machine of that id is alive.
    pub fn launch(&self, spec: LaunchSpec) -> Result<Launched> {
        paths::check_id(&spec.id)?;
        // Asked first, because what follows touches files that a live machine uses.
        let alive = |status: &MachineStatus| !matches!(status.state, MachineState::Exited(_));
        if self.status(&spec.id)?.as_ref().is_some_and(alive) {
            return Err(MachineError::Exists(spec.id));
        }
        let dir = MachineDir::new(&self.data_dir, &spec.id);
        let fresh = !dir.path().exists();
        let outcome = self.launch_in(&dir, spec);
        // A first launch that failed must leave nothing; a restart must not lose its root.
        if outcome.is_err() && fresh {
            remove_tree(&dir)?;
        }
        outcome
    }

    fn launch_in(&self, dir: &MachineDir, spec: LaunchSpec) -> Result<Launched> {
        for overlay in &spec.image.overlays {
            paths::private_dir(&dir.root().join(&overlay.name))?;
            let work = dir.root().join(&overlay.name).join("work");
            // What an interrupted or volatile mount left there would be refused; it is scratch space.
            tree::remove(&work).map_err(|error| MachineError::file(&work, error))?;
            for half in ["upper", "work"] {
                paths::layer_dir(&dir.root().join(&overlay.name).join(half))?;
            }
        }
        let plan = serde_json::to_vec(&spec.boot_plan())
            .map_err(|error| MachineError::invalid("user data", error.to_string()))?;
        paths::replace(&dir.boot_file(), &plan)?;
        paths::replace(&dir.disk_limit_file(), spec.limits.disk_mib.to_string().as_bytes())?;
        let request = Request::Launch(Box::new(keeper::protocol::LaunchSpec {
            id: spec.id,
            hostname: spec.hostname,
            overlays: spec.image.overlays,
            root_dir: dir.root(),
            limits: Limits {
                cpu_millis: spec.limits.cpu_millis,
                memory_bytes: spec.limits.memory_mib << 20,
                pids: spec.limits.pids,
                // Half of memory, as the usual default of tmpfs.
                tmpfs_bytes: spec.limits.memory_mib << 19,
                open_files: 65_536,
            },
            boot_file: dir.boot_file(),
            console_file: dir.console_file(),
            status_file: dir.status_file(),
            ssh: spec.start_sshd,
            volatile: self.ephemeral,
            unreleased_timeout_ms: UNRELEASED_MS,
        }));
        self.keeper.with(|connection| {
            let (reply, fds) = connection.call(request.clone())?;
            let mut fds = fds.into_iter();
            match (reply, fds.next(), fds.next()) {
                (Reply::Launched { pid }, Some(pidfd), Some(netns)) => Ok(Launched { pid, pidfd, netns }),
                (other, ..) => Err(unexpected(&other)),
            }
        })
    }

    /// Lets a launched machine boot.
    pub fn release(&self, id: &str) -> Result<()> {
        self.tell(Request::Release { id: id.to_owned() })
    }

    /// Stops a machine and keeps its root. Returns at once; an [`Event::Machine`] tells the end.
    pub fn stop(&self, id: &str, mode: StopMode) -> Result<()> {
        let id = id.to_owned();
        self.tell(match mode {
            StopMode::Orderly { grace_ms } => Request::Stop { id, grace_ms },
            StopMode::Force => Request::Kill { id },
        })
    }

    /// Restarts user space in place; network and root stay.
    pub fn reboot(&self, id: &str) -> Result<()> {
        self.tell(Request::Reboot { id: id.to_owned() })
    }

    /// Drops the record of an exited machine, so that its id may be launched again.
    pub fn forget(&self, id: &str) -> Result<()> {
        self.tell(Request::Forget { id: id.to_owned() })
    }

    /// Kills the machine if it lives and removes its root. Terminating an unknown machine is no error.
    pub fn terminate(&self, id: &str) -> Result<()> {
        paths::check_id(id)?;
        match self.tell(Request::Kill { id: id.to_owned() }) {
            Ok(()) | Err(MachineError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "patience with another process; nothing is decided by it"
        )]
        let begun = Instant::now();
        loop {
            match self.status(id)? {
                None => break,
                Some(status) if matches!(status.state, MachineState::Exited(_)) => {
                    self.forget(id)?;
                    break;
                }
                Some(_) if begun.elapsed() > KILL_LIMIT => {
                    return Err(MachineError::Unsupported(format!("{id} did not die within {KILL_LIMIT:?}")));
                }
                Some(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
        remove_tree(&MachineDir::new(&self.data_dir, id))
    }

    /// Ends a machine that used more disk than it may; its root is kept.
    pub(crate) fn end_for_disk(&self, id: &str, used_mib: u64, limit_mib: u64) -> Result<()> {
        self.tell(Request::EndForDisk { id: id.to_owned(), used_mib, limit_mib })
    }

    /// Sets the CPU weight (1–10,000, default 100) once a machine has booted.
    pub fn set_weight(&self, id: &str, weight: u32) -> Result<()> {
        self.tell(Request::SetWeight { id: id.to_owned(), weight })
    }

    /// Stops or continues all processes of a machine.
    pub fn freeze(&self, id: &str, frozen: bool) -> Result<()> {
        self.tell(Request::Freeze { id: id.to_owned(), frozen })
    }

    /// The machines this host's keeper knows, dead ones not yet forgotten included: what a restarted control
    /// plane compares its records with.
    pub fn adopt(&self) -> Result<Vec<MachineStatus>> {
        let mut all: Vec<MachineStatus> = Vec::new();
        loop {
            let after = all.last().map(|last| last.id.clone());
            let page = self.keeper.with(|connection| {
                match connection.call(Request::Machines { after: after.clone() })?.0 {
                    Reply::Machines(page) => Ok(page),
                    other => Err(unexpected(&other)),
                }
            })?;
            let end = page.len() < PAGE;
            all.extend(page);
            if end {
                return Ok(all);
            }
        }
    }

    /// One machine; `None` when unknown or forgotten.
    pub fn status(&self, id: &str) -> Result<Option<MachineStatus>> {
        self.keeper.with(|connection| match connection.call(Request::Machine { id: id.to_owned() }) {
            Ok((Reply::Machine(status), _)) => Ok(Some(status)),
            Ok((other, _)) => Err(unexpected(&other)),
            Err(keeper::KeeperError::Refused(keeper::error::Refusal::Unknown(_))) => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Starts a command in a machine; an [`Event::Command`] tells its end. Output files are made by the keeper.
    pub fn exec(&self, spec: ExecSpec) -> Result<()> {
        self.tell(Request::Exec(Box::new(spec)))
    }

    /// Kills the whole process tree of a command.
    pub fn kill_exec(&self, id: &str) -> Result<()> {
        self.tell(Request::KillExec { id: id.to_owned() })
    }

    /// State of a command.
    pub fn exec_status(&self, id: &str) -> Result<CommandStatus> {
        self.keeper.with(|connection| match connection.call(Request::ExecStatus { id: id.to_owned() })?.0 {
            Reply::Command(status) => Ok(status),
            other => Err(unexpected(&other)),
        })
    }

    /// Drops the record of a finished command.
    pub fn forget_exec(&self, id: &str) -> Result<()> {
        self.tell(Request::ForgetExec { id: id.to_owned() })
    }

    /// The commands this host's keeper knows.
    pub fn commands(&self) -> Result<Vec<CommandStatus>> {
        let mut all: Vec<CommandStatus> = Vec::new();
        loop {
            let after = all.last().map(|last| last.id.clone());
            let page = self.keeper.with(|connection| {
                match connection.call(Request::Commands { after: after.clone() })?.0 {
                    Reply::Commands(page) => Ok(page),
                    other => Err(unexpected(&other)),
                }
            })?;
            let end = page.len() < PAGE;
            all.extend(page);
            if end {
                return Ok(all);
            }
        }
    }

    /// A stream of events from now on; each call makes an independent one.
    pub fn events(&self) -> Receiver<Event> {
        events::listen(&self.keeper)
    }

    /// Ends the keeper; machines live on. For ephemeral clouds that terminated theirs, and for tests.
    pub fn shut_down_keeper(&self) -> Result<()> {
        self.keeper.close();
        self.tell(Request::Shutdown)
    }

    fn tell(&self, request: Request) -> Result<()> {
        self.keeper.with(|connection| connection.call(request.clone()).map(drop))
    }
}

/// The keeper answered with something that does not belong to the question.
fn unexpected(reply: &Reply) -> keeper::KeeperError {
    keeper::KeeperError::Malformed(format!("unexpected reply {reply:?}"))
}

/// Removes a machine's directory; an absent one is fine.
fn remove_tree(dir: &MachineDir) -> Result<()> {
    tree::remove(dir.path()).map_err(|error| MachineError::file(dir.path(), error))
}
