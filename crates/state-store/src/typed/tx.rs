//! The view inside an optimistic transaction: reads are recorded, writes are buffered.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::codec::{decode, encode};
use super::{Record, Scope, Store};
use crate::{Compare, KeyValue, LeaseId, Operation, RangeRequest, StoreError, Stored, Transaction};

/// A write that waits for the end of the closure.
#[derive(Debug)]
struct Write {
    /// `None` removes the record.
    value: Option<Arc<Stored>>,
    lease: Option<LeaseId>,
}

/// A read of one key.
#[derive(Debug, Clone, Copy)]
struct Read {
    /// The revision of the key's last change when it was first seen; 0 means absent.
    revision: u64,
    /// How much of the key names kind and scope.
    scope_length: usize,
    /// A range read before already guards this key.
    covered: bool,
}

/// What a transaction's closure works with; see [`Store::transact`].
pub struct Tx<'a> {
    store: &'a Store,
    /// The newest accepted revision when the closure began.
    base: u64,
    /// Keys read.
    reads: BTreeMap<Arc<str>, Read>,
    /// Prefixes read, with the revision at which they were read.
    ranges: BTreeMap<Arc<str>, u64>,
    writes: BTreeMap<Arc<str>, Write>,
    /// The first problem met by a method that cannot return one; fails the transaction.
    problem: Option<StoreError>,
}

impl<'a> Tx<'a> {
    pub(super) fn new(store: &'a Store) -> Self {
        Self {
            store,
            base: store.backend().latest_revision(),
            reads: BTreeMap::new(),
            ranges: BTreeMap::new(),
            writes: BTreeMap::new(),
            problem: None,
        }
    }

    /// One record, own writes included.
    pub fn get<R: Record>(&mut self, scope: &Scope, id: &str) -> Option<Arc<R>> {
        let key = key_of::<R>(scope, id);
        if let Some(write) = self.writes.get(&*key) {
            let value = Arc::clone(write.value.as_ref()?);
            return self.decode(&own(&key, value));
        }
        let found = self.read(key, id)?;
        self.decode(&found)
    }

    /// Whether a record exists.
    pub fn exists<R: Record>(&mut self, scope: &Scope, id: &str) -> bool {
        let key = key_of::<R>(scope, id);
        match self.writes.get(&*key) {
            Some(write) => write.value.is_some(),
            None => self.read(key, id).is_some(),
        }
    }

    /// All records of a kind in a scope, ordered by id.
    pub fn list<R: Record>(&mut self, scope: &Scope) -> Vec<Arc<R>> {
        self.list_prefix(scope, "")
    }

    /// All records whose id begins with `id_prefix`, ordered by id.
    pub fn list_prefix<R: Record>(&mut self, scope: &Scope, id_prefix: &str) -> Vec<Arc<R>> {
        let found = self.read_range(&key_of::<R>(scope, id_prefix));
        found.iter().filter_map(|stored| self.decode(stored)).collect()
    }

    /// How many records of a kind a scope holds.
    pub fn count<R: Record>(&mut self, scope: &Scope) -> usize {
        self.read_range(&key_of::<R>(scope, "")).len()
    }

    /// All records in a scope whose [`Record::indexes`] contain this entry, ordered by id. The
    /// transaction then conflicts with every change of this kind in this scope.
    pub fn by_index<R: Record>(&mut self, scope: &Scope, index: &'static str, value: &str) -> Vec<Arc<R>> {
        let prefix = key_of::<R>(scope, "");
        let table = self.store.index_table::<R>();
        // Unsettled changes first, the index second: a change that settles in between is then seen in
        // both rather than in neither, and one that is newer than `revision` makes the compare fail.
        let unsettled = self.store.backend().unsettled(&prefix);
        self.note_range(&prefix, unsettled.revision);
        let mut found: BTreeMap<Arc<str>, Arc<R>> = table.find(scope, index, value).into_iter().collect();
        found.retain(|key, _| !unsettled.wiped.iter().any(|wiped| key.starts_with(&**wiped)));
        let own_writes = below(&self.writes, &prefix).map(|(key, write)| {
            (Arc::clone(key), write.value.as_ref().map(|value| own(key, Arc::clone(value))))
        });
        let newer: Vec<_> = unsettled.changes.into_iter().chain(own_writes).collect();
        for (key, current) in newer {
            found.remove(&key);
            if let Some(record) = current.and_then(|stored| self.decode::<R>(&stored))
                && record.indexes().iter().any(|(name, entry)| *name == index && entry == value)
            {
                found.insert(key, record);
            }
        }
        found.into_values().collect()
    }

    /// Writes a record under its own id.
    pub fn put<R: Record>(&mut self, scope: &Scope, record: R) {
        self.write(scope, record, None);
    }

    /// Changes a record in place; tells whether it was there. The id must stay as it is.
    pub fn update<R: Record>(&mut self, scope: &Scope, id: &str, change: impl FnOnce(&mut R)) -> bool {
        let Some(current) = self.get::<R>(scope, id) else { return false };
        let mut record = R::clone(&current);
        change(&mut record);
        if record.id() == id {
            self.put(scope, record);
        } else {
            let reason = "an update must not change the id";
            self.fail(StoreError::InvalidKey { key: key_of::<R>(scope, id).to_string(), reason });
        }
        true
    }

    /// Writes a record that vanishes when the lease ends.
    pub fn put_leased<R: Record>(&mut self, scope: &Scope, record: R, lease: LeaseId) {
        self.write(scope, record, Some(lease));
    }

    /// Removes a record; tells whether it was there.
    pub fn delete<R: Record>(&mut self, scope: &Scope, id: &str) -> bool {
        let existed = self.exists::<R>(scope, id);
        if existed {
            self.writes.insert(key_of::<R>(scope, id), Write { value: None, lease: None });
        }
        existed
    }

    fn write<R: Record>(&mut self, scope: &Scope, record: R, lease: Option<LeaseId>) {
        let key = key_of::<R>(scope, record.id());
        if record.id().is_empty() || !scope.is_valid() {
            let reason = "empty id, or an account or region that is empty or contains /";
            self.fail(StoreError::InvalidKey { key: key.to_string(), reason });
            return;
        }
        // An unreadable record must never be overwritten by somebody who took it for absent.
        if let Some(current) = self.store.backend().get_latest(&key) {
            let _checked = self.decode::<R>(&current);
        }
        match encode(&key, Arc::new(record)) {
            Ok(value) => {
                self.writes.insert(key, Write { value: Some(Arc::new(value)), lease });
            }
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: StoreError) {
        self.problem.get_or_insert(error);
    }

    fn decode<R: Record>(&mut self, stored: &KeyValue) -> Option<Arc<R>> {
        decode(stored).map_err(|error| self.fail(error)).ok()
    }

    fn read(&mut self, key: Arc<str>, id: &str) -> Option<KeyValue> {
        let found = self.store.backend().get_latest(&key);
        let revision = found.as_ref().map_or(0, |record| record.modified_revision);
        // The first sight counts: a second one that differs must make the transaction fail.
        let scope_length = key.len() - id.len();
        let covered = self.ranges.keys().any(|prefix| key.starts_with(&**prefix));
        self.reads.entry(key).or_insert(Read { revision, scope_length, covered });
        found
    }

    fn note_range(&mut self, prefix: &Arc<str>, revision: u64) {
        self.ranges.entry(Arc::clone(prefix)).or_insert(revision);
    }

    /// Stored records below a prefix with own writes laid over them.
    fn read_range(&mut self, prefix: &Arc<str>) -> Vec<KeyValue> {
        let found = self.store.backend().range_latest(RangeRequest::prefix(prefix));
        self.note_range(prefix, found.revision);
        if below(&self.writes, prefix).next().is_none() {
            return found.items;
        }
        let mut merged: BTreeMap<Arc<str>, KeyValue> =
            found.items.into_iter().map(|record| (Arc::clone(&record.key), record)).collect();
        for (key, write) in below(&self.writes, prefix) {
            match &write.value {
                Some(value) => merged.insert(Arc::clone(key), own(key, Arc::clone(value))),
                None => merged.remove(key),
            };
        }
        merged.into_values().collect()
    }

    /// The raw transaction with at most `most` conditions. `commit` false drops the writes and leaves a mere check of the
    /// reads.
    pub(super) fn finish(self, commit: bool, most: usize) -> Result<Transaction, StoreError> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let writes = if commit { self.writes } else { BTreeMap::new() };
        let then = writes.into_iter().map(|(key, write)| match write.value {
            Some(value) => Operation::Put { key, value, lease: write.lease },
            None => Operation::Delete { key },
        });
        Ok(Transaction::when(compares(self.reads, self.ranges, self.base, most), then.collect()))
    }
}

/// Turns reads into conditions, `most` of them: when there are too many keys, a condition on everything they have in
/// common replaces them. It is stricter, never looser.
fn compares(
    reads: BTreeMap<Arc<str>, Read>,
    mut ranges: BTreeMap<Arc<str>, u64>,
    base: u64,
    most: usize,
) -> Vec<Compare> {
    let mut keys: Vec<(Arc<str>, Read)> = reads.into_iter().filter(|(_, read)| !read.covered).collect();
    if keys.len() + ranges.len() > most {
        for (key, read) in keys.drain(..) {
            ranges.insert(key[..read.scope_length].into(), base);
        }
    }
    if ranges.len() > most {
        let since = ranges.values().copied().min().unwrap_or(base).min(base);
        return vec![Compare::Unchanged { prefix: "/".into(), since }];
    }
    let keys = keys.into_iter().map(|(key, read)| Compare::ModifiedAt(key, read.revision));
    let ranges = ranges.into_iter().map(|(prefix, since)| Compare::Unchanged { prefix, since });
    keys.chain(ranges).collect()
}

fn key_of<R: Record>(scope: &Scope, id: &str) -> Arc<str> {
    scope.key(R::KIND, id).into()
}

/// A buffered write, seen as a stored record.
fn own(key: &Arc<str>, value: Arc<Stored>) -> KeyValue {
    KeyValue { key: Arc::clone(key), value, created_revision: 0, modified_revision: 0, lease: None }
}

fn below<'a>(
    writes: &'a BTreeMap<Arc<str>, Write>,
    prefix: &'a str,
) -> impl Iterator<Item = (&'a Arc<str>, &'a Write)> {
    let from = (Bound::Included(prefix), Bound::Unbounded);
    writes.range::<str, _>(from).take_while(move |(key, _)| key.starts_with(prefix))
}
