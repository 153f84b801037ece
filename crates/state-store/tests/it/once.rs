//! Calls under a mark.

use serde::{Deserialize, Serialize};
use state_store::typed::Mark;
use state_store::{MAX_OPERATIONS, Record, Scope, Store, StoreError, Tx};
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Thing {
    id: String,
}

impl Record for Thing {
    const KIND: &'static str = "test/thing";
    fn id(&self) -> &str {
        &self.id
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Called {
    id: String,
}

impl Record for Called {
    const KIND: &'static str = "test/called";
    fn id(&self) -> &str {
        &self.id
    }
}

fn here() -> Scope {
    Scope::new("000000000001", "eu-central-1")
}

fn mark() -> Arc<Mark> {
    Mark::new(&here(), Called { id: "c-1".into() }).unwrap()
}

async fn put(store: &Store, id: &str) -> Result<u64, StoreError> {
    let write = |tx: &mut Tx<'_>| {
        tx.put(&here(), Thing { id: id.into() });
        Ok::<_, StoreError>(())
    };
    Ok(store.transact(write).await?.revision)
}

fn marks(store: &Store) -> usize {
    store.list::<Called>(&here()).len()
}

#[tokio::test]
async fn the_first_write_brings_the_mark_along() {
    let store = Store::in_memory();
    let mark = mark();
    let first = mark.cover(async {
        store.transact(|tx| Ok::<_, StoreError>(tx.count::<Thing>(&here()))).await.unwrap();
        let refused = store.transact(|tx| {
            tx.put(&here(), Thing { id: "never".into() });
            Err::<(), _>(StoreError::Closed)
        });
        assert_eq!(refused.await.unwrap_err(), StoreError::Closed);
        assert_eq!(marks(&store), 0, "neither a read nor a refused write is an effect");
        let first = put(&store, "a").await.unwrap();
        put(&store, "b").await.unwrap();
        first
    });
    assert!(!mark.is_made().await);
    let first = first.await;
    assert!(mark.is_made().await);
    let key = "/test/called/000000000001/eu-central-1/c-1";
    let found = store.backend().get(key).unwrap();
    assert_eq!((found.created_revision, found.modified_revision), (first, first));
    put(&store, "c").await.unwrap();
    assert_eq!((marks(&store), store.list::<Thing>(&here()).len()), (1, 3));
}

#[tokio::test]
async fn nothing_is_written_where_the_mark_stands() {
    let store = Store::in_memory();
    mark().cover(put(&store, "a")).await.unwrap();
    let again = mark();
    let refused = again.cover(put(&store, "b")).await.unwrap_err();
    assert!(matches!(refused, StoreError::AlreadyDone { .. }), "{refused}");
    assert!(!again.is_made().await);
    assert_eq!(store.list::<Thing>(&here()).len(), 1);
}

#[tokio::test]
async fn of_two_writes_at_once_one_makes_the_mark() {
    let store = Store::in_memory();
    let both = mark();
    let (a, b) = both.cover(async { tokio::join!(put(&store, "a"), put(&store, "b")) }).await;
    assert_ne!(a.unwrap(), b.unwrap());
    assert_eq!((marks(&store), store.list::<Thing>(&here()).len()), (1, 2));
}

#[tokio::test]
async fn what_is_taken_back_takes_its_mark_along() {
    let store = Store::in_memory();
    let write = |tx: &mut Tx<'_>| {
        tx.put(&here(), Thing { id: "a".into() });
        Ok::<_, StoreError>(())
    };
    let done = mark().cover(store.transact(write)).await.unwrap();
    assert!(done.undo.take_back(&store, |_, _| None).await.unwrap().is_some());
    assert_eq!((marks(&store), store.list::<Thing>(&here()).len()), (0, 0));
}

#[tokio::test]
async fn a_transaction_full_of_conditions_has_room_for_the_mark() {
    let store = Store::in_memory();
    let write = |tx: &mut Tx<'_>| {
        for number in 0..MAX_OPERATIONS {
            tx.get::<Thing>(&here(), &format!("t-{number}"));
        }
        tx.put(&here(), Thing { id: "a".into() });
        Ok::<_, StoreError>(())
    };
    mark().cover(store.transact(write)).await.unwrap();
    assert_eq!(marks(&store), 1);
}

#[test]
fn a_mark_needs_a_name_and_a_place() {
    let empty = Mark::new(&here(), Called { id: String::new() });
    assert!(matches!(empty, Err(StoreError::InvalidKey { .. })));
    let nowhere = Mark::new(&Scope::new("a/b", "c"), Called { id: "x".into() });
    assert!(matches!(nowhere, Err(StoreError::InvalidKey { .. })));
}
