//! The audit log on disk: lines of JSON, appended by a thread of their own.
//!
//! A request never waits for it: it puts its entry into a queue of fixed length, and one that finds no place is
//! counted as lost. What is in the file survives the death of the process, and that of the host as far as the kernel
//! had written it back.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use time::OffsetDateTime;

use super::{AuditEntry, AuditSink, event};

/// Entries that may wait to be written.
const QUEUE: usize = 4_096;
/// Entries that are written together.
const BATCH: usize = 256;
/// Bytes of one file; what comes later that day is lost, and counted.
const FILE_LIMIT: u64 = 1 << 30;
/// Daily files that are kept: the ninety days of CloudTrail's event history.
const DAYS_KEPT: usize = 90;

/// Where the log goes.
#[derive(Clone, Debug)]
pub enum AuditPlace {
    /// A folder with one file per day (UTC), `2026-11-20.jsonl`; made when absent. The oldest go after ninety days.
    Daily(PathBuf),
    /// One file, added to.
    File(PathBuf),
}

/// The log cannot be written from the start; later failures only cost entries.
#[derive(Debug, thiserror::Error)]
pub enum AuditLogError {
    /// The file or folder.
    #[error("the audit log {} cannot be opened", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The kernel gives no thread.
    #[error("the audit log has no thread")]
    Thread(#[source] io::Error),
}

enum Message {
    Entry(Box<AuditEntry>),
    End,
}

/// Writes audit entries to disk.
pub struct AuditLog {
    queue: SyncSender<Message>,
    lost: Arc<AtomicU64>,
    thread: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl AuditLog {
    /// Opens the log of the day of `now` (milliseconds since 1970) and starts its thread.
    pub fn open(place: AuditPlace, now: i64) -> Result<Arc<Self>, AuditLogError> {
        Self::with_limit(place, now, FILE_LIMIT)
    }

    pub(super) fn with_limit(place: AuditPlace, now: i64, limit: u64) -> Result<Arc<Self>, AuditLogError> {
        let lost = Arc::new(AtomicU64::new(0));
        let mut pen = Pen { place, limit, lost: Arc::clone(&lost), page: None };
        pen.turn_to(&day(now)).map_err(|source| AuditLogError::Open { path: pen.path(&day(now)), source })?;
        let (queue, entries) = sync_channel(QUEUE);
        let thread = Builder::new().name("audit".to_owned()).spawn(move || pen.follow(&entries));
        let thread = thread.map_err(AuditLogError::Thread)?;
        Ok(Arc::new(Self { queue, lost, thread: std::sync::Mutex::new(Some(thread)) }))
    }

    /// Writes what waits, and ends. Blocks as long as the disk does.
    pub fn close(&self) {
        // A thread that is gone already has nothing left to write.
        let _ = self.queue.send(Message::End);
        let thread = self.thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the audit log had failed");
        }
    }
}

impl AuditSink for AuditLog {
    fn record(&self, entry: AuditEntry) {
        if self.queue.try_send(Message::Entry(Box::new(entry))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn lost(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.lost)
    }
}

/// An open file, and how much of it is whole lines.
struct Page {
    day: String,
    file: File,
    length: u64,
    /// The log has said that this page takes no more.
    full: bool,
}

/// What the thread holds.
struct Pen {
    place: AuditPlace,
    limit: u64,
    lost: Arc<AtomicU64>,
    page: Option<Page>,
}

impl Pen {
    fn follow(mut self, entries: &Receiver<Message>) {
        let mut open = true;
        while open {
            let Ok(first) = entries.recv() else { break };
            let mut batch = Vec::new();
            let mut next = Some(first);
            while let Some(message) = next.take() {
                match message {
                    Message::Entry(entry) => batch.push(entry),
                    Message::End => open = false,
                }
                if open && batch.len() < BATCH {
                    next = entries.try_recv().ok();
                }
            }
            // Midnight may fall into a batch.
            for entries in batch.chunk_by(|a, b| day(a.time) == day(b.time)) {
                self.write(entries);
            }
        }
    }

    /// Appends entries of one day, all or none.
    fn write(&mut self, entries: &[Box<AuditEntry>]) {
        let Some(first) = entries.first() else { return };
        let count = entries.len() as u64;
        let lines: String = entries.iter().map(|entry| event::line(entry)).collect();
        if let Err(error) = self.turn_to(&day(first.time)).and_then(|()| self.append(&lines))
            && self.lost.fetch_add(count, Ordering::Relaxed) == 0
        {
            tracing::error!(%error, "audit entries are lost; see allod_audit_lost_total");
        }
    }

    fn append(&mut self, lines: &str) -> io::Result<()> {
        let Some(page) = &mut self.page else { return Err(io::ErrorKind::NotConnected.into()) };
        let after = page.length + lines.len() as u64;
        if page.full || after > self.limit {
            page.full = true;
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file has its full size"));
        }
        if let Err(error) = page.file.write_all(lines.as_bytes()) {
            // Half a line would spoil the next one.
            let _ = page.file.set_len(page.length);
            return Err(error);
        }
        page.length = after;
        Ok(())
    }

    /// Makes the file of this day the open one.
    fn turn_to(&mut self, day: &str) -> io::Result<()> {
        let same = |page: &Page| page.day == day || matches!(self.place, AuditPlace::File(_));
        if self.page.as_ref().is_some_and(same) {
            return Ok(());
        }
        let path = self.path(day);
        if let AuditPlace::Daily(folder) = &self.place {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let (file, length) = open_page(&path)?;
        self.page = Some(Page { day: day.to_owned(), file, length, full: false });
        if let AuditPlace::Daily(folder) = &self.place {
            drop_old(folder);
        }
        Ok(())
    }

    fn path(&self, day: &str) -> PathBuf {
        match &self.place {
            AuditPlace::Daily(folder) => folder.join(format!("{day}.jsonl")),
            AuditPlace::File(path) => path.clone(),
        }
    }
}

/// Opens a file to append to; a line that a crash cut short is ended, so that it spoils no other.
fn open_page(path: &Path) -> io::Result<(File, u64)> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    let mut length = file.metadata()?.len();
    if length > 0 && file.metadata()?.is_file() {
        let mut last = [0];
        file.seek(SeekFrom::Start(length - 1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
            length += 1;
        }
    }
    Ok((file, length))
}

/// Removes all but the newest daily files. What cannot be removed stays for the next day.
fn drop_old(folder: &Path) {
    let names = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    let mut days: Vec<String> = names.filter(|name| is_daily(name)).collect();
    days.sort_unstable();
    let surplus = days.len().saturating_sub(DAYS_KEPT);
    for name in &days[..surplus] {
        let _ = fs::remove_file(folder.join(name));
    }
}

/// Whether a file is one of ours: `2026-11-20.jsonl`.
fn is_daily(name: &str) -> bool {
    let pattern = b"0000-00-00.jsonl";
    let fits =
        |(byte, &wanted): (u8, &u8)| if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
    name.len() == pattern.len() && name.bytes().zip(pattern).all(fits)
}

/// The day (UTC) of a time in milliseconds.
fn day(millis: i64) -> String {
    let moment =
        OffsetDateTime::from_unix_timestamp(millis.div_euclid(1_000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.date().to_string()
}
