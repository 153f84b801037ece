//! What is particular to the memory backend.

use state_store::{MemoryStore, Operation, StateStore, StoreError, Transaction};

#[tokio::test]
async fn dropping_the_store_ends_its_watches() {
    let store = MemoryStore::default();
    let mut watch = store.watch("/", 0);
    store.transaction(Transaction::of(vec![Operation::put("/a", "1")])).await.unwrap();
    assert_eq!(watch.next().await.unwrap().len(), 1);
    drop(store);
    assert_eq!(watch.next().await, Err(StoreError::Closed));
}

#[tokio::test]
async fn a_change_is_visible_when_the_call_returns() {
    let store = MemoryStore::default();
    let answer = store.transaction(Transaction::of(vec![Operation::put("/a", "1")]));
    assert!(store.get("/a").is_some());
    drop(answer);
    assert_eq!(store.revision(), 1);
}
