//! Between accepted and durable: a log that waits for permission makes that moment last.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use serde::{Deserialize, Serialize};
use state_store::clock::ManualClock;
use state_store::{Operation, Record, Scope, Store, StoreError, Transaction, Tx};
use state_store_embedded::{Batch, Durable, EmbeddedStore, Loaded, LogError};
use tokio::sync::Semaphore;

/// Lets one batch through per permit.
struct Gated {
    log: Box<dyn Durable>,
    permits: Arc<Semaphore>,
}

impl Durable for Gated {
    fn load(&mut self) -> Result<Loaded, LogError> {
        self.log.load()
    }

    fn commit(&mut self, batch: &Batch<'_>) -> Result<(), LogError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.permits.acquire()).unwrap().forget();
        self.log.commit(batch)
    }
}

struct Fixture {
    store: Store,
    permits: Arc<Semaphore>,
    _directory: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let permits = Arc::new(Semaphore::new(0));
    let theirs = Arc::clone(&permits);
    let wrap = |log| Box::new(Gated { log, permits: theirs }) as Box<dyn Durable>;
    let clock = Arc::new(ManualClock::default());
    let backend = EmbeddedStore::open_with(directory.path(), clock, wrap).unwrap();
    Fixture { store: Store::new(Arc::new(backend)), permits, _directory: directory }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Group {
    id: String,
    vpc: String,
}

impl Record for Group {
    const KIND: &'static str = "test/group";
    fn id(&self) -> &str {
        &self.id
    }
    fn indexes(&self) -> Vec<(&'static str, String)> {
        vec![("vpc", self.vpc.clone())]
    }
}

fn here() -> Scope {
    Scope::new("000000000001", "eu-central-1")
}

async fn add(store: Store, id: &'static str) -> Result<(), StoreError> {
    let step = |tx: &mut Tx<'_>| {
        tx.put(&here(), Group { id: id.into(), vpc: "v".into() });
        Ok(())
    };
    store.transact(step).await.map(|_| ())
}

/// What an optimistic transaction sees, by every way of reading.
fn look(tx: &mut Tx<'_>) -> Vec<usize> {
    let listed = tx.list::<Group>(&here()).len();
    let counted = tx.count::<Group>(&here());
    let indexed = tx.by_index::<Group>(&here(), "vpc", "v").len();
    let single = ["a", "b", "c"].iter().filter(|id| tx.exists::<Group>(&here(), id)).count();
    vec![listed, counted, indexed, single]
}

/// Starts a future and asserts that it has to wait.
macro_rules! begin {
    ($future:expr) => {{
        let mut future = Box::pin($future);
        assert!(is_waiting(&mut future));
        future
    }};
}

fn is_waiting<F: Future + Unpin>(future: &mut F) -> bool {
    matches!(pin!(future).poll(&mut Context::from_waker(Waker::noop())), Poll::Pending)
}

#[tokio::test]
async fn transactions_build_on_unsettled_ones_and_plain_reads_do_not() {
    let Fixture { store, permits, _directory } = fixture();
    let first = begin!(add(store.clone(), "a"));
    let second = begin!(add(store.clone(), "b"));
    assert!(store.list::<Group>(&here()).is_empty() && store.get::<Group>(&here(), "a").is_none());
    assert!(store.by_index::<Group>(&here(), "vpc", "v").is_empty());
    // Read-only, but resting on what is not durable: it sees both and has to wait for both.
    let reading = begin!(store.transact(|tx| Ok::<_, StoreError>(look(tx))));
    // So does an error that rests on them.
    let failing = begin!(store.transact(|tx| if tx.exists::<Group>(&here(), "b") {
        Err::<(), _>(StoreError::Closed)
    } else {
        Ok(())
    }));
    permits.add_permits(10);
    first.await.unwrap();
    second.await.unwrap();
    assert_eq!(reading.await.unwrap().value, [2, 2, 2, 2]);
    assert_eq!(failing.await.unwrap_err(), StoreError::Closed);
    assert_eq!(store.by_index::<Group>(&here(), "vpc", "v").len(), 2);
}

#[tokio::test]
async fn reads_that_touch_nothing_unsettled_do_not_wait() {
    let Fixture { store, permits, _directory } = fixture();
    let writing = begin!(add(store.clone(), "a"));
    let elsewhere = Scope::new("000000000002", "eu-central-1");
    let counted = store.transact(|tx| Ok::<_, StoreError>(tx.count::<Group>(&elsewhere))).await.unwrap();
    assert_eq!(counted.value, 0);
    permits.add_permits(1);
    writing.await.unwrap();
}

#[tokio::test]
async fn a_wipe_of_one_record_on_its_way_hides_that_record_only() {
    let Fixture { store, permits, _directory } = fixture();
    permits.add_permits(3);
    for id in ["a", "b", "c"] {
        add(store.clone(), id).await.unwrap();
    }
    let mut wipe = store.backend().wipe(&format!("/test/group/{}/b", here()));
    assert!(is_waiting(&mut wipe));
    let reading = begin!(store.transact(|tx| Ok::<_, StoreError>(look(tx))));
    permits.add_permits(1);
    wipe.await.unwrap();
    assert_eq!(reading.await.unwrap().value, [2, 2, 2, 2]);
}

#[tokio::test]
async fn a_disk_that_does_not_keep_up_turns_writers_away() {
    let Fixture { store, permits, _directory } = fixture();
    let backend = store.backend();
    let large = |n: usize| Transaction::of(vec![Operation::put(format!("/{n}"), vec![b'x'; 1_500_000])]);
    let mut accepted = Vec::new();
    let refused = loop {
        let mut answer = backend.transaction(large(accepted.len()));
        match pin!(&mut answer).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => accepted.push(answer),
            Poll::Ready(outcome) => break outcome.unwrap_err(),
        }
        assert!(accepted.len() < 100, "the queue has no limit");
    };
    assert!(matches!(refused, StoreError::Overloaded { .. }), "{refused}");
    assert!(matches!(backend.wipe("").await, Err(StoreError::Overloaded { .. })));
    // Reading costs nothing and goes on.
    assert!(store.list::<Group>(&here()).is_empty());
    permits.add_permits(1_000);
    let count = accepted.len();
    for answer in accepted {
        answer.await.unwrap();
    }
    assert_eq!(backend.revision(), count as u64);
    backend.transaction(large(count)).await.unwrap();
}

#[tokio::test]
async fn a_dropped_future_does_not_take_its_transaction_back() {
    let Fixture { store, permits, _directory } = fixture();
    drop(begin!(add(store.clone(), "a")));
    permits.add_permits(2);
    add(store.clone(), "b").await.unwrap();
    assert_eq!(store.list::<Group>(&here()).len(), 2);
}
