//! Logs that this program did not write, or not like this.

use std::path::Path;

use state_store::{Operation, StateStore, StoreError, Transaction};
use state_store_embedded::EmbeddedStore;

/// A data directory with two records, into which `change` writes by the engine's own means.
async fn refusal(change: impl FnOnce(&mut fjall::OwnedWriteBatch, &fjall::Keyspace)) -> String {
    let directory = tempfile::tempdir().unwrap();
    {
        let store = EmbeddedStore::open(directory.path()).unwrap();
        let both = vec![Operation::put("/a", "1"), Operation::put("/b", "2")];
        store.transaction(Transaction::of(both)).await.unwrap();
    }
    tamper(&directory.path().join("log"), change);
    match EmbeddedStore::open(directory.path()) {
        Err(StoreError::Open { directory: named, reason }) => {
            assert_eq!(named, directory.path().display().to_string());
            reason
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
}

fn tamper(log: &Path, change: impl FnOnce(&mut fjall::OwnedWriteBatch, &fjall::Keyspace)) {
    let database = fjall::Database::builder(log).worker_threads(1).open().unwrap();
    let keyspace = database.keyspace("state", Default::default).unwrap();
    let mut write = database.batch();
    change(&mut write, &keyspace);
    write.commit().unwrap();
}

#[tokio::test]
async fn a_newer_layout_is_refused_by_name() {
    let reason = refusal(|write, log| write.insert(log, "!format", 2_u16.to_le_bytes())).await;
    assert!(reason.contains("newer program"), "{reason}");
    let reason = refusal(|write, log| write.insert(log, "!invention", 2_u64.to_le_bytes())).await;
    assert!(reason.contains("!invention"), "{reason}");
    let mut record = vec![0; 30];
    record[0] = 9;
    let reason = refusal(|write, log| write.insert(log, "/c", record)).await;
    assert!(reason.contains("/c") && reason.contains("layout 9"), "{reason}");
}

#[tokio::test]
async fn damaged_entries_are_named() {
    for (key, value) in
        [("/c", &b"\x01short"[..]), ("!revision", b"1"), ("!lease/xyz", b"12345678"), ("!format", b"")]
    {
        let reason = refusal(|write, log| write.insert(log, key, value)).await;
        assert!(reason.contains(key) && reason.contains("damaged"), "{reason}");
    }
    let reason = refusal(|write, log| write.insert(log, &b"/\xff\xfe"[..], "x")).await;
    assert!(reason.contains("not text"), "{reason}");
}

#[tokio::test]
async fn a_log_that_does_not_add_up_is_refused() {
    // A record is missing, as it would be if an older state had come back.
    let reason = refusal(|write, log| write.remove(log, "/a")).await;
    assert!(reason.contains("not those of its last revision"), "{reason}");
    let reason = refusal(|write, log| write.insert(log, "!revision", 0_u64.to_le_bytes())).await;
    assert!(reason.contains("not those of its last revision"), "{reason}");
}
