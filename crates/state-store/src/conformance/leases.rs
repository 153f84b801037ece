//! Leases, on a clock that moves when told to.

use std::sync::Arc;
use std::time::Duration;

use super::{Subject, keys, put};
use crate::{LeaseId, Operation, StoreError, Stored, Transaction};

const TTL: Duration = Duration::from_secs(10);

fn leased(key: &str, lease: LeaseId) -> Transaction {
    let value = Arc::new(Stored::new("x"));
    Transaction::of(vec![Operation::Put { key: key.into(), value, lease: Some(lease) }])
}

/// Expiry and revocation remove all keys of the lease as one change.
pub async fn keys_vanish_with_their_lease(subject: &Subject) {
    let store = &*subject.store;
    let first = store.grant_lease(TTL).await.unwrap();
    let second = store.grant_lease(TTL * 2).await.unwrap();
    for key in ["/a", "/b"] {
        store.transaction(leased(key, first)).await.unwrap();
    }
    store.transaction(leased("/c", second)).await.unwrap();
    put(store, "/d", "free").await;
    let before = store.revision();
    let mut watch = store.watch("/", 0);
    subject.clock.advance(TTL);
    assert_eq!(store.expire_leases().await, Ok(1));
    assert_eq!(keys(store, "/"), ["/c", "/d"]);
    let events = watch.next().await.unwrap();
    assert!(events.iter().all(|event| event.current.is_none() && event.revision == before + 1));
    assert_eq!(events.len(), 2);
    store.revoke_lease(second).await.unwrap();
    assert_eq!(keys(store, "/"), ["/d"]);
    assert_eq!(store.expire_leases().await, Ok(0));
}

/// A lease lives as long as it is renewed.
pub async fn renewal_postpones_the_end(subject: &Subject) {
    let store = &*subject.store;
    let lease = store.grant_lease(TTL).await.unwrap();
    store.transaction(leased("/a", lease)).await.unwrap();
    for _ in 0..3 {
        subject.clock.advance(TTL / 2);
        assert_eq!(store.expire_leases().await, Ok(0));
        assert_eq!(store.keep_alive(lease), Ok(TTL));
    }
    subject.clock.advance(TTL);
    assert_eq!(store.expire_leases().await, Ok(1));
    assert!(store.get("/a").is_none());
}

/// The last write decides about the lease of a key.
pub async fn a_key_taken_off_its_lease_stays(subject: &Subject) {
    let store = &*subject.store;
    let first = store.grant_lease(TTL).await.unwrap();
    let second = store.grant_lease(TTL).await.unwrap();
    for key in ["/a", "/b"] {
        store.transaction(leased(key, first)).await.unwrap();
    }
    put(store, "/a", "free").await;
    store.transaction(leased("/b", second)).await.unwrap();
    store.revoke_lease(first).await.unwrap();
    assert_eq!(keys(store, "/"), ["/a", "/b"]);
    store.revoke_lease(second).await.unwrap();
    assert_eq!(keys(store, "/"), ["/a"]);
}

/// A lease that never was, or no longer is, holds nothing.
pub async fn unknown_leases_are_refused(subject: &Subject) {
    let store = &*subject.store;
    let gone = store.grant_lease(TTL).await.unwrap();
    store.revoke_lease(gone).await.unwrap();
    for lease in [gone, LeaseId(4_711)] {
        let missing = StoreError::LeaseNotFound(lease);
        assert_eq!(store.transaction(leased("/a", lease)).await, Err(missing.clone()));
        assert_eq!(store.keep_alive(lease), Err(missing.clone()));
        assert_eq!(store.revoke_lease(lease).await, Err(missing));
    }
    assert!(store.is_empty());
    // Two ends of one lease, asked for at once: exactly one of them happens.
    let lease = store.grant_lease(TTL).await.unwrap();
    let (one, two) = (store.revoke_lease(lease), store.revoke_lease(lease));
    assert_eq!([one.await.is_ok(), two.await.is_ok()], [true, false]);
}
