//! A PostgreSQL cluster of its own: in a folder of ours, on a Unix socket only, never the host's.

use super::process::Process;
use crate::host::is_root;
use crate::stop::Deadline;
use anyhow::{Context as _, ensure};
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Where Debian keeps the programs, a folder per version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Without privileges and on every host.
const NOBODY: &str = "nobody";

/// A running cluster; user `allod` needs no password on its socket.
pub(super) struct Postgres {
    /// The server; ends its workers when it ends.
    pub(super) process: Process,
    /// Folder of the socket.
    pub(super) socket: PathBuf,
    /// Everything of it, with room for others; the user of the server may pass through.
    pub(super) folder: TempDir,
}

impl Postgres {
    /// Makes a cluster and starts it with its defaults: every commit waits for the disk.
    pub(super) fn start(below: &Path, deadline: &Deadline) -> anyhow::Result<Postgres> {
        let programs = programs().context("there is no PostgreSQL; Debian's package is postgresql")?;
        let folder = crate::cloud::folder(below)?;
        let home = folder.path().join("postgres");
        fs::create_dir(&home)?;
        let user = user()?;
        if let Some((user, group)) = user {
            chown(&home, Some(user), Some(group))?;
        }
        let as_user = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command.current_dir(&home).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", &home);
            if let Some((user, group)) = user {
                command.uid(user).gid(group);
            }
            command
        };
        let data = home.join("data");
        let made = as_user("initdb")
            .args(["--username=allod", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "-D"])
            .arg(&data)
            .stdin(Stdio::null())
            .output()?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr).trim());
        let mut server = as_user("postgres");
        server.arg("-D").arg(&data).arg("-k").arg(&home).args(["-c", "listen_addresses="]);
        // An immediate shutdown: workers end at once, shared memory is given back, nothing is kept.
        let mut process = Process::start("postgres", &mut server, folder.path(), Some(Signal::QUIT))?;
        while UnixStream::connect(home.join(".s.PGSQL.5432")).is_err() {
            process.lives()?;
            deadline.pause(Duration::from_millis(20))?;
        }
        Ok(Postgres { process, socket: home, folder })
    }
}

/// The folder of the newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max()
        .map(|version| Path::new(DEBIAN).join(version.to_string()).join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = newest.into_iter().chain(std::env::split_paths(&path));
    all.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// User and group the server runs as: it refuses to be root.
fn user() -> anyhow::Result<Option<(u32, u32)>> {
    if !is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    parse_user(&users, NOBODY).map(Some).context("there is no user nobody")
}

/// User and group id of a name (passwd(5)).
fn parse_user(users: &str, name: &str) -> Option<(u32, u32)> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut words = line.split(':').skip(2);
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::parse_user;

    #[test]
    fn users_are_read() {
        let users = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533:nobody:/:/usr/sbin/nologin\n";
        assert_eq!(parse_user(users, "nobody"), Some((65534, 65533)));
        assert_eq!(parse_user(users, "none"), None);
    }
}
