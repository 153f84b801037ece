//! The engine with its settings, and its errors and panics as values.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use crate::LogError;

/// Values live in our own memory; the engine's caches would only hold them a second time.
const CACHE_BYTES: u64 = 1024 * 1024;
/// Also a copy of what we hold, so as small as keeps flushing rare.
const MEMTABLE_BYTES: u64 = 8 * 1024 * 1024;
/// Open table files kept.
const CACHED_FILES: usize = 64;
/// Full memtables that may wait for flushing; the engine itself stops at 4.
const MAX_SEALED: usize = 3;
/// Tables that may wait for compaction; the engine itself slows down at 20.
const MAX_UNSORTED_TABLES: usize = 18;
/// Why the engine does not open.
pub(super) enum OpenError {
    /// Something in a journal does not fit together.
    Journal(String),
    Other(LogError),
}

impl OpenError {
    pub(super) fn into_log_error(self) -> LogError {
        match self {
            Self::Journal(reason) => LogError(format!("the log is damaged: {reason}; restore a copy")),
            Self::Other(error) => error,
        }
    }
}

/// Opens or creates the engine's files.
pub(super) fn open_engine(directory: &Path) -> Result<(Database, Keyspace), OpenError> {
    let attempt = || -> fjall::Result<(Database, Keyspace)> {
        let database = Database::builder(directory)
            .worker_threads(1)
            .cache_size(CACHE_BYTES)
            .max_cached_files(Some(CACHED_FILES))
            .open()?;
        let keyspace = database
            .keyspace("state", || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES))?;
        Ok((database, keyspace))
    };
    match catch_unwind(AssertUnwindSafe(attempt)) {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(fjall::Error::JournalRecovery(error))) => Err(OpenError::Journal(format!("{error:?}"))),
        Ok(Err(error)) => Err(OpenError::Other(LogError(describe(&error)))),
        // The engine asserts on some kinds of damage instead of reporting them.
        Err(_) => Err(OpenError::Journal("an assertion of the log engine failed".to_owned())),
    }
}

/// Waits while the engine is behind with flushing and compacting. It would wait by itself after a
/// commit, but for ever if its worker has died meanwhile (of a full disk, say); here that is noticed.
pub(super) fn wait_for_room(database: &Database, keyspace: &Keyspace) -> Result<(), LogError> {
    while keyspace.sealed_memtable_count() >= MAX_SEALED || keyspace.l0_table_count() >= MAX_UNSORTED_TABLES {
        // Writes nothing new; fails once the engine has stopped.
        guarded(|| database.persist(PersistMode::Buffer))?;
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Runs engine code; its errors and its panics (it asserts on damaged files) become [`LogError`]s.
pub(super) fn guarded<T>(work: impl FnOnce() -> fjall::Result<T>) -> Result<T, LogError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(LogError(describe(&error))),
        Err(_) => Err(LogError("the log engine gave up on a damaged file".to_owned())),
    }
}

fn describe(error: &fjall::Error) -> String {
    match error {
        fjall::Error::Io(error) => error.to_string(),
        fjall::Error::Locked => "another process is using the log".to_owned(),
        fjall::Error::Poisoned => "the log engine stopped after an earlier failure".to_owned(),
        other => format!("the log is damaged or of an unknown kind ({other})"),
    }
}
