//! A cloud of its own for a measure: `allod up` as a child process.

use crate::holder::{Holder, remove_groups};
use crate::stop::Deadline;
use anyhow::{Context as _, bail, ensure};
use aws_client::{Client, Connection, Credentials};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Until a cloud must answer.
const START: Duration = Duration::from_secs(30);
/// Until a cloud told to stop, with many machines, must be gone.
const STOP: Duration = Duration::from_secs(180);

/// How a cloud is started.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    /// With a data directory; ephemeral otherwise.
    pub(crate) durable: bool,
    /// Verify signatures.
    pub(crate) enforce: bool,
    /// Let it have a keeper's machines; measures of the front alone do not wait for one.
    pub(crate) machines: bool,
}

/// A running cloud. Stopped and taken away when dropped.
pub(crate) struct Cloud {
    child: Child,
    endpoint: SocketAddr,
    credentials: Credentials,
    data_dir: PathBuf,
    options: Options,
    holder: Option<Holder>,
    folder: TempDir,
    stopped: bool,
}

impl Cloud {
    /// Starts one and waits until it answers, and until its keeper does when `options` asks for machines.
    pub(crate) fn start(allod: &Path, below: &Path, options: Options) -> anyhow::Result<Cloud> {
        let folder = folder(below)?;
        let ready = folder.path().join("ready.json");
        let mut words = arguments(&folder, options, SocketAddr::from(([127, 0, 0, 1], 0)));
        words.extend(["--ready-file".into(), ready.clone().into()]);
        let mut child = spawn(allod, &words, folder.path())?;
        let told = match wait_for(&ready, &mut child, folder.path()) {
            Ok(told) => told,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        let key = |name: &str| told["root_key"][name].as_str().unwrap_or("test").to_owned();
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let mut cloud = Cloud {
            child,
            endpoint: SocketAddr::from(([127, 0, 0, 1], 0)),
            credentials: credentials(&key("access_key_id"), &key("secret_access_key")),
            data_dir: text("data_dir").into(),
            options,
            holder: None,
            folder,
            stopped: false,
        };
        // From here on a failure drops the cloud, which stops it.
        cloud.endpoint = text("endpoint")
            .trim_start_matches("http://")
            .parse()
            .context("the ready file names no endpoint")?;
        if options.machines {
            cloud.holder = Some(Holder::open(&cloud.data_dir).context("the keeper does not answer")?);
        }
        Ok(cloud)
    }

    /// Where it listens.
    pub(crate) fn endpoint(&self) -> SocketAddr {
        self.endpoint
    }

    /// Process id of the server.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A client with the root key, or with `test`/`test` in open mode.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.endpoint, self.credentials.clone())
    }

    /// Its keeper.
    pub(crate) fn keeper(&mut self) -> anyhow::Result<&mut Holder> {
        if self.holder.is_none() {
            self.holder = Some(Holder::open(&self.data_dir)?);
        }
        self.holder.as_mut().context("no keeper")
    }

    /// Process id of the keeper, where the measure asked for one.
    pub(crate) fn keeper_pid(&self) -> Option<u32> {
        self.holder.as_ref().map(Holder::pid)
    }

    /// Wipes all accounts; answers when everything is gone.
    pub(crate) fn reset(&self) -> anyhow::Result<Duration> {
        let head =
            format!("POST /_allod/reset HTTP/1.1\r\nhost: {}\r\ncontent-length: 0\r\n\r\n", self.endpoint);
        let mut connection = Connection::new(self.endpoint);
        // The connection is opened by a first, harmless request: its cost is not the reset's.
        let hello = format!("GET /_allod/health HTTP/1.1\r\nhost: {}\r\n\r\n", self.endpoint);
        connection.exchange(&hello, b"")?;
        let begun = Instant::now();
        let answer = connection.exchange(&head, b"")?;
        let took = begun.elapsed();
        ensure!(
            answer.status == 200,
            "reset answers {}: {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        Ok(took)
    }

    /// Takes machines, server, keeper and folder away; an error names what may be left.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        self.take_away()
    }

    fn take_away(&mut self) -> anyhow::Result<()> {
        if std::mem::replace(&mut self.stopped, true) {
            return Ok(());
        }
        // A cloud that answers has a keeper or soon will: one that is being started while the server ends would stay.
        if self.holder.is_none() {
            self.holder = Holder::open(&self.data_dir).ok();
        }
        // A lasting cloud leaves its machines running, as it should; these have to go.
        let wiped = if self.options.durable { self.reset().map(drop) } else { Ok(()) };
        let ended = end(&mut self.child);
        let group = self.holder.as_ref().and_then(Holder::group);
        if let Some(holder) = self.holder.take() {
            holder.shut_down();
        }
        if let Some(group) = group {
            remove_groups(&group);
        }
        if self.data_dir.exists() && !self.data_dir.starts_with(self.folder.path()) {
            fs::remove_dir_all(&self.data_dir)
                .with_context(|| format!("{} stays", self.data_dir.display()))?;
        }
        wiped.context("machines of a lasting cloud may be left")?;
        ended
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        if let Err(error) = self.take_away() {
            eprintln!("  cleaning up: {error:#}");
        }
    }
}

/// A folder for a cloud. The ids of machines must pass through it to their disks, as through a data directory.
pub(crate) fn folder(below: &Path) -> anyhow::Result<TempDir> {
    let folder = TempDir::with_prefix_in("allod-bench-", below).context("no folder for a cloud")?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))?;
    Ok(folder)
}

/// Keys for the region all measures use.
pub(crate) fn credentials(id: &str, secret: &str) -> Credentials {
    Credentials {
        access_key_id: id.to_owned(),
        secret_access_key: secret.to_owned(),
        region: "us-east-1".to_owned(),
    }
}

/// Words after `allod` for such a cloud, its data below `folder`.
pub(crate) fn arguments(folder: &TempDir, options: Options, listen: SocketAddr) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec![
        "up".into(),
        "--allow-reset".into(),
        "--no-uplink".into(),
        "--listen".into(),
        listen.to_string().into(),
    ];
    if options.durable {
        words.extend(["--data-dir".into(), folder.path().join("data").into()]);
        // The default pool belongs to the cloud a user may have on this host.
        words.extend(["--public-pool".into(), free_pool().into()]);
    } else {
        words.push("--ephemeral".into());
    }
    if options.enforce {
        words.push("--enforce".into());
    }
    words
}

/// Starts the server; what it complains about goes to a file in `folder`.
pub(crate) fn spawn(allod: &Path, words: &[OsString], folder: &Path) -> anyhow::Result<Child> {
    let complaints = fs::File::create(folder.join("complaints"))?;
    Command::new(allod)
        .args(words)
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(complaints)
        // Ctrl-C is for us: we stop the cloud after its machines are counted.
        .process_group(0)
        .spawn()
        .with_context(|| format!("{} does not start", allod.display()))
}

/// Asks a server to end and waits; kills it when it does not.
pub(crate) fn end(child: &mut Child) -> anyhow::Result<()> {
    let pid = Pid::from_child(child);
    let _ = kill_process(pid, Signal::TERM);
    let end = Instant::now() + STOP;
    while Instant::now() < end {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "the server ended with {status}");
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill()?;
    child.wait()?;
    bail!("the server did not stop and was killed; its machines may be left")
}

fn wait_for(ready: &Path, child: &mut Child, folder: &Path) -> anyhow::Result<serde_json::Value> {
    let deadline = Deadline::new("the start of a cloud", START);
    loop {
        if let Ok(text) = fs::read_to_string(ready) {
            return Ok(serde_json::from_str(&text)?);
        }
        if let Some(status) = child.try_wait()? {
            let complaints = fs::read_to_string(folder.join("complaints")).unwrap_or_default();
            bail!("the cloud ended with {status}: {}", complaints.trim());
        }
        deadline.pause(Duration::from_millis(2))?;
    }
}

/// A /24 of 198.18.0.0/16 (RFC 2544: benchmarking) into which this host has no route yet.
fn free_pool() -> String {
    let table = fs::read_to_string("/proc/net/route").unwrap_or_default();
    let start = std::process::id() % 256;
    format!("198.18.{}.0/24", free_third(&table, start).unwrap_or(start))
}

/// The first third byte from `start` on that no route of the table covers (proc(5): destination and mask are the second
/// and the eighth word, hexadecimal in the host's byte order).
fn free_third(table: &str, start: u32) -> Option<u32> {
    let number = |word: &str| u32::from_str_radix(word, 16).ok().map(|n| u32::from_be_bytes(n.to_ne_bytes()));
    let taken: Vec<(u32, u32)> = table
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            Some((number(words.get(1)?)?, number(words.get(7)?)?))
        })
        .filter(|(_, mask)| *mask != 0)
        .collect();
    let address = |third: u32| u32::from_be_bytes([198, 18, 0, 0]) | third << 8;
    let free = |third: &u32| !taken.iter().any(|(route, mask)| address(*third) & mask == route & mask);
    (0..256).map(|step| (start + step) % 256).find(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_free_of_every_route() {
        let word = |bytes: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(bytes));
        let line = |to, mask| format!("eth0\t{}\t0\t3\t0\t0\t0\t{}\t0\n", word(to), word(mask));
        let default = line([0, 0, 0, 0], [0, 0, 0, 0]);
        assert_eq!(free_third(&default, 255), Some(255));
        let wide = default.clone() + &line([198, 18, 8, 0], [255, 255, 252, 0]);
        assert_eq!(free_third(&wide, 9), Some(12));
        let all = default + &line([198, 18, 0, 0], [255, 254, 0, 0]);
        assert_eq!(free_third(&all, 9), None);
    }

    #[test]
    fn only_lasting_clouds_name_a_folder_and_a_pool() {
        let folder = folder(&std::env::temp_dir()).unwrap();
        let words = |durable, enforce| {
            let options = Options { durable, enforce, machines: false };
            let words = arguments(&folder, options, SocketAddr::from(([127, 0, 0, 1], 9)));
            words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert!(words(true, true).contains("--data-dir") && words(true, true).contains("--enforce"));
        assert!(words(false, false).ends_with("--ephemeral") && words(false, false).contains("127.0.0.1:9"));
    }
}
