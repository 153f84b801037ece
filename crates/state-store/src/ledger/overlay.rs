//! Accepted changes that are not durable yet, laid over the visible table.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound;
use std::sync::Arc;

use super::Commit;
use super::table::{Table, collect};
use crate::{KeyValue, RangeRequest, RangeResult};

#[derive(Debug)]
struct Change {
    revision: u64,
    current: Option<KeyValue>,
}

/// What unsettled changes do to a key.
pub(super) enum Fate<'a> {
    Untouched,
    Written(&'a KeyValue),
    Removed,
}

impl Fate<'_> {
    pub(super) fn is_unsettled(&self) -> bool {
        !matches!(self, Self::Untouched)
    }
}

/// The newest accepted state of every key with an unsettled change.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    changes: BTreeMap<Arc<str>, Change>,
    /// Prefixes whose visible keys are going to vanish; almost always empty.
    wipes: Vec<(u64, Arc<str>)>,
}

impl Overlay {
    /// What unsettled changes say about a key.
    pub(super) fn get(&self, key: &str) -> Fate<'_> {
        match self.changes.get(key) {
            Some(Change { current: Some(record), .. }) => Fate::Written(record),
            Some(Change { current: None, .. }) => Fate::Removed,
            None if self.wiped(key) => Fate::Removed,
            None => Fate::Untouched,
        }
    }

    /// Whether some unsettled change lies below the prefix.
    pub(super) fn touches(&self, prefix: &str) -> bool {
        self.iter(prefix).next().is_some() || self.wipes(prefix).next().is_some()
    }

    /// Wiped prefixes that meet this one.
    pub(super) fn wipes(&self, prefix: &str) -> impl Iterator<Item = &Arc<str>> {
        let wipes = self.wipes.iter().map(|(_, wiped)| wiped);
        wipes.filter(move |wiped| wiped.starts_with(prefix) || prefix.starts_with(&***wiped))
    }

    fn wiped(&self, key: &str) -> bool {
        self.wipes.iter().any(|(_, prefix)| key.starts_with(&**prefix))
    }

    fn iter<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a Arc<str>, &'a Change)> {
        self.changes
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// Unsettled changes below a prefix; wipes are told separately.
    pub(super) fn changes(&self, prefix: &str) -> Vec<(Arc<str>, Option<KeyValue>)> {
        self.iter(prefix).map(|(key, change)| (Arc::clone(key), change.current.clone())).collect()
    }

    /// The table's records and the unsettled changes, merged.
    pub(super) fn range(&self, table: &Table, request: RangeRequest<'_>) -> RangeResult {
        let after = request.after;
        let mut over =
            self.iter(request.prefix).filter(|(key, _)| after.is_none_or(|after| &***key > after)).peekable();
        let mut under = table
            .iter_after(request.prefix, after)
            .filter(|record| !self.wiped(&record.key) && !self.changes.contains_key(&record.key))
            .peekable();
        let merged = std::iter::from_fn(move || {
            loop {
                let take_over = match (over.peek(), under.peek()) {
                    (Some((key, _)), Some(record)) => **key < record.key,
                    (Some(_), None) => true,
                    (None, _) => false,
                };
                if !take_over {
                    return under.next().cloned();
                }
                if let Some((_, Change { current: Some(record), .. })) = over.next() {
                    return Some(record.clone());
                }
            }
        });
        collect(merged, request.limit, 0)
    }

    /// Records an accepted change.
    pub(super) fn add(&mut self, commit: &Commit) {
        if let Some(prefix) = &commit.wipe {
            for (key, change) in
                self.changes.range_mut::<str, _>((Bound::Included(&**prefix), Bound::Unbounded))
            {
                if !key.starts_with(&**prefix) {
                    break;
                }
                *change = Change { revision: commit.revision, current: None };
            }
            self.wipes.push((commit.revision, Arc::clone(prefix)));
        }
        for event in &commit.events {
            let change = Change { revision: commit.revision, current: event.current.clone() };
            self.changes.insert(Arc::clone(&event.key), change);
        }
    }

    /// Drops what a commit put here, now that it is visible; newer changes of the same keys stay.
    pub(super) fn forget(&mut self, commit: &Commit) {
        for event in &commit.events {
            if let Entry::Occupied(entry) = self.changes.entry(Arc::clone(&event.key))
                && entry.get().revision <= commit.revision
            {
                entry.remove();
            }
        }
        if commit.wipe.is_some() {
            self.wipes.retain(|(revision, _)| *revision > commit.revision);
            // Keys a wipe took over from earlier commits belong to it.
            self.changes.retain(|_, change| change.revision > commit.revision);
        }
    }
}
