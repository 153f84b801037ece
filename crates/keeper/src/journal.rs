//! The journal: one JSON line per fact, on disk before anyone is told.
//!
//! "On disk" has two degrees. Starts, releases and what is forgotten only have to survive the keeper, for which
//! a completed write is enough: after a crash of the host there is no process left to find again. Ends have to
//! survive the host as well, so a commit that holds one is synced before it is told.
//!
//! Space is allocated ahead, so that an exit can still be noted when the disk is full; what is not yet used is
//! zero bytes. When the file has grown well beyond what is still of interest it is rewritten.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{KeeperError, Refusal, Result};
use crate::process::ProcessHandle;
use crate::protocol::{CommandOutcome, ExitCause};

/// Space allocated at a time, in bytes.
const CHUNK: u64 = 256 * 1024;
/// A journal smaller than this is never rewritten.
const REWRITE_FROM: u64 = 1024 * 1024;

/// One fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Record {
    /// The boot of the host under which the following facts were noted.
    HostBoot(String),
    /// A machine was forked.
    Machine(MachineRecord),
    /// A machine was released.
    Released { id: String },
    /// A machine's PID 1 is gone.
    Exited { id: String, cause: ExitCause },
    /// A machine is of no interest any more.
    Forgotten { id: String },
    /// A command was started.
    Command(CommandRecord),
    /// A command ended.
    Ended { id: String, outcome: CommandOutcome },
    /// A command is of no interest any more.
    ForgottenCommand { id: String },
}

/// What must be known of a machine to find it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MachineRecord {
    pub(crate) id: String,
    pub(crate) process: ProcessHandle,
    pub(crate) id_base: u32,
    pub(crate) open_files: u64,
    pub(crate) console_file: PathBuf,
    pub(crate) status_file: PathBuf,
}

/// What must be known of a command to find it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CommandRecord {
    pub(crate) id: String,
    pub(crate) machine: String,
    pub(crate) process: ProcessHandle,
    /// Number of its cgroup.
    pub(crate) group: u64,
    /// CLOCK_MONOTONIC nanoseconds.
    pub(crate) started_ns: u64,
    /// CLOCK_MONOTONIC nanoseconds.
    pub(crate) deadline_ns: Option<u64>,
    pub(crate) stdout: crate::protocol::OutputFile,
    pub(crate) stderr: crate::protocol::OutputFile,
}

/// The open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes in use.
    length: u64,
    /// Bytes allocated.
    allocated: u64,
    /// Bytes in use after the last rewrite.
    base: u64,
    pending: Vec<u8>,
    /// True when something pending must survive the host.
    sync: bool,
    /// True after a commit failed, until one succeeds.
    stuck: bool,
}

impl Journal {
    /// Opens or creates the journal and returns every whole record in it. A torn last line is cut off.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Record>)> {
        let fail = |error: io::Error| KeeperError::system(format!("journal {}", path.display()), error);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(libc::O_CLOEXEC)
            .open(path)
            .map_err(fail)?;
        let bytes = fs::read(path).map_err(fail)?;
        let (records, length) = parse(&bytes);
        // Zero what follows the last whole line, or a later shorter write would leave half of it behind.
        file.set_len(length).map_err(fail)?;
        let mut journal = Self {
            path: path.to_owned(),
            file,
            length,
            allocated: length,
            base: length,
            pending: Vec::new(),
            sync: false,
            stuck: false,
        };
        journal.allocate(0).map_err(fail)?;
        Ok((journal, records))
    }

    /// Notes a fact; it is safe after the next [`Journal::commit`].
    pub(crate) fn append(&mut self, record: &Record) -> Result<()> {
        serde_json::to_writer(&mut self.pending, record)
            .map_err(|error| KeeperError::Malformed(error.to_string()))?;
        self.pending.push(b'\n');
        self.sync |= matches!(record, Record::Exited { .. } | Record::Ended { .. });
        Ok(())
    }

    /// Writes everything appended, and syncs it when an end is among it. On failure nothing is lost: the next commit tries again.
    pub(crate) fn commit(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let fail = |error: io::Error| KeeperError::system("write the journal", error);
        self.stuck = true;
        self.allocate(self.pending.len() as u64).map_err(fail)?;
        self.file.write_all_at(&self.pending, self.length).map_err(fail)?;
        if self.sync {
            self.file.sync_data().map_err(fail)?;
            self.sync = false;
        }
        self.length += self.pending.len() as u64;
        self.pending.clear();
        self.stuck = false;
        Ok(())
    }

    /// Refuses new work while old work cannot be noted, which also bounds what waits to be written.
    pub(crate) fn check(&self) -> Result<()> {
        if self.stuck {
            Err(Refusal::Limit("the keeper's journal cannot be written".into()).into())
        } else {
            Ok(())
        }
    }

    /// True when rewriting would save space.
    pub(crate) fn wants_rewrite(&self) -> bool {
        self.length > REWRITE_FROM && self.length > self.base * 4
    }

    /// Replaces the content by these records.
    pub(crate) fn rewrite(&mut self, records: &[Record]) -> Result<()> {
        let fresh = self.path.with_extension("new");
        let fail = |error: io::Error| KeeperError::system("rewrite the journal", error);
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fail(error)),
            _ => {}
        }
        let (mut journal, _) = Self::open(&fresh)?;
        for record in records {
            journal.append(record)?;
        }
        journal.sync = true;
        journal.commit()?;
        fs::rename(&fresh, &self.path).map_err(fail)?;
        if let Some(directory) = self.path.parent() {
            File::open(directory).and_then(|directory| directory.sync_all()).map_err(fail)?;
        }
        journal.path.clone_from(&self.path);
        journal.base = journal.length;
        *self = journal;
        Ok(())
    }

    fn allocate(&mut self, more: u64) -> io::Result<()> {
        let needed = self.length + more;
        if needed < self.allocated {
            return Ok(());
        }
        let size = (needed / CHUNK + 1) * CHUNK;
        rustix::fs::fallocate(&self.file, rustix::fs::FallocateFlags::empty(), 0, size)?;
        self.allocated = size;
        Ok(())
    }
}

/// Whole records from the start, and how many bytes they take.
fn parse(bytes: &[u8]) -> (Vec<Record>, u64) {
    let mut records = Vec::new();
    let mut used = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let Some(body) = line.strip_suffix(b"\n") else { break };
        let Ok(record) = serde_json::from_slice(body) else { break };
        records.push(record);
        used += line.len() as u64;
    }
    (records, used)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("allod-journal-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn released(number: u32) -> Record {
        Record::Released { id: format!("i-{number}") }
    }

    #[test]
    fn what_was_committed_is_read_again() {
        let directory = directory("again");
        let path = directory.join("journal");
        let (mut journal, none) = Journal::open(&path).unwrap();
        assert!(none.is_empty());
        journal.append(&released(1)).unwrap();
        journal.commit().unwrap();
        journal.append(&released(2)).unwrap();
        drop(journal);
        let (_, records) = Journal::open(&path).unwrap();
        assert_eq!(records, [released(1)], "the second record was never committed");
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_torn_line_is_cut_and_writing_goes_on_behind_the_whole_ones() {
        let directory = directory("torn");
        let path = directory.join("journal");
        fs::write(&path, b"{\"Released\":{\"id\":\"i-1\"}}\n{\"Released\":{\"id\":\"i-2222222222").unwrap();
        let (mut journal, records) = Journal::open(&path).unwrap();
        assert_eq!(records, [released(1)]);
        journal.append(&released(3)).unwrap();
        journal.commit().unwrap();
        let (_, records) = Journal::open(&path).unwrap();
        assert_eq!(records, [released(1), released(3)]);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_rewrite_keeps_what_it_is_given_and_shrinks_the_file() {
        let directory = directory("rewrite");
        let path = directory.join("journal");
        let (mut journal, _) = Journal::open(&path).unwrap();
        for number in 0..50_000 {
            journal.append(&released(number)).unwrap();
        }
        journal.commit().unwrap();
        assert!(journal.wants_rewrite());
        journal.rewrite(&[released(7)]).unwrap();
        assert!(!journal.wants_rewrite());
        journal.append(&released(8)).unwrap();
        journal.commit().unwrap();
        let (_, records) = Journal::open(&path).unwrap();
        assert_eq!(records, [released(7), released(8)]);
        assert!(fs::metadata(&path).unwrap().len() <= 2 * CHUNK);
        fs::remove_dir_all(directory).unwrap();
    }
}
