//! Secondary indexes: derived data in memory, changed in the very step in which records become visible.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::RwLock;

use super::codec::decode_or_log;
use super::{Record, Scope};
use crate::{Event, KeyValue, Observer};

/// Entry name → the records, by key.
type Entries<R> = HashMap<String, BTreeMap<Arc<str>, Arc<R>>>;

/// All indexes of one kind: (index, scope, value) → the records, by key.
#[derive(Debug)]
pub(super) struct IndexTable<R> {
    entries: RwLock<Entries<R>>,
}

impl<R> Default for IndexTable<R> {
    fn default() -> Self {
        Self { entries: RwLock::default() }
    }
}

/// NUL separates the parts: it can stand in none of the first three.
fn entry_name(index: &str, scope: &str, value: &str) -> String {
    let mut name = String::with_capacity(index.len() + scope.len() + value.len() + 2);
    for (position, part) in [index, scope, value].into_iter().enumerate() {
        if position > 0 {
            name.push('\0');
        }
        name.push_str(part);
    }
    name
}

impl<R: Record> IndexTable<R> {
    /// The records with this index value, by key.
    pub(super) fn find(&self, scope: &Scope, index: &str, value: &str) -> Vec<(Arc<str>, Arc<R>)> {
        let name = entry_name(index, &scope.to_string(), value);
        let entries = self.entries.read();
        let found = entries.get(&name).into_iter().flatten();
        found.map(|(key, record)| (Arc::clone(key), Arc::clone(record))).collect()
    }

    fn names(key: &str, record: &R) -> Vec<String> {
        let Some((scope, _)) = Scope::parse(R::KIND, key) else { return Vec::new() };
        let scope = scope.to_string();
        record.indexes().into_iter().map(|(index, value)| entry_name(index, &scope, &value)).collect()
    }

    fn insert(entries: &mut Entries<R>, stored: &KeyValue) {
        let Some(record) = decode_or_log::<R>(stored) else { return };
        for name in Self::names(&stored.key, &record) {
            entries.entry(name).or_default().insert(Arc::clone(&stored.key), Arc::clone(&record));
        }
    }

    fn remove(entries: &mut Entries<R>, stored: &KeyValue) {
        let Some(record) = decode_or_log::<R>(stored) else { return };
        for name in Self::names(&stored.key, &record) {
            if let Some(records) = entries.get_mut(&name) {
                records.remove(&*stored.key);
                if records.is_empty() {
                    entries.remove(&name);
                }
            }
        }
    }
}

impl<R: Record> Observer for IndexTable<R> {
    fn reset(&self, records: &mut dyn Iterator<Item = &KeyValue>) {
        let mut entries = self.entries.write();
        entries.clear();
        records.for_each(|stored| Self::insert(&mut entries, stored));
    }

    fn apply(&self, events: &[Arc<Event>]) {
        let mut entries = self.entries.write();
        for event in events {
            if let Some(previous) = &event.previous {
                Self::remove(&mut entries, previous);
            }
            if let Some(current) = &event.current {
                Self::insert(&mut entries, current);
            }
        }
    }
}
