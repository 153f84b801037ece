//! Many writers at once, through the typed layer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Subject;
use crate::{Committed, Record, Scope, Store, StoreError, TypedEvent};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Item {
    id: String,
    name: String,
    count: u64,
}

impl Record for Item {
    const KIND: &'static str = "test/item";
    fn id(&self) -> &str {
        &self.id
    }
    fn indexes(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.clone())]
    }
}

const WRITERS: u64 = 32;

fn scope() -> Scope {
    Scope::new("000000000001", "eu-central-1")
}

fn item(id: impl Into<String>, name: impl Into<String>, count: u64) -> Item {
    Item { id: id.into(), name: name.into(), count }
}

/// Runs one task per writer and collects what they return.
#[expect(clippy::disallowed_methods, reason = "waited for below")]
async fn race<T, F, W>(store: &Store, work: W) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
    W: Fn(Store, u64) -> F,
{
    let tasks: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(work(store.clone(), writer))).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// Read, add one, write: all on one record.
pub async fn no_increment_is_lost(subject: &Subject) {
    const ROUNDS: u64 = 25;
    let store = Store::new(subject.store.clone());
    race(&store, |store, _| async move {
        for _ in 0..ROUNDS {
            let step = |tx: &mut crate::Tx<'_>| {
                let count = tx.get::<Item>(&scope(), "i").map_or(0, |item| item.count);
                tx.put(&scope(), item("i", "", count + 1));
                Ok::<_, StoreError>(())
            };
            store.transact(step).await.unwrap();
        }
    })
    .await;
    assert_eq!(store.get::<Item>(&scope(), "i").unwrap().count, WRITERS * ROUNDS);
}

/// "At most five per region" must hold however many try at once: the phantom problem.
pub async fn a_limit_on_a_list_holds(subject: &Subject) {
    let store = Store::new(subject.store.clone());
    let outcomes = race(&store, |store, writer| async move {
        let step = |tx: &mut crate::Tx<'_>| {
            if tx.count::<Item>(&scope()) >= 5 {
                return Err(StoreError::Closed);
            }
            tx.put(&scope(), item(format!("i-{writer}"), "", 0));
            Ok(())
        };
        store.transact(step).await
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 5);
    assert_eq!(store.list::<Item>(&scope()).len(), 5);
}

/// "This name must be free" through an index.
pub async fn a_unique_index_holds(subject: &Subject) {
    let store = Store::new(subject.store.clone());
    let outcomes = race(&store, |store, writer| async move {
        let name = format!("name-{}", writer % 4);
        let step = |tx: &mut crate::Tx<'_>| {
            if !tx.by_index::<Item>(&scope(), "name", &name).is_empty() {
                return Err(StoreError::Closed);
            }
            tx.put(&scope(), item(format!("i-{writer}"), name.clone(), 0));
            Ok(())
        };
        store.transact(step).await
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 4);
    for name in ["name-0", "name-1", "name-2", "name-3"] {
        assert_eq!(store.by_index::<Item>(&scope(), "name", name).len(), 1);
    }
}

/// After a storm of puts, renames and deletes, watch, index and list tell the same story.
pub async fn watchers_and_indexes_agree_with_the_records(subject: &Subject) {
    let store = Store::new(subject.store.clone());
    store.check::<Item>().unwrap();
    let mut watch = store.watch_kind::<Item>();
    watch.next().await.unwrap();
    let revisions: Vec<u64> = race(&store, |store, writer| async move {
        let mut random = super::Random::new(writer + 1);
        let mut last = 0;
        for round in 0..30 {
            let id = format!("i-{}", random.below(20));
            let (name, remove) = (format!("n-{}", random.below(5)), random.below(4) == 0);
            let step = |tx: &mut crate::Tx<'_>| {
                if remove {
                    tx.delete::<Item>(&scope(), &id);
                } else {
                    tx.put(&scope(), item(id.clone(), name.clone(), writer * 100 + round));
                }
                Ok::<_, StoreError>(())
            };
            let Committed { revision, .. } = store.transact(step).await.unwrap();
            last = last.max(revision);
        }
        last
    })
    .await;
    let end = revisions.into_iter().max().unwrap();
    let mut seen: BTreeMap<String, Item> = BTreeMap::new();
    let mut reached = 0;
    while reached < end && reached < store.revision() {
        let changes = watch.next().await.unwrap();
        reached = changes.revision;
        for event in changes.events {
            // The previous value handed out must be exactly what this watcher saw last.
            match event {
                TypedEvent::Put { record, previous, .. } => {
                    let old = seen.insert(record.id.clone(), Item::clone(&record));
                    assert_eq!(old, previous.map(|item| Item::clone(&item)));
                }
                TypedEvent::Delete { id, previous, .. } => {
                    assert_eq!(seen.remove(&id), previous.map(|item| Item::clone(&item)));
                }
            }
        }
    }
    let listed: Vec<Item> = store.list::<Item>(&scope()).iter().map(|item| Item::clone(item)).collect();
    assert_eq!(seen.into_values().collect::<Vec<_>>(), listed);
    for number in 0..5 {
        let name = format!("n-{number}");
        let indexed = store.by_index::<Item>(&scope(), "name", &name);
        let expected: Vec<&Item> = listed.iter().filter(|item| item.name == name).collect();
        assert_eq!(indexed.iter().map(|item| &**item).collect::<Vec<_>>(), expected);
    }
}
