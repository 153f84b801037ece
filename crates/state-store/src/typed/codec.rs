//! Versioned JSON: `{"v":1,"r":{…}}`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Record;
use crate::{KeyValue, StoreError, Stored};

#[derive(Serialize)]
struct Writing<'a, R> {
    v: u16,
    r: &'a R,
}

#[derive(Deserialize)]
struct Reading<'a> {
    v: u16,
    #[serde(borrow)]
    r: &'a RawValue,
}

/// A record as it is stored; the decoded form is kept, since the writer has it at hand.
pub(super) fn encode<R: Record>(key: &str, record: Arc<R>) -> Result<Stored, StoreError> {
    match serde_json::to_vec(&Writing { v: R::VERSION, r: &*record }) {
        Ok(bytes) => Ok(Stored::with_decoded(bytes, record)),
        Err(error) => Err(StoreError::Encode { key: key.to_owned(), reason: error.to_string() }),
    }
}

/// The record in a value; decoded at most once per write.
pub(super) fn decode<R: Record>(record: &KeyValue) -> Result<Arc<R>, StoreError> {
    record.value.decoded(|bytes| decode_bytes(&record.key, bytes))
}

fn decode_bytes<R: Record>(key: &str, bytes: &[u8]) -> Result<R, StoreError> {
    let failed = |reason: String| StoreError::Decode { key: key.to_owned(), reason };
    let Reading { v, r } = serde_json::from_slice(bytes).map_err(|error| failed(error.to_string()))?;
    if v > R::VERSION {
        return Err(StoreError::NewerVersion { key: key.to_owned(), found: v, known: R::VERSION });
    }
    if v < R::VERSION {
        let old = serde_json::from_str(r.get()).map_err(|error| failed(error.to_string()))?;
        return R::upgrade(v, old).map_err(|error| failed(error.to_string()));
    }
    serde_json::from_str(r.get()).map_err(|error| failed(error.to_string()))
}

/// Like [`decode`], for readers that cannot return an error: the failure is logged and the record passed over.
pub(super) fn decode_or_log<R: Record>(record: &KeyValue) -> Option<Arc<R>> {
    decode(record).inspect_err(|error| tracing::error!(%error, "passing over an unreadable record")).ok()
}
