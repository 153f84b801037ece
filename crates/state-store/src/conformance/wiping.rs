//! Removing whole prefixes.

use super::{Subject, keys, put, text};
use crate::{Compare, MAX_OPERATIONS, Operation, StoreError, Transaction};

/// Few keys: every watcher is told about each.
pub async fn a_small_wipe_tells_each_key(subject: &Subject) {
    let store = &*subject.store;
    for key in ["/a/1", "/a/2", "/b/1"] {
        put(store, key, "x").await;
    }
    let mut watch = store.watch("/", 0);
    assert_eq!(store.wipe("/a/").await, Ok(4));
    let events = watch.next().await.unwrap();
    let told: Vec<&str> = events.iter().map(|event| &*event.key).collect();
    assert_eq!(told, ["/a/1", "/a/2"]);
    assert!(events.iter().all(|event| event.revision == 4 && event.current.is_none()));
    assert_eq!(store.wipe("").await, Ok(5));
    assert!(store.is_empty());
    assert_eq!(put(store, "/a/1", "again").await.revision, 6);
    assert_eq!(store.get("/a/1").unwrap().created_revision, 6);
}

async fn fill(subject: &Subject, prefix: &str, blocks: usize) {
    for block in 0..blocks {
        let steps = (0..MAX_OPERATIONS).map(|n| Operation::put(format!("{prefix}{block:03}-{n:03}"), "x"));
        subject.store.transaction(Transaction::of(steps.collect())).await.unwrap();
    }
}

/// Many keys: watchers have to list again.
pub async fn a_large_wipe_compacts(subject: &Subject) {
    let store = &*subject.store;
    fill(subject, "/a/", 40).await;
    let mut watch = store.watch("/a/", 0);
    let mut elsewhere = store.watch("/b/", 0);
    let revision = store.wipe("/").await.unwrap();
    assert!(store.is_empty());
    assert!(matches!(watch.next().await, Err(StoreError::Compacted { .. })));
    assert!(matches!(elsewhere.next().await, Err(StoreError::Compacted { .. })));
    assert!(matches!(store.watch("/a/", revision).next().await, Err(StoreError::Compacted { .. })));
    let mut fresh = store.watch("/a/", revision + 1);
    put(store, "/a/1", "x").await;
    assert_eq!(fresh.next().await.unwrap().len(), 1);
}

/// Keys on both sides of a large wiped prefix stay.
pub async fn a_wipe_leaves_neighbours_alone(subject: &Subject) {
    let store = &*subject.store;
    for key in ["/a/1", "/b", "/b/", "/b0", "/c/1"] {
        if key.len() > 1 && !key.ends_with('/') {
            put(store, key, "stays").await;
        }
    }
    fill(subject, "/b/", 40).await;
    let mut watch = store.watch("/c/", 0);
    store.wipe("/b/").await.unwrap();
    assert_eq!(keys(store, ""), ["/a/1", "/b", "/b0", "/c/1"]);
    assert!(store.get("/b/000-000").is_none());
    put(store, "/c/1", "changed").await;
    assert_eq!(watch.next().await.unwrap().len(), 1);
}

/// Order holds between wipes and transactions that are queued without waiting.
pub async fn a_wipe_is_seen_by_what_is_queued_behind_it(subject: &Subject) {
    let store = &*subject.store;
    put(store, "/a", "old").await;
    put(store, "/b", "old").await;
    let before = store.transaction(Transaction::of(vec![Operation::put("/c", "doomed")]));
    let wipe = store.wipe("/");
    let absent = vec![Compare::absent("/a"), Compare::absent("/c")];
    let after = store.transaction(Transaction::when(absent, vec![Operation::put("/a", "new")]));
    assert!(before.await.unwrap().succeeded);
    wipe.await.unwrap();
    assert!(after.await.unwrap().succeeded);
    assert_eq!(keys(store, "/"), ["/a"]);
    assert_eq!(text(store, "/a").as_deref(), Some("new"));
}
