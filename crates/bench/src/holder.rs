//! A cloud's keeper, asked directly: it knows when user-data started and what a machine uses.

use anyhow::{Context as _, bail};
use keeper::client::Connection;
use keeper::protocol::{MachineStatus, PAGE, Reply, Request};
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Until a keeper must answer after the server does.
const START: Duration = Duration::from_secs(10);

/// A connection to a keeper.
pub(crate) struct Holder {
    connection: Connection,
    pid: u32,
}

impl Holder {
    /// Waits for the keeper of the cloud in this data directory.
    pub(crate) fn open(data_dir: &Path) -> anyhow::Result<Holder> {
        let socket = data_dir.join("run/keeper.sock");
        // Not ended by Ctrl-C: whoever cleans up has to find the keeper then.
        let end = Instant::now() + START;
        let mut connection = loop {
            match Connection::open(&socket) {
                Ok(connection) => break connection,
                Err(_) if Instant::now() < end => std::thread::sleep(Duration::from_millis(5)),
                Err(error) => return Err(error).context("the keeper does not start"),
            }
        };
        match connection.call(Request::Hello)? {
            (Reply::Hello { pid, .. }, _) => Ok(Holder { connection, pid: u32::try_from(pid)? }),
            (other, _) => bail!("the keeper answers {other:?}"),
        }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Name of its control groups: the last word of its command line.
    pub(crate) fn group(&self) -> Option<String> {
        let line = fs::read(format!("/proc/{}/cmdline", self.pid)).ok()?;
        let words: Vec<&[u8]> = line.split(|byte| *byte == 0).filter(|word| !word.is_empty()).collect();
        let name = String::from_utf8((*words.last()?).to_vec()).ok()?;
        (words.get(1) == Some(&b"keeper".as_slice())).then_some(name)
    }

    /// One machine; `None` while the keeper does not know it.
    pub(crate) fn machine(&mut self, id: &str) -> Option<MachineStatus> {
        match self.connection.call(Request::Machine { id: id.to_owned() }) {
            Ok((Reply::Machine(status), _)) => Some(status),
            _ => None,
        }
    }

    /// All machines.
    pub(crate) fn machines(&mut self) -> anyhow::Result<Vec<MachineStatus>> {
        let mut all: Vec<MachineStatus> = Vec::new();
        loop {
            let after = all.last().map(|status| status.id.clone());
            match self.connection.call(Request::Machines { after }).context("the keeper's list")? {
                (Reply::Machines(page), _) => {
                    let last = page.len() < PAGE;
                    all.extend(page);
                    if last {
                        return Ok(all);
                    }
                }
                (other, _) => bail!("the keeper answers {other:?}"),
            }
        }
    }

    /// Ends the keeper of a lasting cloud; that of an ephemeral one is gone already, which is as well.
    pub(crate) fn shut_down(mut self) {
        let _ = self.connection.call(Request::Shutdown);
    }
}

/// The clock of the keeper's marks, in nanoseconds.
pub(crate) fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or_default() * 1_000_000_000
        + u64::try_from(now.tv_nsec).unwrap_or_default()
}

/// Removes the empty parent groups of a cloud that has ended; the kernel refuses those that hold anything.
pub(crate) fn remove_groups(name: &str) {
    let hierarchies =
        fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten().map(|entry| entry.path());
    for hierarchy in hierarchies.chain(["/sys/fs/cgroup".into()]) {
        let _ = fs::remove_dir(hierarchy.join(name));
    }
}
