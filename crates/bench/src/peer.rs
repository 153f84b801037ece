//! Rivals started beside us. From PyPI: moto's server and MiniStack, neither of which verifies a signature. Where the
//! engines of the workflow measures are installed.

use crate::load;
use crate::stop::Deadline;
use anyhow::{Context as _, bail};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
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

/// Where engines of workflows are installed, or why they are not.
pub(crate) struct WorkflowPeers {
    /// Folder that holds the `node_modules` with stepfunctions-local.
    pub(crate) stepfunctions_local: Result<PathBuf, String>,
    /// The same with Restate's server and Node SDK.
    pub(crate) restate: Result<PathBuf, String>,
    /// A Python with DBOS.
    pub(crate) dbos: Result<PathBuf, String>,
}

impl WorkflowPeers {
    /// Of what was installed; `reasons` are words `NAME=REASON`.
    pub(crate) fn new(
        stepfunctions_local: Option<PathBuf>,
        restate: Option<PathBuf>,
        dbos: Option<PathBuf>,
        reasons: &[String],
    ) -> WorkflowPeers {
        let place = |place: Option<PathBuf>, name: &str| {
            let reason = reasons.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            place.ok_or_else(|| reason.unwrap_or("it is left out of this run").to_owned())
        };
        WorkflowPeers {
            stepfunctions_local: place(stepfunctions_local, "stepfunctions-local"),
            restate: place(restate, "restate"),
            dbos: place(dbos, "dbos"),
        }
    }
}

/// The place of what is installed; otherwise the reason as an error.
pub(crate) fn place(installed: &Result<PathBuf, String>) -> anyhow::Result<&Path> {
    installed.as_deref().map_err(|reason| anyhow::anyhow!("{reason}"))
}

/// Node with a script of ours, which finds the packages of the folder `modules`; its arguments can be added.
pub(crate) fn node(modules: &Path, script: &str, folder: &Path) -> anyhow::Result<Command> {
    let file = folder.join("script.cjs");
    fs::write(&file, script)?;
    let mut command = Command::new("node");
    command.arg(file).current_dir(folder).env("HOME", folder).env("NODE_ENV", "production");
    command.env("NODE_PATH", modules.join("node_modules"));
    Ok(command)
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
    let [address] = free_addresses()?;
    Ok(address)
}

/// Several of them, each another.
pub(crate) fn free_addresses<const COUNT: usize>() -> anyhow::Result<[SocketAddr; COUNT]> {
    let (mut listeners, mut addresses) = (Vec::new(), [SocketAddr::from(([127, 0, 0, 1], 0)); COUNT]);
    for address in &mut addresses {
        let listener = TcpListener::bind(*address)?;
        *address = listener.local_addr()?;
        // Held until all are found.
        listeners.push(listener);
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_installed_has_a_reason() {
        let reasons = ["restate=npm is not installed".to_owned()];
        let peers = WorkflowPeers::new(Some("/here".into()), None, None, &reasons);
        assert_eq!(peers.stepfunctions_local.unwrap(), Path::new("/here"));
        assert_eq!(peers.restate.unwrap_err(), "npm is not installed");
        assert_eq!(peers.dbos.unwrap_err(), "it is left out of this run");
    }

    #[test]
    fn addresses_differ() {
        let [a, b, c] = free_addresses().unwrap();
        assert!(a != b && b != c && a != c && a.ip().is_loopback());
    }
}
