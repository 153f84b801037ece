//! Revisions, compares, limits, ranges.

use super::{Subject, delete, keys, put, text};
use crate::{
    Compare, MAX_OPERATIONS, MAX_REQUEST_BYTES, Operation, OperationResult, RangeRequest, StoreError,
    Transaction,
};

/// Every change is one revision; a key remembers its birth and its last change.
pub async fn revisions_count_changes(subject: &Subject) {
    let store = &*subject.store;
    assert_eq!((store.revision(), store.is_empty()), (0, true));
    assert_eq!(put(store, "/a", "1").await.revision, 1);
    assert_eq!(put(store, "/a", "2").await.revision, 2);
    let record = store.get("/a").unwrap();
    assert_eq!((record.created_revision, record.modified_revision), (1, 2));
    let removed = delete(store, "/a").await;
    assert_eq!(removed.revision, 3);
    assert!(matches!(&removed.results[..], [OperationResult::Deleted(Some(old))] if *old == record));
    put(store, "/a", "3").await;
    let record = store.get("/a").unwrap();
    assert_eq!((record.created_revision, record.modified_revision), (4, 4));
    // Two keys in one transaction share a revision.
    let both = Transaction::of(vec![Operation::put("/b", "x"), Operation::put("/c", "y")]);
    assert_eq!(store.transaction(both).await.unwrap().revision, 5);
    assert_eq!(store.get("/b").unwrap().modified_revision, store.get("/c").unwrap().modified_revision);
    assert_eq!((store.revision(), store.is_empty()), (5, false));
}

/// Each kind of compare, true and false.
pub async fn compares_decide_between_then_and_else(subject: &Subject) {
    let store = &*subject.store;
    put(store, "/a", "1").await;
    put(store, "/a", "2").await;
    let cases = [
        (Compare::ModifiedAt("/a".into(), 2), true),
        (Compare::ModifiedAt("/a".into(), 1), false),
        (Compare::absent("/a"), false),
        (Compare::absent("/b"), true),
        (Compare::CreatedAt("/a".into(), 1), true),
        (Compare::CreatedAt("/a".into(), 2), false),
        (Compare::CreatedAt("/b".into(), 0), true),
        (Compare::ValueIs("/a".into(), "2".into()), true),
        (Compare::ValueIs("/a".into(), "1".into()), false),
        (Compare::ValueIs("/b".into(), "".into()), false),
    ];
    for (number, (compare, expected)) in cases.iter().enumerate() {
        let transaction = Transaction {
            // A condition that always holds stands beside it: all of them must hold.
            compare: vec![Compare::absent("/never"), compare.clone()],
            then: vec![Operation::put("/result", format!("then {number}"))],
            otherwise: vec![Operation::put("/result", format!("else {number}"))],
        };
        let outcome = store.transaction(transaction).await.unwrap();
        assert_eq!(outcome.succeeded, *expected, "{compare:?}");
        let branch = if *expected { "then" } else { "else" };
        assert_eq!(text(store, "/result"), Some(format!("{branch} {number}")));
    }
}

/// A read inside a transaction sees the writes before it.
pub async fn steps_see_earlier_steps(subject: &Subject) {
    let store = &*subject.store;
    put(store, "/a", "1").await;
    let steps = vec![
        Operation::get("/a"),
        Operation::put("/a", "2"),
        Operation::get("/a"),
        Operation::delete("/b"),
        Operation::get("/b"),
    ];
    let outcome = store.transaction(Transaction::of(steps)).await.unwrap();
    let got = |position: usize| match &outcome.results[position] {
        OperationResult::Got(found) => found.as_ref().map(super::text_of),
        other => panic!("{other:?}"),
    };
    assert_eq!((got(0).as_deref(), got(2).as_deref(), got(4)), (Some("1"), Some("2"), None));
    assert_eq!(outcome.results[3], OperationResult::Deleted(None));
}

/// Reading, and removing what is not there, changes nothing.
pub async fn reads_leave_the_revision_alone(subject: &Subject) {
    let store = &*subject.store;
    put(store, "/a", "1").await;
    let read = Transaction::of(vec![Operation::get("/a"), Operation::delete("/b")]);
    let outcome = store.transaction(read).await.unwrap();
    assert_eq!((outcome.revision, outcome.succeeded, store.revision()), (1, true, 1));
    let refused = Transaction::when(vec![Compare::absent("/a")], vec![Operation::put("/a", "2")]);
    let outcome = store.transaction(refused).await.unwrap();
    assert_eq!((outcome.revision, outcome.succeeded, store.revision()), (1, false, 1));
}

/// etcd's limits and the shape of keys.
pub async fn requests_beyond_the_limits_change_nothing(subject: &Subject) {
    let store = &*subject.store;
    let many = |count: usize| (0..count).map(|n| Operation::put(format!("/k/{n}"), "x")).collect::<Vec<_>>();
    let full = Transaction::of(many(MAX_OPERATIONS));
    assert_eq!(store.transaction(full).await.unwrap().revision, 1);
    let large = |bytes: usize| Transaction::of(vec![Operation::put("/large", vec![b'x'; bytes])]);
    store.transaction(large(MAX_REQUEST_BYTES - "/large".len())).await.unwrap();

    let compares = (0..=MAX_OPERATIONS).map(|n| Compare::absent(format!("/none/{n}"))).collect();
    let long = format!("/{}", "x".repeat(crate::MAX_KEY_BYTES));
    let twice = vec![Operation::put("/n", "1"), Operation::delete("/n")];
    let bad = [
        (Transaction::of(many(MAX_OPERATIONS + 1)), "TooManyOperations"),
        (Transaction::when(compares, vec![]), "TooManyOperations"),
        (large(MAX_REQUEST_BYTES), "TooLarge"),
        (Transaction::of(vec![Operation::put(long, "x")]), "InvalidKey"),
        (Transaction::of(vec![Operation::put("", "x")]), "InvalidKey"),
        (Transaction::of(vec![Operation::put("/", "x")]), "InvalidKey"),
        (Transaction::of(vec![Operation::put("relative", "x")]), "InvalidKey"),
        (Transaction::of(twice), "InvalidKey"),
    ];
    for (transaction, expected) in bad {
        let error = store.transaction(transaction).await.unwrap_err();
        let name = match error {
            StoreError::TooManyOperations { .. } => "TooManyOperations",
            StoreError::TooLarge { .. } => "TooLarge",
            StoreError::InvalidKey { .. } => "InvalidKey",
            other => panic!("unexpected {other}"),
        };
        assert_eq!(name, expected);
    }
    assert_eq!(store.revision(), 2);
    assert_eq!(keys(store, "/").len(), MAX_OPERATIONS + 1);
}

/// Prefix, start and limit of a range, and whether more follows.
pub async fn ranges_page_in_key_order(subject: &Subject) {
    let store = &*subject.store;
    for key in ["/b/3", "/b/1", "/a/1", "/b/2", "/c/1", "/b"] {
        put(store, key, "x").await;
    }
    let page = |after: Option<&str>, limit: usize| {
        let found = store.range(RangeRequest { prefix: "/b/", after, limit });
        let keys: Vec<String> = found.items.iter().map(|record| record.key.to_string()).collect();
        (keys.join(" "), found.more, found.revision)
    };
    assert_eq!(page(None, 0), ("/b/1 /b/2 /b/3".to_owned(), false, 6));
    assert_eq!(page(None, 2), ("/b/1 /b/2".to_owned(), true, 6));
    assert_eq!(page(Some("/b/2"), 2), ("/b/3".to_owned(), false, 6));
    assert_eq!(page(Some("/b/3"), 2), (String::new(), false, 6));
    // A start outside of the prefix must not lead out of it.
    assert_eq!(page(Some("/a"), 1), ("/b/1".to_owned(), true, 6));
    assert_eq!(page(Some("/z"), 0), (String::new(), false, 6));
    assert_eq!(keys(store, "/").len(), 6);
    assert_eq!(keys(store, "").len(), 6);
}

/// The compare that guards lists.
pub async fn unchanged_notices_writes_and_removals_below_its_prefix_only(subject: &Subject) {
    let store = &*subject.store;
    put(store, "/a/1", "x").await;
    let since = put(store, "/a/2", "x").await.revision;
    let holds = async |prefix: &str, since: u64| {
        let compare = Compare::Unchanged { prefix: prefix.into(), since };
        store.transaction(Transaction::when(vec![compare], vec![])).await.unwrap().succeeded
    };
    assert!(holds("/a/", since).await);
    assert!(!holds("/a/", since - 1).await);
    put(store, "/b/1", "x").await;
    assert!(holds("/a/", since).await);
    let since = delete(store, "/a/1").await.revision;
    assert!(!holds("/a/", since - 1).await);
    assert!(holds("/a/", since).await);
    put(store, "/a/9", "new").await;
    assert!(!holds("/a/", since).await);
}

/// A compare about a past that is no longer known must fail rather than guess.
pub async fn unchanged_is_refused_when_the_past_is_forgotten(subject: &Subject) {
    let store = &*subject.store;
    let since = put(store, "/a/1", "x").await.revision;
    for round in 0..140 {
        let steps = (0..MAX_OPERATIONS).map(|n| Operation::put(format!("/b/{n}"), format!("{round}")));
        store.transaction(Transaction::of(steps.collect())).await.unwrap();
    }
    let compare = Compare::Unchanged { prefix: "/a/".into(), since };
    assert!(!store.transaction(Transaction::when(vec![compare], vec![])).await.unwrap().succeeded);
}
