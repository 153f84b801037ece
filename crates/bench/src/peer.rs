//! Rivals from PyPI, started beside us: moto's server and MiniStack. Neither verifies a signature.

use crate::load;
use crate::stop::Deadline;
use anyhow::{Context as _, bail};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Until a peer must answer.
const START: Duration = Duration::from_secs(60);

/// A rival that can be started here.
pub(crate) struct Peer {
    /// Its name in the report.
    pub(crate) name: &'static str,
    python: PathBuf,
}

/// Those for which a Python was given.
pub(crate) fn known(moto: Option<PathBuf>, ministack: Option<PathBuf>) -> Vec<Peer> {
    let peer = |name, python: Option<PathBuf>| python.map(|python| Peer { name, python });
    [peer("moto", moto), peer("MiniStack", ministack)].into_iter().flatten().collect()
}

/// A running rival; killed when dropped.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From its start to the first answer.
    pub(crate) start: Duration,
    child: Child,
    _folder: TempDir,
}

impl Running {
    /// Its process id; both serve from one process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer {
    /// Starts it and waits for a first answer with status 200 to `request`.
    pub(crate) fn start(&self, request: &[u8]) -> anyhow::Result<Running> {
        let folder = TempDir::with_prefix("allod-bench-peer-")?;
        let address = free_address()?;
        let port = address.port().to_string();
        let mut command = Command::new(&self.python);
        if self.name == "moto" {
            command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port]);
        } else {
            command.args(["-m", "ministack"]).env("GATEWAY_PORT", &port).env("BIND_HOST", "127.0.0.1");
        }
        let output = fs::File::create(folder.path().join("output"))?;
        command.current_dir(folder.path()).env("HOME", folder.path()).env("TMPDIR", folder.path());
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let begun = Instant::now();
        let child = command.spawn().with_context(|| format!("{} does not start", self.name))?;
        let mut running = Running { address, start: Duration::ZERO, child, _folder: folder };
        let deadline = Deadline::new(format!("the start of {}", self.name), START);
        loop {
            if matches!(load::once(address, request), Ok((200, _))) {
                running.start = begun.elapsed();
                return Ok(running);
            }
            if let Some(status) = running.child.try_wait()? {
                bail!("{} ended with {status}", self.name);
            }
            deadline.pause(Duration::from_millis(1))?;
        }
    }
}

/// A loopback address nobody listens at right now.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
