//! Watches: order, resumption, compaction.

use super::{Subject, delete, put};
use crate::{MAX_OPERATIONS, Operation, StoreError, Transaction, Watch};

/// The events that arrive until `count` of them have.
async fn collect(watch: &mut Watch, count: usize) -> Vec<String> {
    let mut seen = Vec::new();
    while seen.len() < count {
        for event in watch.next().await.unwrap() {
            let side =
                |record: &Option<crate::KeyValue>| record.as_ref().map_or("-".to_owned(), super::text_of);
            let (old, new) = (side(&event.previous), side(&event.current));
            seen.push(format!("{} {} {old}>{new}", event.revision, event.key));
        }
    }
    seen
}

/// Everything below the prefix, nothing else, with the value before and after.
pub async fn changes_arrive_in_order_with_both_values(subject: &Subject) {
    let store = &*subject.store;
    put(store, "/a/0", "early").await;
    let mut watch = store.watch("/a/", 0);
    put(store, "/a/1", "x").await;
    put(store, "/b/1", "other").await;
    put(store, "/a/1", "y").await;
    let both = vec![Operation::put("/a/2", "z"), Operation::delete("/a/0")];
    store.transaction(Transaction::of(both)).await.unwrap();
    delete(store, "/a/1").await;
    delete(store, "/a/1").await;
    let expected = ["2 /a/1 ->x", "4 /a/1 x>y", "5 /a/2 ->z", "5 /a/0 early>-", "6 /a/1 y>-"];
    assert_eq!(collect(&mut watch, expected.len()).await, expected);
    assert!(watch.try_next().is_none());
}

/// From a revision, inclusive; also from one that lies in the future.
pub async fn a_watch_resumes_where_it_ended(subject: &Subject) {
    let store = &*subject.store;
    for number in 1..=5 {
        put(store, "/a", &number.to_string()).await;
    }
    let mut watch = store.watch("/a", 4);
    assert_eq!(collect(&mut watch, 2).await, ["4 /a 3>4", "5 /a 4>5"]);
    let mut later = store.watch("/a", 6);
    assert!(later.try_next().is_none());
    put(store, "/a", "6").await;
    assert_eq!(collect(&mut watch, 1).await, ["6 /a 5>6"]);
    assert_eq!(collect(&mut later, 1).await, ["6 /a 5>6"]);
}

async fn write_many(subject: &Subject, rounds: usize) {
    for round in 0..rounds {
        let steps = (0..MAX_OPERATIONS).map(|n| Operation::put(format!("/a/{n}"), format!("{round}")));
        subject.store.transaction(Transaction::of(steps.collect())).await.unwrap();
    }
}

/// The ring of past events is bounded.
pub async fn a_start_too_far_back_is_compacted(subject: &Subject) {
    write_many(subject, 100).await;
    let error = subject.store.watch("/a/", 1).next().await.unwrap_err();
    let StoreError::Compacted { requested: 1, oldest } = error else { panic!("{error}") };
    // What the error names as the oldest must indeed be there.
    let mut watch = subject.store.watch("/a/", oldest);
    assert_eq!(watch.next().await.unwrap()[0].revision, oldest);
}

/// A reader that does not read costs a bounded amount of memory and learns about its loss.
pub async fn a_reader_too_far_behind_is_compacted(subject: &Subject) {
    let mut slow = subject.store.watch("/a/", 0);
    let mut elsewhere = subject.store.watch("/b/", 0);
    write_many(subject, 100).await;
    assert!(matches!(slow.next().await, Err(StoreError::Compacted { .. })));
    assert!(matches!(slow.next().await, Err(StoreError::Compacted { .. })));
    // Nothing happened below the other prefix, so that watch is as good as new.
    put(&*subject.store, "/b/1", "x").await;
    assert_eq!(collect(&mut elsewhere, 1).await, ["101 /b/1 ->x"]);
}
