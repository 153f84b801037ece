//! Watches: changes below a prefix, in order, without gaps, each exactly once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{KeyValue, StoreError};

/// Events one watcher may leave unread before it is told to list again.
const MAX_UNREAD_EVENTS: usize = 8_192;
/// Bytes of keys and values one watcher may leave unread.
const MAX_UNREAD_BYTES: usize = 16 * 1024 * 1024;

/// One key changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The revision of the change; several keys changed by one transaction share it.
    pub revision: u64,
    /// The key.
    pub key: Arc<str>,
    /// What the key holds now; `None` when it was removed.
    pub current: Option<KeyValue>,
    /// What it held before; `None` when it is new.
    pub previous: Option<KeyValue>,
}

impl Event {
    /// Bytes kept alive by this event, for accounting.
    pub(crate) fn size(&self) -> usize {
        let side = |kv: &Option<KeyValue>| kv.as_ref().map_or(0, KeyValue::size);
        self.key.len() + side(&self.current) + side(&self.previous)
    }
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    /// Set once; the watch is over then.
    failed: Option<StoreError>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Earlier revisions are not wanted; lies in the future for a watch that was started ahead of time.
    from: u64,
    queue: Mutex<Queue>,
    wake: Notify,
}

impl Shared {
    fn fail(&self, error: StoreError) {
        let mut queue = self.queue.lock();
        if queue.failed.is_none() {
            *queue = Queue { failed: Some(error), ..Queue::default() };
        }
        drop(queue);
        self.wake.notify_one();
    }

    /// Queues events and wakes the reader once.
    fn push<'a>(&self, events: impl Iterator<Item = &'a Arc<Event>>) {
        let mut queue = self.queue.lock();
        if queue.failed.is_some() {
            return;
        }
        for event in events.filter(|event| event.revision >= self.from) {
            queue.bytes += event.size();
            queue.events.push_back(Arc::clone(event));
        }
        if queue.events.is_empty() {
            return;
        }
        if queue.events.len() > MAX_UNREAD_EVENTS || queue.bytes > MAX_UNREAD_BYTES {
            let requested = queue.events.front().map_or(0, |event| event.revision);
            let newest = queue.events.back().map_or(0, |event| event.revision);
            let error = StoreError::Compacted { requested, oldest: newest + 1 };
            *queue = Queue { failed: Some(error), ..Queue::default() };
        }
        drop(queue);
        self.wake.notify_one();
    }
}

/// A running watch; dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
}

impl Watch {
    /// The events since the last call: at least one, always whole revisions, in order. To resume later,
    /// watch again from the last event's revision plus one. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`StoreError::Compacted`] when the start is too old or the reader fell too far behind: list again and
    /// watch from there. [`StoreError::Closed`] when the store has gone. Both are final.
    pub async fn next(&mut self) -> Result<Vec<Arc<Event>>, StoreError> {
        loop {
            if let Some(ready) = self.try_next() {
                return ready;
            }
            self.shared.wake.notified().await;
        }
    }

    /// Like [`Watch::next`], but `None` instead of waiting.
    pub fn try_next(&mut self) -> Option<Result<Vec<Arc<Event>>, StoreError>> {
        let mut queue = self.shared.queue.lock();
        if let Some(error) = &queue.failed {
            return Some(Err(error.clone()));
        }
        if queue.events.is_empty() {
            return None;
        }
        queue.bytes = 0;
        Some(Ok(queue.events.drain(..).collect()))
    }
}

/// All running watches of a store, grouped by prefix so that a change is matched once per prefix.
#[derive(Debug, Default)]
pub(crate) struct WatchHub {
    groups: BTreeMap<Box<str>, Vec<Weak<Shared>>>,
}

impl WatchHub {
    /// Starts a watch for revisions from `from` on with the events it missed.
    pub(crate) fn start(&mut self, prefix: &str, from: u64, missed: &[Arc<Event>]) -> Watch {
        let shared = Arc::new(Shared { from, ..Shared::default() });
        shared.push(missed.iter().filter(|event| event.key.starts_with(prefix)));
        let group = self.groups.entry(prefix.into()).or_default();
        // Dead entries are swept when a group is next touched, so that the list cannot grow for ever.
        group.retain(|watcher| watcher.strong_count() > 0);
        group.push(Arc::downgrade(&shared));
        Watch { shared }
    }

    /// A watch that begins and ends with an error.
    pub(crate) fn refused(error: StoreError) -> Watch {
        let shared = Arc::new(Shared::default());
        shared.fail(error);
        Watch { shared }
    }

    /// Hands new events (whole revisions, in order) to all watchers concerned.
    pub(crate) fn publish(&mut self, events: &[Arc<Event>]) {
        self.groups.retain(|prefix, group| {
            if events.iter().any(|event| event.key.starts_with(&**prefix)) {
                group.retain(|watcher| match watcher.upgrade() {
                    Some(shared) => {
                        shared.push(events.iter().filter(|event| event.key.starts_with(&**prefix)));
                        true
                    }
                    None => false,
                });
            }
            !group.is_empty()
        });
    }

    /// Ends all watches whose prefix meets `prefix`, because their history has been given up.
    pub(crate) fn compact(&mut self, prefix: &str, revision: u64) {
        self.groups.retain(|watched, group| {
            let concerned = watched.starts_with(prefix) || prefix.starts_with(&**watched);
            if concerned {
                let error = StoreError::Compacted { requested: revision, oldest: revision + 1 };
                group.iter().filter_map(Weak::upgrade).for_each(|watcher| watcher.fail(error.clone()));
            }
            !concerned
        });
    }
}

impl Drop for WatchHub {
    fn drop(&mut self) {
        let watchers = self.groups.values().flatten().filter_map(Weak::upgrade);
        watchers.for_each(|watcher| watcher.fail(StoreError::Closed));
    }
}
