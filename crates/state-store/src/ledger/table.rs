//! The visible state and the recent past.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use crate::{Event, KeyValue, RangeRequest, RangeResult, StoreError};

/// Events kept for watchers that resume.
const MAX_EVENTS: usize = 8_192;
/// Bytes those events may keep alive. Running watchers have queues of their own and do not need the ring; it is
/// for those that resume, and they can always list again. Small, because it stays when the process is idle.
const MAX_EVENT_BYTES: usize = 1024 * 1024;
/// Changed keys remembered for [`crate::Compare::Unchanged`]; far cheaper than events, hence more of them.
const MAX_CHANGES: usize = 16_384;

/// Visible records, twice: ordered for lists, hashed for single reads (a tree walk over long keys with common
/// prefixes costs several times a hash look-up).
#[derive(Debug, Default)]
pub(super) struct Table {
    ordered: BTreeMap<Arc<str>, KeyValue>,
    by_key: HashMap<Arc<str>, KeyValue>,
    pub(super) revision: u64,
    ring: VecDeque<Arc<Event>>,
    ring_bytes: usize,
    /// The newest revision whose events are no longer all in the ring.
    compacted: u64,
    changes: VecDeque<(u64, Arc<str>)>,
    /// The newest revision whose changes are no longer all in `changes`.
    changes_compacted: u64,
}

impl Table {
    pub(super) fn restore(revision: u64, mut records: Vec<KeyValue>) -> Self {
        // A sorted vector lets the tree be built in one pass instead of by insertion.
        records.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Self {
            by_key: records.iter().map(|kv| (Arc::clone(&kv.key), kv.clone())).collect(),
            ordered: records.into_iter().map(|kv| (Arc::clone(&kv.key), kv)).collect(),
            revision,
            compacted: revision,
            changes_compacted: revision,
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn get(&self, key: &str) -> Option<&KeyValue> {
        self.by_key.get(key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &KeyValue> {
        self.ordered.values()
    }

    pub(super) fn iter_prefix(&self, prefix: &str) -> impl Iterator<Item = &KeyValue> {
        self.iter_after(prefix, None)
    }

    /// Records below a prefix, those up to and including `after` left out.
    pub(super) fn iter_after(&self, prefix: &str, after: Option<&str>) -> impl Iterator<Item = &KeyValue> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let below = prefix.to_owned();
        self.ordered
            .range::<str, _>((start, Bound::Unbounded))
            .map(|(_, record)| record)
            .take_while(move |record| record.key.starts_with(&below))
    }

    pub(super) fn range(&self, request: RangeRequest<'_>) -> RangeResult {
        collect(self.iter_after(request.prefix, request.after).cloned(), request.limit, self.revision)
    }

    /// Applies one change to the records; the ring is filled by [`Table::remember`].
    pub(super) fn apply(&mut self, event: &Event) {
        if let Some(record) = &event.current {
            self.by_key.insert(Arc::clone(&record.key), record.clone());
            self.ordered.insert(Arc::clone(&record.key), record.clone());
        } else {
            self.by_key.remove(&*event.key);
            self.ordered.remove(&*event.key);
        }
    }

    pub(super) fn advance(&mut self, revision: u64) {
        self.revision = self.revision.max(revision);
    }

    /// Keeps events for resuming watchers, within limits.
    pub(super) fn remember(&mut self, events: &[Arc<Event>]) {
        for event in events {
            self.ring_bytes += event.size();
            self.ring.push_back(Arc::clone(event));
            self.changes.push_back((event.revision, Arc::clone(&event.key)));
        }
        while self.ring.len() > MAX_EVENTS || self.ring_bytes > MAX_EVENT_BYTES {
            let Some(oldest) = self.ring.pop_front() else { break };
            self.ring_bytes -= oldest.size();
            self.compacted = self.compacted.max(oldest.revision);
        }
        while self.changes.len() > MAX_CHANGES {
            let Some((revision, _)) = self.changes.pop_front() else { break };
            self.changes_compacted = self.changes_compacted.max(revision);
        }
    }

    /// The remembered events from a revision on.
    pub(super) fn events_from(&self, from: u64) -> Result<Vec<Arc<Event>>, StoreError> {
        if from <= self.compacted {
            return Err(StoreError::Compacted { requested: from, oldest: self.compacted + 1 });
        }
        let start = self.ring.partition_point(|event| event.revision < from);
        Ok(self.ring.range(start..).cloned().collect())
    }

    /// Whether a visible change below the prefix came after `since`; true when that is forgotten.
    pub(super) fn changed_since(&self, prefix: &str, since: u64) -> bool {
        since < self.changes_compacted
            || self
                .changes
                .iter()
                .rev()
                .take_while(|(revision, _)| *revision > since)
                .any(|(_, key)| key.starts_with(prefix))
    }

    /// Empties a prefix and forgets all history; returns what was removed, for dropping elsewhere.
    pub(super) fn wipe(&mut self, prefix: &str, revision: u64) -> Removed {
        self.compacted = revision;
        self.changes_compacted = revision;
        let ring = std::mem::take(&mut self.ring);
        self.ring_bytes = 0;
        self.changes.clear();
        let whole = self.ordered.first_key_value().is_none_or(|(key, _)| key.starts_with(prefix))
            && self.ordered.last_key_value().is_none_or(|(key, _)| key.starts_with(prefix));
        if whole {
            let ordered = std::mem::take(&mut self.ordered);
            let by_key = std::mem::take(&mut self.by_key);
            return Removed { _ordered: ordered, _by_key: by_key, _ring: ring };
        }
        let mut ordered = self.ordered.split_off(prefix);
        if let Some(end) = ordered.keys().find(|key| !key.starts_with(prefix)).cloned() {
            let mut rest = ordered.split_off(&end);
            self.ordered.append(&mut rest);
        }
        for key in ordered.keys() {
            self.by_key.remove(key);
        }
        Removed { _ordered: ordered, _by_key: HashMap::new(), _ring: ring }
    }
}

/// Records taken out by a wipe; freeing 100,000 of them takes longer than a wipe may.
#[derive(Debug)]
pub(super) struct Removed {
    _ordered: BTreeMap<Arc<str>, KeyValue>,
    _by_key: HashMap<Arc<str>, KeyValue>,
    _ring: VecDeque<Arc<Event>>,
}

/// Cuts an ordered stream of records to a page.
pub(super) fn collect(
    mut records: impl Iterator<Item = KeyValue>,
    limit: usize,
    revision: u64,
) -> RangeResult {
    if limit == 0 {
        return RangeResult { items: records.collect(), more: false, revision };
    }
    let items: Vec<KeyValue> = records.by_ref().take(limit).collect();
    RangeResult { more: records.next().is_some(), items, revision }
}
