//! A cloud of our own: `allod up` as a child process, in the network namespace that we stand in ourselves.

use crate::ec2::Ec2;
use anyhow::{Context as _, bail, ensure};
use keeper::client::Connection;
use keeper::protocol::{Reply, Request};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Until a cloud must answer, or be gone. Generous: only failures wait for it.
const PATIENCE: Duration = Duration::from_secs(120);
/// Public addresses; nobody else is in our namespace.
pub const POOL: &str = "198.18.0.0/20";
/// The host's end of the link to the edge, where the internet begins. (Last address but one of the pool.)
pub const HOST_ADDRESS: Ipv4Addr = Ipv4Addr::new(198, 18, 15, 253);

/// A running cloud; taken away when dropped.
pub struct Cloud {
    child: Option<Child>,
    binary: PathBuf,
    folder: TempDir,
    durable: bool,
    /// Where its API listens.
    pub endpoint: SocketAddr,
    data_dir: PathBuf,
    keeper: Option<Connection>,
}

impl Cloud {
    /// Starts one and waits until it and its keeper answer.
    pub fn start(binary: &Path, durable: bool) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("allod-truth-").context("no folder for a cloud")?;
        // The ids of machines must pass through it to their disks.
        fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711))?;
        let mut cloud = Self {
            child: None,
            binary: binary.to_owned(),
            folder,
            durable,
            endpoint: SocketAddr::from(([127, 0, 0, 1], 4566)),
            data_dir: PathBuf::new(),
            keeper: None,
        };
        cloud.launch()?;
        Ok(cloud)
    }

    /// Starts the server, for the first time or after [`Self::kill`].
    pub fn launch(&mut self) -> anyhow::Result<()> {
        let ready = self.folder.path().join("ready.json");
        let _ = fs::remove_file(&ready);
        // Whatever becomes of us, a cloud that nobody can reach ends, and takes its machines with it.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(&self.binary);
        command.args(["up", "--allow-reset", "--public-pool", POOL, "--listen"]);
        command.arg(self.endpoint.to_string()).arg("--ready-file").arg(&ready);
        if self.durable {
            command.arg("--data-dir").arg(self.folder.path().join("data"));
        } else {
            command.arg("--ephemeral");
        }
        let complaints = File::options().create(true).append(true).open(self.complaints())?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaints);
        command.env("TMPDIR", self.folder.path()).process_group(0);
        let child = command.spawn().with_context(|| format!("{} does not start", self.binary.display()))?;
        let child = self.child.insert(child);
        let end = Instant::now() + PATIENCE;
        let told: Value = loop {
            if let Ok(text) = fs::read_to_string(&ready)
                && let Ok(told) = serde_json::from_str(&text)
            {
                break told;
            }
            if let Some(status) = child.try_wait()? {
                bail!("the cloud ended with {status}: {}", self.log());
            }
            ensure!(Instant::now() < end, "the cloud does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(2));
        };
        self.data_dir = told["data_dir"].as_str().context("the ready file names no data directory")?.into();
        if self.keeper.is_none() {
            let socket = self.data_dir.join("run/keeper.sock");
            while self.keeper.is_none() {
                self.keeper = Connection::open(&socket).ok();
                ensure!(Instant::now() < end, "the keeper does not answer");
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        Ok(())
    }

    fn complaints(&self) -> PathBuf {
        self.folder.path().join("complaints")
    }

    /// What the server said, its last part.
    pub fn log(&self) -> String {
        let text = fs::read_to_string(self.complaints()).unwrap_or_default();
        let from = text.char_indices().rev().nth(6000).map_or(0, |(at, _)| at);
        text[from..].to_owned()
    }

    /// A client of its API.
    pub fn ec2(&self) -> Ec2 {
        Ec2::new(self.endpoint)
    }

    /// The network namespace of a running machine.
    pub fn machine(&mut self, id: &str) -> anyhow::Result<File> {
        let keeper = self.keeper.as_mut().context("no keeper")?;
        match keeper.call(Request::Machine { id: id.to_owned() })? {
            (Reply::Machine(status), _) => {
                let path = format!("/proc/{}/ns/net", status.pid);
                File::open(&path).with_context(|| format!("the machine {id} at {path}"))
            }
            (other, _) => bail!("the keeper answers {other:?}"),
        }
    }

    /// kill -9 of the control plane; machines and kernel stay as they are.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Ends server, machines and keeper.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        if self.child.is_none() && self.durable && self.keeper.is_some() {
            // It was killed, and its machines wait for it: only a new one can take everything away.
            self.launch()?;
        }
        let Some(mut child) = self.child.take() else { return Ok(()) };
        if self.durable {
            // A lasting cloud leaves its machines running, as it should; these have to go.
            let endpoint = self.endpoint;
            if let Err(error) = self.ec2().own(endpoint, "POST", "/_allod/reset") {
                eprintln!("  machines may be left: {error:#}");
            }
        }
        let _ = kill_process(Pid::from_child(&child), Signal::TERM);
        let end = Instant::now() + PATIENCE;
        while child.try_wait()?.is_none() {
            if Instant::now() > end {
                child.kill()?;
                child.wait()?;
                bail!("the server did not stop and was killed; its machines may be left");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        if let Some(mut keeper) = self.keeper.take() {
            let _ = keeper.call(Request::Shutdown);
        }
        Ok(())
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("  cleaning up: {error:#}");
        }
    }
}
