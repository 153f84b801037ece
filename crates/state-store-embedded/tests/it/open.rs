//! Opening, closing, opening again.

use std::time::Duration;

use state_store::{Operation, RangeRequest, StateStore, StoreError, Transaction};
use state_store_embedded::EmbeddedStore;

fn put(key: &str, value: &str) -> Transaction {
    Transaction::of(vec![Operation::put(key, value.to_owned())])
}

fn keys(store: &EmbeddedStore) -> Vec<String> {
    let found = store.range(RangeRequest::prefix("/"));
    found.items.iter().map(|record| record.key.to_string()).collect()
}

#[tokio::test]
async fn everything_is_there_again() {
    let directory = tempfile::tempdir().unwrap();
    let before;
    {
        let store = EmbeddedStore::open(directory.path()).unwrap();
        store.transaction(put("/a", "1")).await.unwrap();
        store.transaction(put("/b", "2")).await.unwrap();
        store.transaction(put("/a", "3")).await.unwrap();
        store.transaction(Transaction::of(vec![Operation::delete("/b")])).await.unwrap();
        before = store.get("/a").unwrap();
        assert_eq!(store.revision(), 4);
    }
    let store = EmbeddedStore::open(directory.path()).unwrap();
    assert_eq!(store.get("/a").unwrap(), before);
    assert_eq!((before.created_revision, before.modified_revision), (1, 3));
    assert_eq!(keys(&store), ["/a"]);
    // The last change was a deletion: its revision must be remembered all the same.
    assert_eq!(store.revision(), 4);
    assert_eq!(store.transaction(put("/c", "4")).await.unwrap().revision, 5);
}

#[tokio::test]
async fn a_second_process_is_told_who_holds_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(directory.path()).unwrap();
    let refused = EmbeddedStore::open(directory.path()).map(|_| ()).unwrap_err();
    assert!(matches!(refused, StoreError::Open { .. }));
    assert!(refused.to_string().contains(&format!("pid {}", std::process::id())), "{refused}");
    drop(store);
    EmbeddedStore::open(directory.path()).unwrap();
}

#[tokio::test]
async fn what_was_wiped_stays_away_and_what_came_after_stays() {
    let directory = tempfile::tempdir().unwrap();
    {
        let store = EmbeddedStore::open(directory.path()).unwrap();
        for number in 0..50 {
            store.transaction(put(&format!("/x/{number}"), "old")).await.unwrap();
        }
        store.transaction(put("/y/1", "other")).await.unwrap();
        store.wipe("/x/").await.unwrap();
        store.transaction(put("/x/7", "new")).await.unwrap();
        assert_eq!(keys(&store), ["/x/7", "/y/1"]);
    }
    for _ in 0..2 {
        let store = EmbeddedStore::open(directory.path()).unwrap();
        assert_eq!(keys(&store), ["/x/7", "/y/1"]);
    }
}

#[tokio::test]
async fn dead_records_are_swept_and_live_ones_kept_whatever_their_number() {
    let directory = tempfile::tempdir().unwrap();
    let fill = async |store: &EmbeddedStore, value: &str, every: usize| {
        for block in 0..40 {
            let numbers = (block * 100..(block + 1) * 100).step_by(every);
            let steps = numbers.map(|n| Operation::put(format!("/x/{n:05}"), value.to_owned())).collect();
            store.transaction(Transaction::of(steps)).await.unwrap();
        }
    };
    for round in 0..3 {
        let store = EmbeddedStore::open(directory.path()).unwrap();
        fill(&store, "old", 1).await;
        store.wipe(if round == 1 { "/x/" } else { "" }).await.unwrap();
        // New records among the dead ones, while the sweep is at work.
        fill(&store, "new", 7).await;
        let expected = keys(&store);
        drop(store);
        let store = EmbeddedStore::open(directory.path()).unwrap();
        assert_eq!(keys(&store), expected);
        assert!(store.range(RangeRequest::prefix("/x/")).items.iter().all(|record| record.bytes() == "new"));
    }
}

#[tokio::test]
async fn leases_and_their_keys_survive() {
    let directory = tempfile::tempdir().unwrap();
    let (kept, ended);
    {
        let store = EmbeddedStore::open(directory.path()).unwrap();
        kept = store.grant_lease(Duration::from_secs(60)).await.unwrap();
        ended = store.grant_lease(Duration::from_secs(60)).await.unwrap();
        let Operation::Put { key, value, .. } = Operation::put("/leased", "x") else { unreachable!() };
        let leased = Operation::Put { key, value, lease: Some(kept) };
        store.transaction(Transaction::of(vec![leased])).await.unwrap();
        store.revoke_lease(ended).await.unwrap();
    }
    let store = EmbeddedStore::open(directory.path()).unwrap();
    assert_eq!(store.keep_alive(kept), Ok(Duration::from_secs(60)));
    assert_eq!(store.keep_alive(ended), Err(StoreError::LeaseNotFound(ended)));
    store.revoke_lease(kept).await.unwrap();
    assert!(store.is_empty());
}

#[test]
fn the_directory_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("a/b");
    drop(EmbeddedStore::open(&data).unwrap());
    assert_eq!(std::fs::metadata(data).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error_with_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let error = EmbeddedStore::open(&file.join("data")).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("file/data"), "{error}");
}

#[tokio::test]
async fn closing_writes_what_was_accepted_and_ends_watches() {
    let directory = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(directory.path()).unwrap();
    let mut watch = store.watch("/", 0);
    let answers: Vec<_> = (0..100).map(|n| store.transaction(put(&format!("/{n:02}"), "x"))).collect();
    drop(store);
    for answer in answers {
        answer.await.unwrap();
    }
    let mut ended = false;
    while !ended {
        ended = watch.next().await == Err(StoreError::Closed);
    }
    assert_eq!(keys(&EmbeddedStore::open(directory.path()).unwrap()).len(), 100);
}
