//! Watches that hand out decoded records and never miss one.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use super::codec::decode_or_log;
use super::{Record, Scope};
use crate::{Event, KeyValue, RangeRequest, StateStore, StoreError, Watch};

/// A change to a record.
#[derive(Debug, Clone)]
pub enum TypedEvent<R> {
    /// A record is new or has changed.
    Put {
        /// Whose it is.
        scope: Scope,
        /// The record as it is now.
        record: Arc<R>,
        /// The record as it was; `None` when it is new to this watch.
        previous: Option<Arc<R>>,
    },
    /// A record is gone.
    Delete {
        /// Whose it was.
        scope: Scope,
        /// Its id.
        id: String,
        /// The record as it was.
        previous: Option<Arc<R>>,
    },
}

/// One step of a watch.
#[derive(Debug, Clone)]
pub struct TypedChanges<R> {
    /// After these events the watcher knows everything up to this revision.
    pub revision: u64,
    /// The events, in order; may be empty for a snapshot.
    pub events: Vec<TypedEvent<R>>,
    /// Whether this comes from a listing: the first step, or a catch-up after the watcher fell too far
    /// behind, in which steps between may have been merged into one.
    pub snapshot: bool,
}

/// All records of a kind, then every change. Falling behind heals itself: the watch lists again and reports
/// the difference.
pub struct TypedWatch<R> {
    backend: Arc<dyn StateStore>,
    prefix: String,
    watch: Option<Watch>,
    /// What the reader has been told, for the difference after a catch-up.
    known: BTreeMap<Arc<str>, KeyValue>,
    kind: PhantomData<fn() -> R>,
}

impl<R: Record> TypedWatch<R> {
    pub(super) fn new(backend: Arc<dyn StateStore>, prefix: String) -> Self {
        Self { backend, prefix, watch: None, known: BTreeMap::new(), kind: PhantomData }
    }

    /// The next step; the first one is the snapshot and comes at once. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`StoreError::Closed`] when the store has gone.
    pub async fn next(&mut self) -> Result<TypedChanges<R>, StoreError> {
        loop {
            let Some(watch) = &mut self.watch else { return Ok(self.catch_up()) };
            match watch.next().await {
                Ok(events) => return Ok(self.follow(&events)),
                Err(StoreError::Compacted { .. }) => self.watch = None,
                Err(error) => return Err(error),
            }
        }
    }

    /// Lists everything and reports how it differs from what the reader knows.
    fn catch_up(&mut self) -> TypedChanges<R> {
        let listing = self.backend.range(RangeRequest::prefix(&self.prefix));
        self.watch = Some(self.backend.watch(&self.prefix, listing.revision + 1));
        let mut gone = std::mem::take(&mut self.known);
        let mut events = Vec::new();
        for current in listing.items {
            let previous = gone.remove(&current.key);
            if previous.as_ref().is_none_or(|old| old.modified_revision != current.modified_revision) {
                events.extend(typed(&current.key, Some(&current), previous.as_ref()));
            }
            self.known.insert(Arc::clone(&current.key), current);
        }
        events.extend(gone.values().filter_map(|old| typed(&old.key, None, Some(old))));
        TypedChanges { revision: listing.revision, events, snapshot: true }
    }

    fn follow(&mut self, raw: &[Arc<Event>]) -> TypedChanges<R> {
        let mut events = Vec::with_capacity(raw.len());
        for event in raw {
            events.extend(typed(&event.key, event.current.as_ref(), event.previous.as_ref()));
            match &event.current {
                Some(current) => self.known.insert(Arc::clone(&event.key), current.clone()),
                None => self.known.remove(&event.key),
            };
        }
        let revision = raw.last().map_or(0, |event| event.revision);
        TypedChanges { revision, events, snapshot: false }
    }
}

/// An unreadable record is logged and passed over.
fn typed<R: Record>(
    key: &str,
    current: Option<&KeyValue>,
    previous: Option<&KeyValue>,
) -> Option<TypedEvent<R>> {
    let (scope, id) = Scope::parse(R::KIND, key)?;
    let previous = previous.and_then(decode_or_log);
    match current {
        Some(current) => Some(TypedEvent::Put { scope, record: decode_or_log(current)?, previous }),
        None => Some(TypedEvent::Delete { scope, id: id.to_owned(), previous }),
    }
}
