//! A log that fails on purpose, between the store and its real log.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use state_store::clock::ManualClock;
use state_store::conformance::Random;
use state_store::conformance::model::{Model, Step};
use state_store::{Operation, Record, Scope, StateStore, Store, StoreError, Transaction, Tx};
use state_store_embedded::{Batch, Durable, EmbeddedStore, Loaded, LogError};

const WORKS: u8 = 0;
/// Fails before anything is written, as a full disk does.
const REFUSES: u8 = 1;
/// Writes everything, then reports a failure, as a failing sync may.
const LIES: u8 = 2;
/// Has a bug.
const PANICS: u8 = 3;

struct Faulty {
    log: Box<dyn Durable>,
    mode: Arc<AtomicU8>,
}

impl Durable for Faulty {
    fn load(&mut self) -> Result<Loaded, LogError> {
        self.log.load()
    }

    fn commit(&mut self, batch: &Batch<'_>) -> Result<(), LogError> {
        match self.mode.load(Ordering::SeqCst) {
            REFUSES => Err(LogError("No space left on device (injected)".to_owned())),
            LIES => {
                self.log.commit(batch)?;
                Err(LogError("Input/output error (injected)".to_owned()))
            }
            PANICS => panic!("a bug in the log (injected)"),
            _ => self.log.commit(batch),
        }
    }
}

fn open(directory: &Path) -> (EmbeddedStore, Arc<AtomicU8>) {
    let mode = Arc::new(AtomicU8::new(WORKS));
    let theirs = Arc::clone(&mode);
    let wrap = |log| Box::new(Faulty { log, mode: theirs }) as Box<dyn Durable>;
    let clock = Arc::new(ManualClock::default());
    (EmbeddedStore::open_with(directory, clock, wrap).unwrap(), mode)
}

fn put(key: &str, value: &str) -> Transaction {
    Transaction::of(vec![Operation::put(key, value.to_owned())])
}

#[tokio::test]
async fn a_failed_write_leaves_no_trace_and_the_next_one_works() {
    for fault in [REFUSES, LIES] {
        let directory = tempfile::tempdir().unwrap();
        let (store, mode) = open(directory.path());
        store.transaction(put("/a", "before")).await.unwrap();
        let mut watch = store.watch("/", 0);

        mode.store(fault, Ordering::SeqCst);
        let both = Transaction::of(vec![Operation::put("/a", "lost"), Operation::put("/b", "lost")]);
        let error = store.transaction(both).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::Durability { reason } if reason.contains("injected")),
            "{error}"
        );
        // Reads go on and see the last durable state; so do optimistic reads.
        assert_eq!(store.get("/a").unwrap().bytes(), "before");
        assert!(store.get("/b").is_none() && store.get_latest("/b").is_none());
        assert_eq!((store.revision(), store.latest_revision()), (1, 1));
        assert!(watch.try_next().is_none());

        mode.store(WORKS, Ordering::SeqCst);
        assert_eq!(store.transaction(put("/c", "after")).await.unwrap().revision, 2);
        drop(store);
        let (store, _) = open(directory.path());
        assert_eq!(store.get("/a").unwrap().bytes(), "before", "fault {fault}");
        assert!(store.get("/b").is_none(), "fault {fault}");
        assert_eq!(store.get("/c").unwrap().bytes(), "after");
    }
}

#[tokio::test]
async fn a_bug_in_the_log_closes_the_store_and_leaves_nobody_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let (store, mode) = open(directory.path());
    store.transaction(put("/a", "1")).await.unwrap();
    mode.store(PANICS, Ordering::SeqCst);
    let (first, second) = (store.transaction(put("/b", "2")), store.transaction(put("/c", "3")));
    assert_eq!(first.await, Err(StoreError::Closed));
    assert_eq!(second.await, Err(StoreError::Closed));
    assert_eq!(store.transaction(put("/d", "4")).await, Err(StoreError::Closed));
    assert!(store.get("/a").is_some() && store.get("/b").is_none());
}

/// Random histories on a disk that comes and goes. Whatever is answered with success happened, in order, as
/// the model says; whatever is answered with an error did not, before and after a restart.
#[tokio::test]
async fn histories_with_faults_match_the_model() {
    for seed in 1..=6 {
        let directory = tempfile::tempdir().unwrap();
        let (mut store, mut mode) = open(directory.path());
        let mut model = Model::default();
        let mut random = Random::new(seed);
        let (mut failed, mut done) = (0, 0);
        for round in 0..60 {
            let fault = random.choose([WORKS, WORKS, REFUSES, LIES]);
            mode.store(fault, Ordering::SeqCst);
            let mut steps = Vec::new();
            for _ in 0..random.below(12) {
                if let Step::Transaction(step) = model.random_step(&mut random, false) {
                    steps.push((store.transaction(step.clone()), step));
                }
            }
            for (answer, step) in steps {
                match answer.await {
                    Ok(result) => {
                        let expected = model.apply(&step);
                        assert_eq!(
                            (result.succeeded, &result.results),
                            (expected.succeeded, &expected.results)
                        );
                        done += 1;
                    }
                    Err(StoreError::Durability { .. }) => failed += 1,
                    Err(error) => panic!("seed {seed}, round {round}: {error}"),
                }
            }
            model.assert_same(&store);
            if random.below(8) == 0 {
                // Only a write that worked makes sure that nothing of a lie is left.
                mode.store(WORKS, Ordering::SeqCst);
                let step = put("/z", &round.to_string());
                assert_eq!(store.transaction(step.clone()).await.unwrap(), model.apply(&step));
                drop(store);
                (store, mode) = open(directory.path());
                // A store that was opened again does not know its past.
                model.start = model.revision;
                model.assert_same(&store);
            }
        }
        assert!(failed > 20 && done > 20, "the history has to contain both: {failed} failed, {done} done");
    }
}

#[tokio::test]
async fn a_wipe_and_a_lease_that_fail_leave_no_trace() {
    let directory = tempfile::tempdir().unwrap();
    let (store, mode) = open(directory.path());
    store.transaction(put("/a", "stays")).await.unwrap();
    let lease = store.grant_lease(std::time::Duration::from_secs(9)).await.unwrap();
    mode.store(REFUSES, Ordering::SeqCst);
    assert!(store.wipe("").await.is_err());
    assert!(store.revoke_lease(lease).await.is_err());
    assert!(store.grant_lease(std::time::Duration::from_secs(9)).await.is_err());
    assert!(store.get("/a").is_some());
    mode.store(WORKS, Ordering::SeqCst);
    // The end that failed did not stick: the lease can still be renewed.
    store.keep_alive(lease).unwrap();
    store.transaction(put("/b", "x")).await.unwrap();
    drop(store);
    let (store, _) = open(directory.path());
    assert!(store.get("/a").is_some() && store.get("/b").is_some());
    store.keep_alive(lease).unwrap();
}

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Thing {
    id: String,
}

impl Record for Thing {
    const KIND: &'static str = "test/thing";
    fn id(&self) -> &str {
        &self.id
    }
}

#[tokio::test]
async fn typed_reads_go_on_while_the_disk_is_full() {
    let directory = tempfile::tempdir().unwrap();
    let (store, mode) = open(directory.path());
    let store = Store::new(Arc::new(store));
    let scope = Scope::new("000000000001", "eu-central-1");
    let add = async |id: &str| {
        let step = |tx: &mut Tx<'_>| {
            tx.put(&scope, Thing { id: id.to_owned() });
            Ok::<_, StoreError>(())
        };
        store.transact(step).await.map(|_| ())
    };
    add("t-1").await.unwrap();
    mode.store(REFUSES, Ordering::SeqCst);
    assert!(matches!(add("t-2").await, Err(StoreError::Durability { .. })));
    assert_eq!(store.list::<Thing>(&scope).len(), 1);
    let counted = store.transact(|tx| Ok::<_, StoreError>(tx.count::<Thing>(&scope))).await.unwrap();
    assert_eq!(counted.value, 1);
    mode.store(WORKS, Ordering::SeqCst);
    add("t-2").await.unwrap();
    assert_eq!(store.list::<Thing>(&scope).len(), 2);
}
