//! The log on fjall: an LSM tree used for its journal, never read but at the start.

mod engine;
mod final_state;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fjall::{Database, Keyspace, PersistMode};
use state_store::LeaseId;

use self::engine::{OpenError, guarded, open_engine, wait_for_room};
use self::final_state::FinalState;
use crate::format::{self, Entry};
use crate::{Batch, Durable, Loaded, LogError, journal};

/// Records looked at per step of tidying; a commit waits for at most one step.
const TIDY_STEP: usize = 1_000;

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
    /// The clean-up under way, if any.
    sweep: Option<Sweep>,
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
            sweep: None,
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

    /// Looks at some records of a wiped prefix and removes the dead ones; at the end the mark goes, too. Nothing
    /// here is synced: the journal keeps the order, and a lost step is simply done again.
    fn tidy_step(&mut self, sweep: &mut Sweep) -> Result<bool, LogError> {
        let (database, keyspace) = self.engine()?;
        guarded(|| {
            let mut write = database.batch();
            let mut looked_at = 0;
            for guard in keyspace.range(sweep.next.clone()..) {
                let (key, value) = guard.into_inner()?;
                if looked_at == TIDY_STEP || !key.starts_with(sweep.prefix.as_bytes()) {
                    break;
                }
                looked_at += 1;
                // The smallest key after this one.
                sweep.next = [&key, &[0][..]].concat();
                if format::modified_revision(&value).is_some_and(|modified| modified <= sweep.revision) {
                    write.remove(&keyspace, key);
                }
            }
            let finished = looked_at < TIDY_STEP;
            if finished {
                write.remove(&keyspace, format::wipe_key(&sweep.prefix));
            }
            write.commit()?;
            Ok(finished)
        })
    }
}

/// How far the removal of a wiped prefix's dead records has come.
struct Sweep {
    prefix: Arc<str>,
    revision: u64,
    /// Where to go on; tombstones behind need not be waded through again.
    next: Vec<u8>,
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
        let mut sweep = match self.sweep.take() {
            Some(sweep) if sweep.prefix == *prefix && sweep.revision == *revision => sweep,
            _ => {
                let start = if prefix.is_empty() { "/" } else { &**prefix };
                Sweep { prefix: Arc::clone(prefix), revision: *revision, next: start.into() }
            }
        };
        match self.tidy_step(&mut sweep) {
            Ok(true) => {
                self.wipes.remove(&sweep.prefix);
            }
            Ok(false) => self.sweep = Some(sweep),
            Err(error) => {
                tracing::warn!(%error, "dead records could not be removed; trying again later");
                self.open = None;
                return false;
            }
        }
        !self.wipes.is_empty()
    }
}
