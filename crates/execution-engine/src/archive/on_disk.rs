//! Rows in a folder of their own, kept by fjall.

use super::{Change, Row, Rows};
use crate::{EngineError, Unreadable};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Blocks of tables kept in memory.
const CACHE_BYTES: u64 = 16 << 20;
/// What is written is kept in memory up to this size before it becomes a table.
const MEMTABLE_BYTES: u64 = 16 << 20;

/// A database of rows.
pub(crate) struct FjallRows {
    database: Database,
    rows: Keyspace,
}

impl FjallRows {
    /// Opens or makes the database.
    pub(crate) fn open(folder: &Path) -> Result<FjallRows, EngineError> {
        let open = || -> fjall::Result<FjallRows> {
            let database = Database::builder(folder)
                .worker_threads(1)
                .cache_size(CACHE_BYTES)
                .max_cached_files(Some(64))
                .open()?;
            let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
            let rows = database.keyspace("executions", options)?;
            Ok(FjallRows { database, rows })
        };
        guarded(open).map_err(|error| EngineError::Damaged(error.0))
    }
}

/// Its errors, and its panics on damaged files, as values.
fn guarded<T>(work: impl FnOnce() -> fjall::Result<T>) -> Result<T, Unreadable> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Unreadable(error.to_string())),
        Err(_) => Err(Unreadable("the archive gave up on a damaged file".to_owned())),
    }
}

impl Rows for FjallRows {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Unreadable> {
        guarded(|| Ok(self.rows.get(key)?.map(|value| value.to_vec())))
    }

    fn write(&self, changes: Vec<Change>) -> Result<(), Unreadable> {
        guarded(|| {
            let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
            for (key, value) in changes {
                match value {
                    Some(value) => batch.insert(&self.rows, key, value),
                    None => batch.remove(&self.rows, key),
                }
            }
            batch.commit()
        })
    }

    fn scan(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Row>, Unreadable> {
        guarded(|| {
            let from = after.unwrap_or(prefix).to_vec();
            let mut found = Vec::new();
            for guard in self.rows.range(from..) {
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
