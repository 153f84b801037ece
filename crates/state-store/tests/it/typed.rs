//! The typed layer: reads, indexes, optimistic transactions, watches.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use state_store::{Record, Scope, Store, StoreError, Tx, TypedEvent};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Subnet {
    id: String,
    vpc: String,
    used: u32,
}

impl Record for Subnet {
    const KIND: &'static str = "test/subnet";
    fn id(&self) -> &str {
        &self.id
    }
    fn indexes(&self) -> Vec<(&'static str, String)> {
        vec![("vpc", self.vpc.clone())]
    }
}

fn subnet(id: &str, vpc: &str) -> Subnet {
    Subnet { id: id.into(), vpc: vpc.into(), used: 0 }
}

fn ids(found: &[Arc<Subnet>]) -> Vec<&str> {
    found.iter().map(|subnet| subnet.id.as_str()).collect()
}

fn here() -> Scope {
    Scope::new("000000000001", "eu-central-1")
}

async fn add(store: &Store, scope: &Scope, record: Subnet) {
    let put = |tx: &mut Tx<'_>| {
        tx.put(scope, record.clone());
        Ok::<_, StoreError>(())
    };
    store.transact(put).await.unwrap();
}

#[tokio::test]
async fn a_record_is_found_by_id_by_list_and_by_index_in_its_own_scope_only() {
    let store = Store::in_memory();
    let elsewhere = Scope::new("000000000002", "eu-central-1");
    for (id, vpc) in [("s-2", "v-1"), ("s-1", "v-1"), ("s-3", "v-2")] {
        add(&store, &here(), subnet(id, vpc)).await;
    }
    add(&store, &elsewhere, subnet("s-9", "v-1")).await;
    assert_eq!(store.get::<Subnet>(&here(), "s-1").unwrap().vpc, "v-1");
    assert!(store.get::<Subnet>(&elsewhere, "s-1").is_none());
    assert_eq!(ids(&store.list(&here())), ["s-1", "s-2", "s-3"]);
    assert_eq!(ids(&store.list_after(&here(), Some("s-1"), 1)), ["s-2"]);
    assert_eq!(ids(&store.by_index(&here(), "vpc", "v-1")), ["s-1", "s-2"]);
    assert_eq!(store.list_all::<Subnet>().len(), 4);
    // A change of the indexed member moves the record between index entries.
    add(&store, &here(), subnet("s-2", "v-2")).await;
    assert_eq!(ids(&store.by_index(&here(), "vpc", "v-1")), ["s-1"]);
    assert_eq!(ids(&store.by_index(&here(), "vpc", "v-2")), ["s-2", "s-3"]);
}

#[tokio::test]
async fn a_transaction_sees_its_own_writes() {
    let store = Store::in_memory();
    add(&store, &here(), subnet("s-1", "v-1")).await;
    let done = store
        .transact(|tx| {
            tx.put(&here(), subnet("s-2", "v-1"));
            assert!(tx.delete::<Subnet>(&here(), "s-1"));
            assert!(!tx.delete::<Subnet>(&here(), "s-1"));
            assert!(!tx.exists::<Subnet>(&here(), "s-1"));
            assert_eq!(tx.get::<Subnet>(&here(), "s-2").unwrap().id, "s-2");
            assert_eq!(ids(&tx.list(&here())), ["s-2"]);
            assert_eq!(ids(&tx.by_index(&here(), "vpc", "v-1")), ["s-2"]);
            Ok::<_, StoreError>(tx.count::<Subnet>(&here()))
        })
        .await
        .unwrap();
    assert_eq!((done.value, done.revision), (1, 2));
    assert_eq!(ids(&store.list(&here())), ["s-2"]);
}

#[tokio::test]
async fn an_update_changes_what_is_there_and_keeps_the_id() {
    let store = Store::in_memory();
    add(&store, &here(), subnet("s-1", "v-1")).await;
    let step = |tx: &mut Tx<'_>| {
        let known = tx.update::<Subnet>(&here(), "s-1", |subnet| subnet.used += 1);
        let unknown = tx.update::<Subnet>(&here(), "s-2", |subnet| subnet.used += 1);
        Ok::<_, StoreError>((known, unknown))
    };
    assert_eq!(store.transact(step).await.unwrap().value, (true, false));
    assert_eq!(store.get::<Subnet>(&here(), "s-1").unwrap().used, 1);
    let rename = |tx: &mut Tx<'_>| {
        Ok::<_, StoreError>(tx.update::<Subnet>(&here(), "s-1", |subnet| subnet.id = "s-2".into()))
    };
    assert!(matches!(store.transact(rename).await, Err(StoreError::InvalidKey { .. })));
    assert_eq!(ids(&store.list(&here())), ["s-1"]);
}

#[tokio::test]
async fn an_aborted_transaction_changes_nothing() {
    let store = Store::in_memory();
    let before = store.revision();
    let failed = store
        .transact(|tx| {
            tx.put(&here(), subnet("s-1", "v-1"));
            Err::<(), _>(StoreError::Closed)
        })
        .await;
    assert_eq!(failed, Err(StoreError::Closed));
    assert_eq!(store.revision(), before);
    assert!(store.get::<Subnet>(&here(), "s-1").is_none());
}

#[tokio::test]
async fn a_watch_begins_with_a_snapshot_and_goes_on_with_changes() {
    let store = Store::in_memory();
    add(&store, &here(), subnet("s-1", "v-1")).await;
    let mut watch = store.watch_kind::<Subnet>();
    let first = watch.next().await.unwrap();
    assert!(first.snapshot);
    assert!(
        matches!(&first.events[..], [TypedEvent::Put { record, previous: None, .. }] if record.id == "s-1")
    );
    add(&store, &here(), subnet("s-1", "v-2")).await;
    let second = watch.next().await.unwrap();
    assert!(!second.snapshot && second.revision == 2);
    assert!(matches!(&second.events[..], [TypedEvent::Put { record, previous: Some(old), .. }]
            if record.vpc == "v-2" && old.vpc == "v-1"));
    store.backend().wipe("").await.unwrap();
    let third = watch.next().await.unwrap();
    assert!(matches!(&third.events[..], [TypedEvent::Delete { id, .. }] if id == "s-1"));
}

#[tokio::test]
async fn a_change_is_taken_back_unless_somebody_built_on_it() {
    let store = Store::in_memory();
    add(&store, &here(), subnet("s-1", "v-1")).await;
    let change = |vpc: &'static str| {
        store.transact(move |tx| {
            tx.put(&here(), subnet("s-1", vpc));
            tx.put(&here(), subnet("s-2", vpc));
            Ok::<(), StoreError>(())
        })
    };
    let vpc_of = |id: &str| store.get::<Subnet>(&here(), id).map(|found| found.vpc.clone());
    let first = change("v-2").await.unwrap();
    let second = change("v-3").await.unwrap();
    assert_eq!(first.undo.take_back(&store, |_, _| None).await, Ok(None), "another change stands on it");
    assert_eq!(vpc_of("s-1").as_deref(), Some("v-3"));
    let back = second.undo.take_back(&store, |_, _| None).await.unwrap().expect("nobody is in the way");
    assert_eq!((vpc_of("s-1").as_deref(), vpc_of("s-2").as_deref()), (Some("v-2"), Some("v-2")));
    // What stands there now is what the first one wrote, if one is told.
    let stands = |key: &str, revision: u64| {
        back.iter().find(|one| &*one.key == key && one.same_as == revision).map(|one| one.now)
    };
    assert_eq!(first.undo.take_back(&store, |_, _| None).await, Ok(None));
    assert!(first.undo.take_back(&store, stands).await.unwrap().is_some());
    assert_eq!((vpc_of("s-1").as_deref(), vpc_of("s-2")), (Some("v-1"), None));
}

#[tokio::test]
async fn what_a_change_removed_comes_back() {
    let store = Store::in_memory();
    add(&store, &here(), subnet("s-1", "v-1")).await;
    let remove = |tx: &mut Tx<'_>| Ok::<_, StoreError>(tx.delete::<Subnet>(&here(), "s-1"));
    let gone = store.transact(remove).await.unwrap();
    assert!(gone.undo.take_back(&store, |_, _| None).await.unwrap().is_some());
    assert_eq!(ids(&store.by_index(&here(), "vpc", "v-1")), ["s-1"]);
    let gone = store.transact(remove).await.unwrap();
    add(&store, &here(), subnet("s-1", "v-9")).await;
    assert_eq!(gone.undo.take_back(&store, |_, _| None).await, Ok(None), "somebody made it anew");
}
