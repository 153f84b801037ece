//! Rows in a folder of their own, kept by fjall.
//!
//! After a failed write fjall takes nothing more until it is opened anew. It is, by the first write for which there is
//! room again; until then what was written before can still be read.

use super::{Change, Row, Rows};
use crate::{EngineError, Unreadable};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use parking_lot::RwLock;
use state_store_embedded::{LogError, drop_torn_tail};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Blocks of tables kept in memory.
const CACHE_BYTES: u64 = 16 << 20;
/// What is written is kept in memory up to this size before it becomes a table.
const MEMTABLE_BYTES: u64 = 16 << 20;
/// Space that must be free before the database is opened anew: less would be full again at once.
const ROOM: u64 = 8 << 20;
/// Full memtables that may wait to become tables; fjall itself stops at 4.
const MAX_SEALED: usize = 3;
/// Tables that may wait to be merged; fjall itself slows down at 20.
const MAX_UNSORTED_TABLES: usize = 18;

/// A database of rows.
pub(crate) struct FjallRows {
    folder: PathBuf,
    /// `None` after an attempt to open it anew that failed.
    open: RwLock<Option<Open>>,
    /// A write failed since it was opened.
    stopped: AtomicBool,
}

struct Open {
    database: Database,
    rows: Keyspace,
}

impl FjallRows {
    /// Opens or makes the database.
    pub(crate) fn open(folder: &Path) -> Result<FjallRows, EngineError> {
        let open = open(folder).map_err(|error| EngineError::Damaged(error.0))?;
        Ok(FjallRows {
            folder: folder.to_owned(),
            open: RwLock::new(Some(open)),
            stopped: AtomicBool::new(false),
        })
    }

    /// Opens it anew after a failed write, if there is room now.
    fn revive(&self) -> Result<(), Unreadable> {
        let full = |error: std::io::Error| Unreadable(format!("the archive of executions is full: {error}"));
        has_room(&self.folder).map_err(full)?;
        let mut held = self.open.write();
        if !self.stopped.load(Ordering::Acquire) && held.is_some() {
            return Ok(());
        }
        // There is one of it at a time: the old one goes first.
        *held = None;
        *held = Some(open(&self.folder)?);
        self.stopped.store(false, Ordering::Release);
        tracing::info!("the archive of executions takes rows again");
        Ok(())
    }

    fn with<T>(&self, work: impl FnOnce(&Open) -> fjall::Result<T>) -> Result<T, Unreadable> {
        match &*self.open.read() {
            Some(open) => guarded(|| work(open)),
            None => Err(Unreadable("the archive of executions is closed until there is space".to_owned())),
        }
    }
}

/// Opens it; what a power cut left of the last batch, which nobody was promised, is dropped.
fn open(folder: &Path) -> Result<Open, Unreadable> {
    let as_it_is = catch_unwind(AssertUnwindSafe(|| attempt(folder)));
    let reason = match as_it_is {
        Ok(Ok(open)) => return Ok(open),
        Ok(Err(fjall::Error::JournalRecovery(error))) => format!("{error:?}"),
        Ok(Err(error)) => return guarded(|| Err(error)),
        // It asserts on some kinds of damage instead of reporting them.
        Err(_) => "an assertion failed".to_owned(),
    };
    let again = || guarded(|| attempt(folder)).map_err(|error| LogError(error.0));
    drop_torn_tail(folder, &reason, again).map_err(|error| Unreadable(error.0))
}

fn attempt(folder: &Path) -> fjall::Result<Open> {
    let database = Database::builder(folder)
        .worker_threads(1)
        .cache_size(CACHE_BYTES)
        .max_cached_files(Some(64))
        .open()?;
    let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
    let rows = database.keyspace("executions", options)?;
    Ok(Open { database, rows })
}

/// Finds out by taking the space for a moment.
fn has_room(folder: &Path) -> std::io::Result<()> {
    let path = folder.with_extension("probe");
    let taken = File::create(&path).and_then(|file| {
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, ROOM)?;
        Ok(())
    });
    let removed = std::fs::remove_file(&path);
    taken.and(removed)
}

/// Waits while fjall is behind with tables. It would do so itself after the write, but for ever if its worker has died
/// meanwhile, of a full disk for instance.
fn wait_for_room(open: &Open) -> fjall::Result<()> {
    while open.rows.sealed_memtable_count() >= MAX_SEALED || open.rows.l0_table_count() >= MAX_UNSORTED_TABLES
    {
        // Writes nothing new; fails once fjall has stopped.
        open.database.persist(PersistMode::Buffer)?;
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Its errors, and its panics on damaged files, as values.
fn guarded<T>(work: impl FnOnce() -> fjall::Result<T>) -> Result<T, Unreadable> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(fjall::Error::Io(error))) => Err(Unreadable(format!("the archive of executions: {error}"))),
        Ok(Err(fjall::Error::Poisoned)) => {
            Err(Unreadable("the archive of executions stopped after a failed write".to_owned()))
        }
        Ok(Err(error)) => Err(Unreadable(error.to_string())),
        Err(_) => Err(Unreadable("the archive gave up on a damaged file".to_owned())),
    }
}

impl Rows for FjallRows {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Unreadable> {
        self.with(|open| Ok(open.rows.get(key)?.map(|value| value.to_vec())))
    }

    fn write(&self, changes: Vec<Change>) -> Result<(), Unreadable> {
        if self.stopped.load(Ordering::Acquire) {
            self.revive()?;
        }
        let written = self.with(|open| {
            wait_for_room(open)?;
            let mut batch = open.database.batch().durability(Some(PersistMode::SyncData));
            for (key, value) in changes {
                match value {
                    Some(value) => batch.insert(&open.rows, key, value),
                    None => batch.remove(&open.rows, key),
                }
            }
            batch.commit()
        });
        if written.is_err() {
            self.stopped.store(true, Ordering::Release);
        }
        written
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Row>, Unreadable> {
        self.with(|open| {
            let from = after.unwrap_or(prefix).to_vec();
            let mut found = Vec::new();
            for guard in open.rows.range(from..) {
                let (key, value) = guard.into_inner()?;
                if !key.starts_with(prefix) || found.len() == limit {
                    break;
                }
                if after.is_none_or(|after| &*key > after) {
                    found.push((key.to_vec(), value.to_vec()));
                }
            }
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt as _;

    fn row(key: &str, length: usize) -> Change {
        (key.into(), Some(vec![7; length]))
    }

    #[test]
    fn what_a_power_cut_left_of_the_last_batch_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let rows = FjallRows::open(folder.path()).unwrap();
        rows.write(vec![row("a", 100), row("b", 100)]).unwrap();
        rows.write(vec![row("c", 20_000), row("d", 20_000)]).unwrap();
        drop(rows);
        // A page in the middle of the last batch did not get to the disk, while later ones did.
        let journal = folder.path().join("0.jnl");
        let file = File::options().read(true).write(true).open(journal).unwrap();
        file.write_all_at(&[0; 4_096], 8_192).unwrap();
        drop(file);
        let rows = FjallRows::open(folder.path()).unwrap();
        assert_eq!(rows.get(b"a").unwrap().unwrap().len(), 100);
        assert!(rows.get(b"c").unwrap().is_none() && rows.get(b"d").unwrap().is_none(), "all or nothing");
        assert!(folder.path().join("0.damaged").exists(), "somebody may want to look at it");
        rows.write(vec![row("e", 100)]).unwrap();
        drop(rows);
        let rows = FjallRows::open(folder.path()).unwrap();
        assert_eq!(rows.scan(b"", None, 9).unwrap().len(), 3);
    }
}
