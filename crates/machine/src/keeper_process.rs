//! Finding the keeper, or starting one.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use keeper::client::Connection;
use parking_lot::Mutex;

use crate::error::{MachineError, Result};

/// Idle connections kept for reuse.
const MAX_IDLE: usize = 8;
/// Fresh connections tried for one request, and the growing pause between them: the last moment of a dying keeper.
const FRESH_ATTEMPTS: u32 = 5;
const LAST_MOMENT: Duration = Duration::from_millis(10);
/// A keeper that does not listen after this time has failed.
const START_LIMIT: Duration = Duration::from_secs(10);

/// The keeper of this host and our connections to it.
#[derive(Debug)]
pub(crate) struct KeeperProcess {
    socket: PathBuf,
    argv: Vec<OsString>,
    log: PathBuf,
    idle: Mutex<Vec<Connection>>,
    /// Set when the keeper was told to end: nobody starts it again.
    closed: AtomicBool,
    /// Held while starting, so that two threads do not start two keepers.
    starting: Mutex<()>,
}

impl KeeperProcess {
    pub(crate) fn new(socket: PathBuf, argv: Vec<OsString>, log: PathBuf) -> Self {
        Self {
            socket,
            argv,
            log,
            idle: Mutex::new(Vec::new()),
            closed: AtomicBool::new(false),
            starting: Mutex::new(()),
        }
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// From now on the keeper is not started again.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// A connection to a running keeper, starting one if nobody listens.
    pub(crate) fn connect(&self) -> Result<Connection> {
        if let Ok(connection) = Connection::open(&self.socket) {
            return Ok(connection);
        }
        let _starting = self.starting.lock();
        if let Ok(connection) = Connection::open(&self.socket) {
            return Ok(connection);
        }
        if self.is_closed() {
            return Err(keeper::KeeperError::Disconnected.into());
        }
        self.start()?;
        #[expect(
            clippy::disallowed_methods,
            reason = "patience with another process; nothing is decided by it"
        )]
        let begun = Instant::now();
        loop {
            match Connection::open(&self.socket) {
                Ok(connection) => return Ok(connection),
                Err(error) if begun.elapsed() > START_LIMIT => return Err(error.into()),
                Err(_) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Runs `talk` on a pooled connection. A connection that failed is not reused; when it turns out to belong to a
    /// keeper that is gone, the request is repeated on a fresh one. A fresh one, too, can have been taken by a keeper
    /// in its last moment: the socket of a killed process outlives it by an instant.
    pub(crate) fn with<T>(
        &self,
        talk: impl Fn(&mut Connection) -> std::result::Result<T, keeper::KeeperError>,
    ) -> Result<T> {
        let pooled = self.idle.lock().pop();
        if let Some(mut connection) = pooled {
            match talk(&mut connection) {
                Err(keeper::KeeperError::Disconnected) => self.idle.lock().clear(),
                other => return self.give_back(connection, other),
            }
        }
        let mut attempt = 1;
        loop {
            let mut connection = self.connect()?;
            match talk(&mut connection) {
                Err(keeper::KeeperError::Disconnected) if attempt < FRESH_ATTEMPTS => {
                    std::thread::sleep(LAST_MOMENT * attempt);
                    attempt += 1;
                }
                outcome => return self.give_back(connection, outcome),
            }
        }
    }

    fn give_back<T>(
        &self,
        connection: Connection,
        outcome: std::result::Result<T, keeper::KeeperError>,
    ) -> Result<T> {
        if matches!(outcome, Ok(_) | Err(keeper::KeeperError::Refused(_))) {
            let mut idle = self.idle.lock();
            if idle.len() < MAX_IDLE {
                idle.push(connection);
            }
        }
        Ok(outcome?)
    }

    /// Starts the keeper in a session of its own: a signal to the control plane's group must not reach it.
    fn start(&self) -> Result<()> {
        let Some((program, arguments)) = self.argv.split_first() else {
            return Err(MachineError::Unsupported(format!(
                "no keeper listens at {} and none may be started",
                self.socket.display()
            )));
        };
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .map_err(|error| MachineError::file(&self.log, error))?;
        #[expect(clippy::disallowed_methods, reason = "starts the keeper, which starts everything else")]
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).current_dir("/");
        // SAFETY: setsid is async-signal-safe and touches no memory of the parent.
        unsafe {
            command.pre_exec(|| rustix::process::setsid().map(drop).map_err(Into::into));
        }
        let path = Path::new(program).to_owned();
        let mut child = command.spawn().map_err(|error| MachineError::file(&path, error))?;
        // The keeper outlives us; this thread only collects its status should it end first.
        std::thread::spawn(move || child.wait());
        Ok(())
    }
}
