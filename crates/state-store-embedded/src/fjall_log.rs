//! The log on fjall: an LSM tree used for its journal, never read but at the start.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use state_store::ledger::Commit;
use state_store::{KeyValue, LeaseId};

use crate::format::{self, Entry};
use crate::{Batch, Durable, Loaded, LogError, journal};

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
/// Dead records removed per step of tidying.
const TIDY_STEP: usize = 500;

/// A [`Durable`] log in a directory of its own.
pub struct FjallLog {
    directory: PathBuf,
    open: Option<(Database, Keyspace)>,
    /// Wiped prefixes whose dead records are still in the tree.
    wipes: BTreeMap<Arc<str>, u64>,
    /// The durable leases, with their time to live in microseconds.
    leases: BTreeMap<LeaseId, u64>,
    /// Wipes and leases of a failed batch: what the log holds about them is unknown and has to be set right.
    suspect_wipes: BTreeSet<Arc<str>>,
    suspect_leases: BTreeSet<LeaseId>,
}

impl FjallLog {
    /// A log in `directory`, which is created by [`Durable::load`].
    pub fn new(directory: &Path) -> Self {
        let directory = directory.to_path_buf();
        Self {
            directory,
            open: None,
            wipes: BTreeMap::new(),
            leases: BTreeMap::new(),
            suspect_wipes: BTreeSet::new(),
            suspect_leases: BTreeSet::new(),
        }
    }

    /// The engine, opened again if a failure has closed it: fjall refuses all work after a failed write.
    fn engine(&mut self) -> Result<(Database, Keyspace), LogError> {
        if let Some(open) = &self.open {
            return Ok(open.clone());
        }
        let opened = match open_engine(&self.directory) {
            Err(OpenError::Journal(reason)) => journal::drop_torn_tail(&self.directory, &reason, || {
                open_engine(&self.directory).map_err(OpenError::into_log_error)
            })?,
            other => other.map_err(OpenError::into_log_error)?,
        };
        self.open = Some(opened.clone());
        Ok(opened)
    }

    fn write(&mut self, batch: &Batch<'_>) -> Result<(), LogError> {
        let (database, keyspace) = self.engine()?;
        wait_for_room(&database, &keyspace)?;
        let state = self.final_state(batch);
        let revision = batch.revision();
        guarded(|| {
            let mut write = database.batch().durability(Some(PersistMode::SyncData));
            state.write_to(&mut write, &keyspace);
            match batch.digest {
                Some(digest) => write.insert(&keyspace, format::DIGEST_KEY, digest.to_le_bytes()),
                None => write.remove(&keyspace, format::DIGEST_KEY),
            }
            write.insert(&keyspace, format::REVISION_KEY, revision.to_le_bytes());
            write.commit()
        })?;
        self.suspect_wipes.clear();
        self.suspect_leases.clear();
        for (prefix, mark) in state.wipes {
            match mark {
                Some(revision) => self.wipes.insert(prefix, revision),
                None => self.wipes.remove(&prefix),
            };
        }
        for (id, ttl) in state.leases {
            match ttl {
                Some(ttl) => self.leases.insert(id, ttl),
                None => self.leases.remove(&id),
            };
        }
        Ok(())
    }

    /// The last word of a batch on every key, beginning with what failed batches have left unclear.
    fn final_state<'a>(&self, batch: &Batch<'a>) -> FinalState<'a> {
        let mut state = FinalState {
            records: batch.repairs.iter().map(|(key, record)| (&**key, record.as_ref())).collect(),
            leases: self.suspect_leases.iter().map(|id| (*id, self.leases.get(id).copied())).collect(),
            wipes: self.suspect_wipes.iter().map(|p| (Arc::clone(p), self.wipes.get(p).copied())).collect(),
        };
        batch.commits.iter().for_each(|commit| state.follow(commit));
        state
    }

    /// Removes some dead records of one wiped prefix; once none is left, the mark goes, too. Nothing here
    /// is synced: the journal keeps the order, and a lost step is simply done again.
    fn tidy_step(&mut self, prefix: &str, wiped: u64) -> Result<(), LogError> {
        let (database, keyspace) = self.engine()?;
        let finished = guarded(|| {
            let mut dead = Vec::new();
            let below = if prefix.is_empty() { "/" } else { prefix };
            for guard in keyspace.prefix(below) {
                let (key, value) = guard.into_inner()?;
                if format::modified_revision(&value).is_some_and(|modified| modified <= wiped) {
                    dead.push(key);
                }
                if dead.len() == TIDY_STEP {
                    break;
                }
            }
            let finished = dead.len() < TIDY_STEP;
            let mut write = database.batch();
            for key in dead {
                write.remove(&keyspace, key);
            }
            if finished {
                write.remove(&keyspace, format::wipe_key(prefix));
            }
            write.commit()?;
            Ok(finished)
        })?;
        if finished {
            self.wipes.remove(prefix);
        }
        Ok(())
    }
}

impl Durable for FjallLog {
    fn load(&mut self) -> Result<Loaded, LogError> {
        let (database, keyspace) = self.engine()?;
        let mut loaded = Loaded::default();
        let mut known = None;
        for guard in keyspace.iter() {
            let (key, value) = guarded(|| guard.into_inner())?;
            match format::decode(&key, &value)? {
                Entry::Format(version) => known = Some(version),
                Entry::Digest(digest) => loaded.digest = Some(digest),
                Entry::Revision(revision) => loaded.revision = revision,
                Entry::Lease(id, micros) => {
                    self.leases.insert(id, micros);
                    loaded.leases.push((id, Duration::from_micros(micros)));
                }
                Entry::Wipe(prefix, revision) => {
                    self.wipes.insert(prefix, revision);
                }
                Entry::Record(record) => {
                    let dead = |(prefix, wiped): (&Arc<str>, &u64)| {
                        record.key.starts_with(&**prefix) && record.modified_revision <= *wiped
                    };
                    if !self.wipes.iter().any(dead) {
                        loaded.records.push(record);
                    }
                }
            }
        }
        match known {
            Some(version) if version > format::FORMAT => {
                return Err(LogError(format!(
                    "it was written by a newer program (layout {version}, this program knows {}): \
                     use that program, or another --data-dir",
                    format::FORMAT
                )));
            }
            Some(_) => {}
            None => {
                // A new log. The mark is synced together with the first batch at the latest.
                guarded(|| {
                    let mut write = database.batch();
                    write.insert(&keyspace, format::FORMAT_KEY, format::FORMAT.to_le_bytes());
                    write.commit()
                })?;
            }
        }
        Ok(loaded)
    }

    fn commit(&mut self, batch: &Batch<'_>) -> Result<(), LogError> {
        let result = self.write(batch);
        if result.is_err() {
            for commit in batch.commits {
                self.suspect_wipes.extend(commit.wipe.clone());
                self.suspect_leases.extend(commit.granted.map(|(id, _)| id));
                self.suspect_leases.extend(commit.ended);
            }
            self.open = None;
        }
        result
    }

    fn tidy(&mut self) -> bool {
        let Some((prefix, revision)) = self.wipes.first_key_value() else { return false };
        let (prefix, revision) = (Arc::clone(prefix), *revision);
        match self.tidy_step(&prefix, revision) {
            Ok(()) => !self.wipes.is_empty(),
            Err(error) => {
                tracing::warn!(%error, "dead records could not be removed; trying again later");
                self.open = None;
                false
            }
        }
    }
}

/// What a batch leaves behind. A fjall batch has one sequence number, so a key must not occur twice in it.
struct FinalState<'a> {
    records: BTreeMap<&'a str, Option<&'a KeyValue>>,
    leases: BTreeMap<LeaseId, Option<u64>>,
    wipes: BTreeMap<Arc<str>, Option<u64>>,
}

impl<'a> FinalState<'a> {
    fn follow(&mut self, commit: &'a Commit) {
        if let Some(prefix) = &commit.wipe {
            for (key, record) in &mut self.records {
                if key.starts_with(&**prefix) {
                    *record = None;
                }
            }
            self.wipes.insert(Arc::clone(prefix), Some(commit.revision));
        }
        for event in &commit.events {
            self.records.insert(&event.key, event.current.as_ref());
        }
        if let Some((id, ttl)) = commit.granted {
            self.leases.insert(id, Some(u64::try_from(ttl.as_micros()).unwrap_or(u64::MAX)));
        }
        if let Some(id) = commit.ended {
            self.leases.insert(id, None);
        }
    }

    fn write_to(&self, write: &mut fjall::OwnedWriteBatch, keyspace: &Keyspace) {
        for (key, record) in &self.records {
            match record {
                Some(record) => write.insert(keyspace, *key, format::encode_record(record)),
                None => write.remove(keyspace, *key),
            }
        }
        let leases = self.leases.iter().map(|(id, ttl)| (format::lease_key(*id), *ttl));
        let wipes = self.wipes.iter().map(|(prefix, revision)| (format::wipe_key(prefix), *revision));
        for (key, number) in leases.chain(wipes) {
            match number {
                Some(number) => write.insert(keyspace, key, number.to_le_bytes()),
                None => write.remove(keyspace, key),
            }
        }
    }
}

/// Why the engine does not open.
enum OpenError {
    /// Something in a journal does not fit together.
    Journal(String),
    Other(LogError),
}

impl OpenError {
    fn into_log_error(self) -> LogError {
        match self {
            Self::Journal(reason) => LogError(format!("the log is damaged: {reason}; restore a copy")),
            Self::Other(error) => error,
        }
    }
}

fn open_engine(directory: &Path) -> Result<(Database, Keyspace), OpenError> {
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
fn wait_for_room(database: &Database, keyspace: &Keyspace) -> Result<(), LogError> {
    while keyspace.sealed_memtable_count() >= MAX_SEALED || keyspace.l0_table_count() >= MAX_UNSORTED_TABLES {
        // Writes nothing new; fails once the engine has stopped.
        guarded(|| database.persist(PersistMode::Buffer))?;
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Runs engine code; its errors and its panics (it asserts on damaged files) become [`LogError`]s.
fn guarded<T>(work: impl FnOnce() -> fjall::Result<T>) -> Result<T, LogError> {
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
