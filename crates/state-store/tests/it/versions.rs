//! Records written by older and newer programs.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use state_store::{Operation, Record, RecordError, Scope, Store, StoreError, Transaction, Tx};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Volume {
    id: String,
    size_mib: u64,
}

/// Version 1 counted in GiB under another name.
impl Record for Volume {
    const KIND: &'static str = "test/volume";
    const VERSION: u16 = 2;
    fn id(&self) -> &str {
        &self.id
    }
    fn upgrade(from: u16, value: Value) -> Result<Self, RecordError> {
        if from != 1 {
            return Err(RecordError(format!("version {from} never existed")));
        }
        let id = value["id"].as_str().ok_or(RecordError("no id".to_owned()))?;
        let gib = value["size_gib"].as_u64().ok_or(RecordError("no size".to_owned()))?;
        Ok(Self { id: id.to_owned(), size_mib: gib * 1024 })
    }
}

const KEY: &str = "/test/volume/000000000001/eu-central-1/v-1";

fn here() -> Scope {
    Scope::new("000000000001", "eu-central-1")
}

async fn store_with(value: &str) -> Store {
    let store = Store::in_memory();
    let raw = Transaction::of(vec![Operation::put(KEY, value.to_owned())]);
    store.backend().transaction(raw).await.unwrap();
    store
}

fn overwrite(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.put(&here(), Volume { id: "v-1".into(), size_mib: 1 });
    Ok(())
}

#[tokio::test]
async fn the_stored_form_is_versioned_json() {
    let store = Store::in_memory();
    store.transact(overwrite).await.unwrap();
    let stored: Value = serde_json::from_slice(store.backend().get(KEY).unwrap().bytes()).unwrap();
    assert_eq!(stored, json!({"v": 2, "r": {"id": "v-1", "size_mib": 1}}));
}

#[tokio::test]
async fn an_older_record_is_upgraded_when_read() {
    let store = store_with(r#"{"v":1,"r":{"id":"v-1","size_gib":3}}"#).await;
    assert_eq!(store.check::<Volume>(), Ok(1));
    assert_eq!(store.get::<Volume>(&here(), "v-1").unwrap().size_mib, 3072);
}

#[tokio::test]
async fn an_unreadable_record_is_reported_and_never_overwritten() {
    let newer = r#"{"v":3,"r":{"id":"v-1","size":"huge"}}"#;
    for value in [newer, r#"{"v":0,"r":{}}"#, r#"{"v":2,"r":{}}"#, r#"{"v":2}"#, "not json", ""] {
        let store = store_with(value).await;
        let error = store.check::<Volume>().unwrap_err();
        if value == newer {
            assert!(matches!(error, StoreError::NewerVersion { found: 3, known: 2, .. }), "{error}");
        } else {
            assert!(matches!(error, StoreError::Decode { .. }), "{error}");
        }
        assert!(error.to_string().contains(KEY));
        // Plain reads pass it over; a transaction that meets it fails whatever the closure says.
        assert!(store.get::<Volume>(&here(), "v-1").is_none());
        assert!(store.list::<Volume>(&here()).is_empty());
        assert_eq!(store.transact(overwrite).await.unwrap_err(), error);
        let read = store.transact(|tx| Ok::<_, StoreError>(tx.list::<Volume>(&here()).len())).await;
        assert_eq!(read.unwrap_err(), error);
        assert_eq!(store.backend().get(KEY).unwrap().bytes(), value);
    }
}
