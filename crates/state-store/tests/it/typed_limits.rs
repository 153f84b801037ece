//! The typed layer at its edges: many reads, many writes, bad names, slow watchers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};
use state_store::{MAX_OPERATIONS, Record, Scope, Store, StoreError, Tx, TypedEvent};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Parameter {
    name: String,
    value: String,
}

impl Record for Parameter {
    const KIND: &'static str = "ssm/parameter";
    fn id(&self) -> &str {
        &self.name
    }
    fn indexes(&self) -> Vec<(&'static str, String)> {
        vec![("value", self.value.clone())]
    }
}

fn here() -> Scope {
    Scope::new("000000000001", "eu-central-1")
}

fn parameter(name: &str, value: &str) -> Parameter {
    Parameter { name: name.into(), value: value.into() }
}

async fn set(store: &Store, name: &str, value: &str) {
    let step = |tx: &mut Tx<'_>| {
        tx.put(&here(), parameter(name, value));
        Ok::<_, StoreError>(())
    };
    store.transact(step).await.unwrap();
}

async fn fill(store: &Store, count: usize) {
    for block in 0..count.div_ceil(MAX_OPERATIONS) {
        let step = |tx: &mut Tx<'_>| {
            for number in (block * MAX_OPERATIONS..count).take(MAX_OPERATIONS) {
                tx.put(&here(), parameter(&format!("p-{number:05}"), "x"));
            }
            Ok::<_, StoreError>(())
        };
        store.transact(step).await.unwrap();
    }
}

fn names(found: &[Arc<Parameter>]) -> Vec<&str> {
    found.iter().map(|parameter| parameter.name.as_str()).collect()
}

#[tokio::test]
async fn ids_may_contain_slashes_and_are_listed_by_path() {
    let store = Store::in_memory();
    for name in ["/app/db/url", "/app/db/user", "/app/dbx", "/other", "plain"] {
        set(&store, name, "x").await;
    }
    assert_eq!(names(&store.list_prefix(&here(), "/app/db/")), ["/app/db/url", "/app/db/user"]);
    assert_eq!(store.get::<Parameter>(&here(), "/app/db/url").unwrap().name, "/app/db/url");
    let (scope, record) = store.list_all::<Parameter>().swap_remove(0);
    assert_eq!((scope, record.name.as_str()), (here(), "/app/db/url"));
    let inside =
        store.transact(|tx| Ok::<_, StoreError>(tx.list_prefix::<Parameter>(&here(), "/app/").len()));
    assert_eq!(inside.await.unwrap().value, 3);
}

#[tokio::test]
async fn more_reads_than_etcd_has_compares_are_still_guarded() {
    let store = Store::in_memory();
    fill(&store, 300).await;
    let runs = AtomicU32::new(0);
    let other = store.clone();
    let step = |tx: &mut Tx<'_>| {
        let run = runs.fetch_add(1, Ordering::SeqCst);
        let changed = (0..300).filter(|n| {
            tx.get::<Parameter>(&here(), &format!("p-{n:05}"))
                .is_some_and(|parameter| parameter.value == "changed")
        });
        let changed = changed.count();
        if run == 0 {
            // Somebody else writes one of the records between our reads and our commit.
            let raw = state_store::Operation::delete(format!("/ssm/parameter/{}/p-00299", here()));
            drop(other.backend().transaction(state_store::Transaction::of(vec![raw])));
        }
        tx.put(&here(), parameter("result", &changed.to_string()));
        Ok::<_, StoreError>(tx.exists::<Parameter>(&here(), "p-00299"))
    };
    let done = store.transact(step).await.unwrap();
    assert_eq!((done.value, runs.into_inner()), (false, 2));
}

/// A key read first and its list read later must not hide a change in between.
#[tokio::test]
async fn a_change_between_a_read_and_a_list_is_a_conflict() {
    let store = Store::in_memory();
    set(&store, "p", "1").await;
    let (other, runs) = (store.clone(), AtomicU32::new(0));
    let step = |tx: &mut Tx<'_>| {
        let single = tx.get::<Parameter>(&here(), "p").map(|parameter| parameter.value.clone());
        if runs.fetch_add(1, Ordering::SeqCst) == 0 {
            let key = format!("/ssm/parameter/{}/p", here());
            let raw = state_store::Operation::put(key, r#"{"v":1,"r":{"name":"p","value":"2"}}"#);
            drop(other.backend().transaction(state_store::Transaction::of(vec![raw])));
        }
        let listed = tx.list::<Parameter>(&here()).first().map(|parameter| parameter.value.clone());
        tx.put(&here(), parameter("q", "x"));
        Ok::<_, StoreError>((single, listed))
    };
    let (single, listed) = store.transact(step).await.unwrap().value;
    assert_eq!((single.as_deref(), listed.as_deref()), (Some("2"), Some("2")));
}

#[tokio::test]
async fn a_closure_that_always_loses_gives_up() {
    let store = Store::in_memory();
    let (other, rounds) = (store.clone(), AtomicU32::new(0));
    let step = |tx: &mut Tx<'_>| {
        tx.count::<Parameter>(&here());
        let round = rounds.fetch_add(1, Ordering::SeqCst);
        let key = format!("/ssm/parameter/{}/rival", here());
        let raw = state_store::Operation::put(
            key,
            format!(r#"{{"v":1,"r":{{"name":"rival","value":"{round}"}}}}"#),
        );
        drop(other.backend().transaction(state_store::Transaction::of(vec![raw])));
        tx.put(&here(), parameter("never", "x"));
        Ok::<_, StoreError>(())
    };
    let error = store.transact(step).await.unwrap_err();
    assert!(matches!(error, StoreError::Contention { attempts } if attempts == rounds.into_inner()));
    assert!(store.get::<Parameter>(&here(), "never").is_none());
}

#[tokio::test]
async fn too_many_writes_and_bad_names_are_refused_whole() {
    let store = Store::in_memory();
    let too_many = |tx: &mut Tx<'_>| {
        for number in 0..=MAX_OPERATIONS {
            tx.put(&here(), parameter(&format!("p-{number}"), "x"));
        }
        Ok::<_, StoreError>(())
    };
    assert!(matches!(store.transact(too_many).await, Err(StoreError::TooManyOperations { .. })));
    let slash = Scope::new("000000000001/eu-central-1", "x");
    for (scope, name) in [(here(), ""), (slash, "p"), (Scope::new("", "x"), "p"), (Scope::global(""), "p")] {
        let step = |tx: &mut Tx<'_>| {
            tx.put(&here(), parameter("good", "x"));
            tx.put(&scope, parameter(name, "x"));
            Ok::<_, StoreError>(())
        };
        assert!(matches!(store.transact(step).await, Err(StoreError::InvalidKey { .. })));
    }
    assert!(store.backend().is_empty());
}

#[tokio::test]
async fn a_watch_that_fell_behind_reports_the_difference() {
    let store = Store::in_memory();
    set(&store, "stays", "1").await;
    set(&store, "goes", "1").await;
    set(&store, "changes", "1").await;
    let mut watch = store.watch_kind::<Parameter>();
    assert_eq!(watch.next().await.unwrap().events.len(), 3);
    let change = |tx: &mut Tx<'_>| {
        tx.delete::<Parameter>(&here(), "goes");
        tx.put(&here(), parameter("changes", "2"));
        Ok::<_, StoreError>(())
    };
    store.transact(change).await.unwrap();
    fill(&store, 9_000).await;
    let caught_up = watch.next().await.unwrap();
    assert!(caught_up.snapshot && caught_up.revision == store.revision());
    let mut told = Vec::new();
    for event in caught_up.events {
        match event {
            TypedEvent::Put { record, previous, .. } if !record.name.starts_with("p-") => {
                told.push(format!(
                    "{} {:?}>{}",
                    record.name,
                    previous.map(|old| old.value.clone()),
                    record.value
                ));
            }
            TypedEvent::Put { previous, .. } => assert!(previous.is_none()),
            TypedEvent::Delete { id, previous, .. } => told.push(format!("{id} gone {}", previous.is_some())),
        }
    }
    assert_eq!(told, [r#"changes Some("1")>2"#, "goes gone true"]);
    set(&store, "later", "x").await;
    assert_eq!(watch.next().await.unwrap().events.len(), 1);
}

#[tokio::test]
async fn indexes_follow_wipes_of_any_size() {
    let store = Store::in_memory();
    for count in [10, 5_000] {
        fill(&store, count).await;
        assert_eq!(store.by_index::<Parameter>(&here(), "value", "x").len(), count);
        store.backend().wipe("").await.unwrap();
        assert!(store.by_index::<Parameter>(&here(), "value", "x").is_empty());
        let seen = store.transact(|tx| {
            let found =
                tx.by_index::<Parameter>(&here(), "value", "x").len() + tx.count::<Parameter>(&here());
            Ok::<_, StoreError>(found)
        });
        assert_eq!(seen.await.unwrap().value, 0);
    }
}

#[tokio::test]
async fn a_record_on_a_lease_goes_with_it() {
    let store = Store::in_memory();
    let lease = store.backend().grant_lease(std::time::Duration::from_secs(60)).await.unwrap();
    let step = |tx: &mut Tx<'_>| {
        tx.put_leased(&here(), parameter("p", "x"), lease);
        Ok::<_, StoreError>(())
    };
    store.transact(step).await.unwrap();
    assert_eq!(store.by_index::<Parameter>(&here(), "value", "x").len(), 1);
    store.backend().revoke_lease(lease).await.unwrap();
    assert!(store.get::<Parameter>(&here(), "p").is_none());
    assert!(store.by_index::<Parameter>(&here(), "value", "x").is_empty());
}

#[tokio::test]
async fn a_transaction_that_only_reads_does_not_move_the_revision() {
    let store = Store::in_memory();
    set(&store, "p", "x").await;
    let before = store.revision();
    let read = |tx: &mut Tx<'_>| {
        let missing = tx.delete::<Parameter>(&here(), "absent");
        Ok::<_, StoreError>((tx.count::<Parameter>(&here()), missing))
    };
    let done = store.transact(read).await.unwrap();
    assert_eq!((done.value, done.revision, store.revision()), ((1, false), before, before));
}
